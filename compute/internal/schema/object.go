package schema

import (
	"bytes"
	"encoding/json"
	"iter"
	"slices"
)

// indexFrom is the number of members from which on an Object has an index; for fewer members a
// scan is faster.
const indexFrom = 12

// Object is a JSON object that keeps the order of its keys, because Nova's error messages show
// it. As in Python, a repeated key keeps its first position and its last value. The zero value
// is an empty object.
type Object struct {
	keys  []string
	vals  []any
	index map[string]int
}

// Len is the number of members.
func (o *Object) Len() int { return len(o.keys) }

// Get returns the value of a member, and whether it exists.
func (o *Object) Get(key string) (any, bool) {
	if i := o.find(key); i >= 0 {
		return o.vals[i], true
	}
	return nil, false
}

// All returns the members in document order.
func (o *Object) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for i, k := range o.keys {
			if !yield(k, o.vals[i]) {
				return
			}
		}
	}
}

// Set adds or replaces a member.
func (o *Object) Set(key string, v any) {
	if i := o.find(key); i >= 0 {
		o.vals[i] = v
		return
	}
	o.keys = append(o.keys, key)
	o.vals = append(o.vals, v)
	switch {
	case o.index != nil:
		o.index[key] = len(o.keys) - 1
	case len(o.keys) >= indexFrom:
		o.reindex()
	}
}

// Delete removes members; missing ones are ignored. It makes one pass for all of them, because
// a client can send as many as fit into a body.
func (o *Object) Delete(keys ...string) {
	gone := make(map[string]bool, len(keys))
	for _, k := range keys {
		gone[k] = true
	}
	n := 0
	for i, k := range o.keys {
		if !gone[k] {
			o.keys[n], o.vals[n] = k, o.vals[i]
			n++
		}
	}
	clear(o.keys[n:])
	clear(o.vals[n:])
	o.keys, o.vals = o.keys[:n], o.vals[:n]
	if o.index != nil {
		o.reindex()
	}
}

// MarshalJSON writes the members in order.
func (o *Object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, k := range o.keys {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(k)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		val, err := json.Marshal(o.vals[i])
		if err != nil {
			return nil, err
		}
		b.Write(val)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (o *Object) find(key string) int {
	if o.index != nil {
		if i, ok := o.index[key]; ok {
			return i
		}
		return -1
	}
	return slices.Index(o.keys, key)
}

func (o *Object) reindex() {
	o.index = make(map[string]int, len(o.keys))
	for i, k := range o.keys {
		o.index[k] = i
	}
}

// Plain converts the result of Decode to ordinary Go values: map[string]any, []any, string,
// json.Number, bool and nil.
func Plain(v any) any {
	switch v := v.(type) {
	case *Object:
		m := make(map[string]any, len(v.keys))
		for i, k := range v.keys {
			m[k] = Plain(v.vals[i])
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, e := range v {
			l[i] = Plain(e)
		}
		return l
	}
	return v
}
