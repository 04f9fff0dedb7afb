package schema_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/body"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/compute/internal/schema"
	"github.com/nova-go/nova/internal/novatest/pytables"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pyjson"
	"github.com/nova-go/nova/internal/pytext"
	"github.com/nova-go/nova/internal/webob"
)

// TestAsPython compares functions with what Python returned for the same text.
func TestAsPython(t *testing.T) {
	t.Parallel()
	for name, result := range map[string]func(in string) any{
		"reference":  reference,
		"base64":     base64Data,
		"address":    address,
		"json":       decoded,
		"accept":     mediaTypes,
		"version":    version,
		"intvalue":   intValue,
		"floatvalue": floatValue,
		"boolvalue":  boolValue,
		"query":      query,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); pytables.Compare(t, name, result) })
	}
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
	data, err := pytext.DecodeBase64(in)
	checked := s.CheckBody(o, schema.Strict)
	if (err == nil) != (checked == nil) {
		return []any{err, checked}
	}
	if err != nil {
		return nil
	}
	return hex.EncodeToString(data)
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
	var syntax *schema.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return map[string]any{"error": err.Error()}
	case err != nil: // not UTF-8
		return nil
	}
	return map[string]any{"repr": schema.Repr(v)}
}

// mediaTypes returns the content types of an error page and of an answer.
func mediaTypes(in string) any {
	_, page := webob.Page{Status: http.StatusNotFound}.Render(latin1Bytes(in))
	r := httptest.NewRequest("GET", "/x", nil)
	r.Header.Set("Accept", latin1Bytes(in))
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

// value decodes JSON and stores it.
func value[T any](in string) (v T, err error) {
	doc, err := schema.Decode([]byte(in))
	if err == nil {
		err = body.Unmarshal(doc, &v)
	}
	return v, err
}

func intValue(in string) any {
	v, err := value[body.Value](in)
	if err != nil {
		return err
	}
	n, exception := v.Big()
	if exception != "" {
		return map[string]any{"raises": exception}
	}
	return n.String()
}

func floatValue(in string) any {
	v, err := value[body.Value](in)
	if err != nil {
		return err
	}
	f, ok := v.Float()
	if !ok {
		return nil
	}
	return string(pyjson.Append(nil, f))
}

func boolValue(in string) any {
	b, err := value[body.Bool](in)
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	return bool(b)
}

func query(in string) any {
	values, err := schema.ParseQuery(in)
	if err != nil {
		return nil
	}
	o := map[string]any{}
	for name, list := range values {
		texts := make([]any, len(list))
		for n := range list {
			texts[n] = list[n]
		}
		o[name] = texts
	}
	return o
}
