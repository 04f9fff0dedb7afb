package resource

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Text returns the string in a field, or "".
func Text(d Doc, field string) string {
	s, _ := d[field].(string)
	return s
}

// Int returns the number in a field, or 0. The field may have a number of JSON or Go, or a string
// of digits.
func Int(d Doc, field string) int64 {
	switch n := d[field].(type) {
	case json.Number:
		i, _ := n.Int64()
		return i
	case float64:
		return int64(n)
	case int:
		return int64(n)
	case int64:
		return n
	case string:
		var i int64
		_, _ = fmt.Sscan(n, &i)
		return i
	}
	return 0
}

// Bool returns the boolean in a field. The string "true" is true.
func Bool(d Doc, field string) bool {
	switch b := d[field].(type) {
	case bool:
		return b
	case string:
		return strings.EqualFold(b, "true")
	}
	return false
}

// List returns the list in a field, which may be empty.
func List(d Doc, field string) []any {
	switch l := d[field].(type) {
	case []any:
		return l
	case []string:
		return Anys(l)
	case []Doc:
		return Anys(l)
	}
	return []any{}
}

// Strings returns the strings of the list in a field.
func Strings(d Doc, field string) []string {
	out := []string{}
	for _, v := range List(d, field) {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// Docs returns the objects of the list in a field.
func Docs(d Doc, field string) []Doc {
	var out []Doc
	for _, v := range List(d, field) {
		if o, ok := v.(Doc); ok {
			out = append(out, o)
		}
	}
	return out
}

// Object returns the object in a field, or an empty one.
func Object(d Doc, field string) Doc {
	if o, ok := d[field].(Doc); ok {
		return o
	}
	return Doc{}
}

// Anys converts a list to the type of JSON lists.
func Anys[T any](list []T) []any {
	out := make([]any, len(list))
	for n, v := range list {
		out[n] = v
	}
	return out
}

// Or returns the value of a field, or other if the field is missing or null.
func Or(d Doc, field string, other any) any {
	if v, ok := d[field]; ok && v != nil {
		return v
	}
	return other
}

// Shown returns a document without its internal fields.
func Shown(d Doc) Doc {
	out := make(Doc, len(d))
	for k, v := range d {
		if !strings.HasPrefix(k, "_") {
			out[k] = v
		}
	}
	return out
}
