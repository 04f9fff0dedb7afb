package api

import (
	"bytes"
	"encoding/json"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/versioned"
)

// parseRequestSpec reads what the API shows of request_specs.spec: full is all that is
// known of a server whose cell is down. Lists need two small members of a text of some
// kilobytes for each server: those are cut out of it.
func parseRequestSpec(text []byte, full bool) (*objects.RequestSpec, error) {
	if full {
		s, _, err := versioned.ParseRequestSpec(text)
		return s, err
	}
	s := &objects.RequestSpec{}
	if m := member(text, "availability_zone"); m != nil && m[0] == '"' {
		if err := json.Unmarshal(m, &s.AvailabilityZone); err != nil {
			return nil, err
		}
	}
	if m := member(text, "scheduler_hints"); m != nil && m[0] == '{' && !bytes.HasPrefix(m, []byte("{}")) {
		if err := json.Unmarshal(m, &s.Hints); err != nil {
			return nil, err
		}
	} else if m != nil && m[0] == '{' {
		s.Hints = map[string]any{}
	}
	return s, nil
}

// member finds the value of a key two objects deep (in "nova_object.data" of the
// outermost object), without parsing what stands around it. It is nil where there
// is none.
func member(text []byte, key string) []byte {
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
					return value(v)
				}
			}
			i = end
		}
	}
	return nil
}

// stringEnd is the index of the quote that ends the string which begins at i.
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

// value cuts the JSON value that text begins with.
func value(text []byte) []byte {
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
