package schema_test

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"testing"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/body"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/compute/internal/schema"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pyjson"
	"github.com/nova-go/nova/internal/webob"
)

// table reads a table that testdata/python.py wrote, and calls check for each row. Inputs may
// contain lone surrogates, which encoding/json would replace.
func table(t *testing.T, name string, check func(t *testing.T, in string, want any)) {
	t.Helper()
	text, err := os.ReadFile("testdata/python/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := schema.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	rows := doc.([]any)
	if len(rows) < 300 {
		t.Errorf("%d rows", len(rows))
	}
	for _, row := range rows {
		row := row.([]any)
		check(t, row[0].(string), schema.Plain(row[1]))
	}
}

// compared is a check that compares results; nil is an exception of Python.
func compared(result func(in string) any) func(*testing.T, string, any) {
	return func(t *testing.T, in string, want any) {
		t.Helper()
		if got := result(in); !reflect.DeepEqual(got, want) {
			t.Errorf("%.200q gives %v, in Python %v", in, got, want)
		}
	}
}

// TestAsPython compares functions with what Python returned for the same text.
func TestAsPython(t *testing.T) {
	t.Parallel()
	for name, result := range map[string]func(in string) any{
		"int":       pythonInt,
		"float":     pythonFloat,
		"bool":      pythonBool,
		"reference": reference,
		"base64":    base64Data,
		"time":      microseconds,
		"address":   address,
		"json":      decoded,
		"uuid":      func(in string) any { return schema.IsUUID(in) },
		"accept":    mediaTypes,
		"version":   version,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); table(t, name, compared(result)) })
	}
}

func pythonInt(in string) any {
	if n, ok := schema.ParseInteger(in); ok {
		return n.String()
	}
	return nil
}

func pythonFloat(in string) any {
	if f, ok := schema.Float(in); ok {
		return string(pyjson.Append(nil, f))
	}
	return nil
}

func pythonBool(in string) any {
	if b, ok := objects.ParseBool(in); ok {
		return b
	}
	return nil
}

func reference(in string) any {
	var r body.Reference
	if body.Unmarshal(in, &r) != nil {
		return nil
	}
	return string(r)
}

// base64Data returns the data, if both the decoder and the format of the schema accept the text.
func base64Data(in string) any {
	s, _ := schema.Lookup("servers.create.body.2.1")
	server, o := &schema.Object{}, &schema.Object{}
	server.Set("name", "x")
	server.Set("flavorRef", "1")
	server.Set("user_data", in)
	o.Set("server", server)
	data, err := objects.DecodeBase64(in)
	checked := s.CheckBody(o, schema.Strict)
	if (err == nil) != (checked == nil) {
		return []any{err, checked}
	}
	if err != nil {
		return nil
	}
	return hex.EncodeToString(data)
}

func microseconds(in string) any {
	if at, ok := schema.Time(in); ok {
		return json.Number(string(pyjson.Append(nil, at.UnixMicro())))
	}
	return nil
}

// address returns the version of an address and its canonical form. The schema of the update of a
// server has the formats of both versions.
func address(in string) any {
	s, _ := schema.Lookup("servers.update.body.2.1")
	for version, member := range map[json.Number]string{"4": "accessIPv4", "6": "accessIPv6"} {
		o, server := &schema.Object{}, &schema.Object{}
		server.Set(member, in)
		o.Set("server", server)
		if s.CheckBody(o, schema.Strict) == nil {
			return []any{version, *objects.CanonicalIP(&in)}
		}
	}
	return nil
}

func decoded(in string) any {
	v, err := schema.Decode([]byte(in))
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	return map[string]any{"repr": schema.Repr(v)}
}

// mediaTypes returns the content types of an error page and of an answer.
func mediaTypes(in string) any {
	_, page := webob.Page{Status: http.StatusNotFound}.Render(in)
	r := httptest.NewRequest("GET", "/x", nil)
	r.Header.Set("Accept", in)
	w := httptest.NewRecorder()
	api.Write(w, r, http.StatusOK, nil)
	return []any{page, w.Header().Get("Content-Type")}
}

func version(in string) any {
	v, err := mv.FromHeaders(http.Header{"Openstack-Api-Version": {latin1Bytes(in)}}, mv.Max)
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	return v.String()
}

// latin1Bytes encodes a header as WSGI's servers decode it.
func latin1Bytes(s string) string {
	b := make([]byte, 0, len(s))
	for _, c := range s {
		b = append(b, byte(c))
	}
	return string(b)
}
