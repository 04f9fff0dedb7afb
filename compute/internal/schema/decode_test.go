package schema_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/nova-go/nova/compute/internal/schema"
)

func TestDecode(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, c := range []struct {
		in   string
		want any // nil with ok false is a refusal
		ok   bool
	}{
		{` {"a": [1, -2.5e3, "x", true, false, null]} `, map[string]any{"a": []any{
			json.Number("1"), json.Number("-2.5e3"), "x", true, false, nil}}, true},
		{`{"a":1,"a":2}`, map[string]any{"a": json.Number("2")}, true},
		{`NaN`, json.Number("NaN"), true},
		{`-Infinity`, json.Number("-Infinity"), true},
		{`"\u00e9\ud83d\ude00\n\/"`, "é😀\n/", true},
		{`"\ud800"`, "\xed\xa0\x80", true},
		{`"\ud800\u0041"`, "\xed\xa0\x80A", true},
		{"\"a\x7f\"", "a\x7f", true},
		{deep(900), nil, true},
		{deep(2000), nil, false},
		{``, nil, false},
		{`{"a":1,}`, nil, false},
		{`[1,]`, nil, false},
		{`{a:1}`, nil, false},
		{`{"a" 1}`, nil, false},
		{`01`, nil, false},
		{`1.`, nil, false},
		{`1e`, nil, false},
		{`-`, nil, false},
		{`+1`, nil, false},
		{`nul`, nil, false},
		{`"a`, nil, false},
		{"\"a\nb\"", nil, false},
		{`"\x41"`, nil, false},
		{`"\u12g4"`, nil, false},
		{`1 2`, nil, false},
		{"\ufeff{}", nil, false},
		{"\"\xff\"", nil, false},
		{"\"\xed\xa0\x80\"", nil, false},
		{strings.Repeat("9", 4301), nil, false},
	} {
		v, err := schema.Decode([]byte(c.in))
		if (err == nil) != c.ok {
			t.Errorf("Decode(%.40q) = %v", c.in, err)
			continue
		}
		if c.want != nil && !reflect.DeepEqual(schema.Plain(v), c.want) {
			t.Errorf("Decode(%.40q) = %#v", c.in, schema.Plain(v))
		}
	}
}

func TestObject(t *testing.T) {
	v, err := schema.Decode([]byte(`{"z":1,"a":{"y":2,"b":[]},"k":3}`))
	if err != nil {
		t.Fatal(err)
	}
	o := v.(*schema.Object)
	for k := range strings.SplitSeq("nopqrstuvwx", "") {
		o.Set(k, nil)
	}
	for k := range strings.SplitSeq("nopqrstuvwx", "") {
		if _, ok := o.Get(k); !ok {
			t.Errorf("%s is missing", k)
		}
		o.Delete(k)
		o.Delete(k)
	}
	b, err := json.Marshal(o)
	if err != nil || string(b) != `{"z":1,"a":{"y":2,"b":[]},"k":3}` {
		t.Errorf("%s, %v", b, err)
	}
}

// FuzzDecode holds Decode against encoding/json: what that takes we take, with
// the same meaning, save for integers and depths that Python refuses.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,"x\u00e9",null]}`, `NaN`, `"\ud800"`, `{"a":1,"a":{}}`, `1e5`, `[[]]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := schema.Decode(in)
		s, _ := schema.Lookup("servers.create.body.2.94")
		if err == nil {
			_ = s.CheckBody(v, schema.Strict)
		}
		var std any
		d := json.NewDecoder(strings.NewReader(string(in)))
		d.UseNumber()
		if !json.Valid(in) || d.Decode(&std) != nil || len(in) > 900 {
			return
		}
		if err != nil {
			if strings.ToValidUTF8(string(in), "") != string(in) {
				return
			}
			t.Fatalf("%q: %v", in, err)
		}
		if strings.Contains(string(in), `\u`) {
			return // lone surrogates differ
		}
		if !reflect.DeepEqual(schema.Plain(v), std) {
			t.Errorf("%q: %#v, not %#v", in, schema.Plain(v), std)
		}
	})
}

func FuzzCheckQuery(f *testing.F) {
	for _, q := range []string{"limit=1&name=(a", "a=%ff", "a=%zz;b=+", "=&&;", "sort_key=x&limit=-1", "name=(?P<a>b)(?<=c)[^]]"} {
		f.Add(q)
	}
	f.Fuzz(func(_ *testing.T, q string) {
		for _, name := range []string{"servers.index.query.2.1", "servers.index.query.2.75"} {
			s, _ := schema.Lookup(name)
			_, _ = s.CheckQuery(q, schema.Relaxed)
		}
	})
}
