package resource

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Text is a field's string, or "".
func Text(d Doc, field string) string {
	s, _ := d[field].(string)
	return s
}

// Int is a field's number, or 0: one that was read from JSON, a number of Go, or
// a string of digits.
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

// Bool is a field's truth value; "true" is true, too.
func Bool(d Doc, field string) bool {
	switch b := d[field].(type) {
	case bool:
		return b
	case string:
		return strings.EqualFold(b, "true")
	}
	return false
}

// List is a field's list; none is empty.
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

// Strings are the strings of a field's list.
func Strings(d Doc, field string) []string {
	out := []string{}
	for _, v := range List(d, field) {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// Docs are the objects of a field's list.
func Docs(d Doc, field string) []Doc {
	var out []Doc
	for _, v := range List(d, field) {
		if o, ok := v.(Doc); ok {
			out = append(out, o)
		}
	}
	return out
}

// Object is a field's object; none is empty.
func Object(d Doc, field string) Doc {
	if o, ok := d[field].(Doc); ok {
		return o
	}
	return Doc{}
}

// Anys makes a list of any type one of JSON's.
func Anys[T any](list []T) []any {
	out := make([]any, len(list))
	for n, v := range list {
		out[n] = v
	}
	return out
}

// Or is a field's value, or another one where it has none.
func Or(d Doc, field string, other any) any {
	if v, ok := d[field]; ok && v != nil {
		return v
	}
	return other
}

// Shown is a document without the fields that are not shown.
func Shown(d Doc) Doc {
	out := make(Doc, len(d))
	for k, v := range d {
		if !strings.HasPrefix(k, "_") {
			out[k] = v
		}
	}
	return out
}

// Now is the time as most services write it: "2026-11-21T15:44:15Z".
func Now() string { return time.Now().UTC().Format("2006-01-02T15:04:05Z") }

// NowMicro is the time as Cinder writes it: "2026-11-21T15:44:15.000000".
func NowMicro() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000000") }
