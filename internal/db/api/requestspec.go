package api

import (
	"bytes"
	"encoding/json"

	"github.com/nova-go/nova/internal/objects"
)

// parseRequestSpec reads request_specs.spec. Lists need two small members of a
// text of some kilobytes for each server: those are cut out of it.
func parseRequestSpec(text []byte, full bool) (*objects.RequestSpec, error) {
	s := &objects.RequestSpec{}
	if full {
		var v struct {
			Data struct {
				Zone   *string         `json:"availability_zone"`
				Hints  map[string]any  `json:"scheduler_hints"`
				UserID string          `json:"user_id"`
				Flavor json.RawMessage `json:"flavor"`
				Image  *struct {
					Data struct {
						ID string `json:"id"`
					} `json:"nova_object.data"`
				} `json:"image"`
			} `json:"nova_object.data"`
		}
		if err := json.Unmarshal(text, &v); err != nil {
			return nil, err
		}
		s.Zone, s.Hints, s.UserID = v.Data.Zone, v.Data.Hints, v.Data.UserID
		if v.Data.Image != nil {
			s.ImageID = v.Data.Image.Data.ID
		}
		var err error
		if len(v.Data.Flavor) > 0 {
			s.Flavor, err = objects.ParseVersionedFlavor(v.Data.Flavor)
		}
		return s, err
	}
	if m := member(text, "availability_zone"); m != nil && m[0] == '"' {
		if err := json.Unmarshal(m, &s.Zone); err != nil {
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
