package sites

import (
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/middleware/cadf"
	"github.com/nova-go/nova/internal/pyjson"
)

// attachPayload adds the body of a request to its event, without the members that the file
// excludes. Passwords below the first level are masked, which Python's filter does not do.
func attachPayload(e *cadf.Event, payload any, res *auditedResource) {
	if o, ok := payload.(pyjson.Object); ok {
		kept := pyjson.Object{}
		switch {
		case len(res.payloads.exclude) > 0:
			for _, m := range o {
				if !slices.Contains(res.payloads.exclude, m.Key) {
					kept = append(kept, m)
				}
			}
			payload = kept
		case len(res.payloads.include) > 0:
			for _, name := range res.payloads.include {
				if v := memberOf(o, name); isTrue(v) {
					kept = append(kept, pyjson.Member{Key: name, Value: v})
				}
			}
			payload = kept
		}
	}
	e.Attachments = append(e.Attachments, cadf.Attachment{TypeURI: "mime:application/json", Content: compactJSON(masked(payload)),
		Name: "payload"})
}

// masked replaces passwords in a document.
func masked(v any) any {
	switch v := v.(type) {
	case pyjson.Object:
		out := make(pyjson.Object, len(v))
		for i, m := range v {
			out[i] = pyjson.Member{Key: m.Key, Value: masked(m.Value)}
			if name := strings.ToLower(m.Key); m.Value != nil && (name == "adminpass" || name == "admin_password" || name == "password") {
				out[i].Value = "***"
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = masked(v[i])
		}
		return out
	}
	return v
}

// compactJSON is Python's json.dumps without spaces.
func compactJSON(v any) string {
	var b []byte
	var add func(v any)
	add = func(v any) {
		switch v := v.(type) {
		case pyjson.Object:
			b = append(b, '{')
			for i, m := range v {
				if i > 0 {
					b = append(b, ',')
				}
				b = append(pyjson.Append(b, m.Key), ':')
				add(m.Value)
			}
			b = append(b, '}')
		case []any:
			b = append(b, '[')
			for i := range v {
				if i > 0 {
					b = append(b, ',')
				}
				add(v[i])
			}
			b = append(b, ']')
		default:
			b = pyjson.Append(b, v)
		}
	}
	add(v)
	return string(b)
}
