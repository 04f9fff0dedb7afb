package api

import (
	"bytes"
	"encoding/json"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/versioned"
)

// parseRequestSpec decodes request_specs.spec: with full completely, and otherwise the two
// members that lists show. Lists find these members without decoding the whole text, which has
// several kilobytes per server.
func parseRequestSpec(text []byte, full bool) (*objects.RequestSpec, error) {
	if full {
		s, _, err := versioned.ParseRequestSpec(text)
		return s, err
	}
	s := &objects.RequestSpec{}
	if m := jsonMember(text, "availability_zone"); m != nil && m[0] == '"' {
		if err := json.Unmarshal(m, &s.AvailabilityZone); err != nil {
			return nil, err
		}
	}
	if m := jsonMember(text, "scheduler_hints"); m != nil && m[0] == '{' && !bytes.HasPrefix(m, []byte("{}")) {
		if err := json.Unmarshal(m, &s.Hints); err != nil {
			return nil, err
		}
	} else if m != nil && m[0] == '{' {
		s.Hints = map[string]any{}
	}
	return s, nil
}

// jsonMember returns the value of a key at depth two (in "nova_object.data" of the outermost
// object), or nil. It does not decode the rest of the text.
func jsonMember(text []byte, key string) []byte {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			end := stringEnd(text, i)
			if end < 0 {
				return nil
			}
			if depth == 2 && string(text[i+1:end]) == key {
				v := bytes.TrimLeft(text[end+1:], " \t\r\n")
				if len(v) > 0 && v[0] == ':' {
					v = bytes.TrimLeft(v[1:], " \t\r\n")
					return jsonValue(v)
				}
			}
			i = end
		}
	}
	return nil
}

// stringEnd returns the index of the quote that ends the string beginning at i, or -1.
func stringEnd(text []byte, i int) int {
	for j := i + 1; j < len(text); j++ {
		switch text[j] {
		case '\\':
			j++
		case '"':
			return j
		}
	}
	return -1
}

// jsonValue returns the JSON value at the beginning of text.
func jsonValue(text []byte) []byte {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return text[:i+1]
			}
			if depth < 0 {
				return text[:i]
			}
		case ',':
			if depth == 0 {
				return text[:i]
			}
		case '"':
			end := stringEnd(text, i)
			if end < 0 {
				return nil
			}
			if i = end; depth == 0 {
				return text[:i+1]
			}
		}
	}
	return nil
}
