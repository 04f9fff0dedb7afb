package pyjson_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/nova-go/nova/internal/pyjson"
)

func TestAppend(t *testing.T) {
	text := "t"
	var none *string
	v := pyjson.Object{
		{Key: "z", Value: nil}, {Key: "a", Value: []any{true, 1, int64(2), 1.0, 1e16, 0.00001, 2.5}},
		{Key: "é", Value: "\u20ac\U0001F600\x7f\x01\"\\\n\b/<&"}, {Key: "m", Value: map[string]string{"b": "2", "a": "1"}},
		{Key: "p", Value: &text}, {Key: "n", Value: none}, {Key: "l", Value: []int{}}, {Key: "r", Value: pyjson.Raw("{}")},
	}
	want := `{"z": null, "a": [true, 1, 2, 1.0, 1e+16, 1e-05, 2.5], "\u00e9": "\u20ac\ud83d\ude00` + "\x7f" + `\u0001\"\\\n\b/<&", "m": {"a": "1", "b": "2"}, "p": "t", "n": null, "l": [], "r": {}}`
	if got := string(pyjson.Append(nil, v)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		`{"b":1,"a":[1.0,1e3,-0,12345678901234567890123],"b":null}`: `{"b": null, "a": [1.0, 1000.0, 0, 12345678901234567890123]}`,
		` "x" `: `"x"`,
		`[]`:    `[]`,
		`{}`:    `{}`,
	} {
		v, err := pyjson.Parse([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := string(pyjson.Append(nil, v)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"", "{", "{} {}", "nope", "[1,]"} {
		if _, err := pyjson.Parse([]byte(text)); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestReform(t *testing.T) {
	for _, text := range []string{`{"b":1,"a":[1.0,1e3,-0,12345678901234567890123],"c":{"d":null,"e":[true,false,[],{}]}}`, ` "x\u003c\u00e9\"\\,: é" `, "[ 1 ,\n2 ]", `-1.50`} {
		v, err := pyjson.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := pyjson.Reform(nil, []byte(text)); err != nil || string(got) != string(pyjson.Append(nil, v)) {
			t.Errorf("%s: %s %v, want %s", text, got, err, pyjson.Append(nil, v))
		}
	}
	for _, text := range []string{`"x`, `"x\`} {
		if got, err := pyjson.Reform(nil, []byte(text)); err == nil {
			t.Errorf("%s was taken: %s", text, got)
		}
	}
}

// FuzzParse checks that what is read and written again means the same.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"a":[1,2.5,"é",null,true,{"b":{}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := pyjson.Parse(text)
		if err != nil {
			return
		}
		var a, b any
		if json.Unmarshal(text, &a) != nil {
			return // a number beyond float64, which Python reads as infinity
		}
		out := pyjson.Append(nil, v)
		if err := json.Unmarshal(out, &b); err != nil {
			t.Fatalf("%q became %q: %v", text, out, err)
		}
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("%q became %q", text, out)
		}
	})
}
