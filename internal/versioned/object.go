// Package versioned writes and reads objects as oslo.versionedobjects does: how
// they cross the RPC, how some columns hold them, and how notifications carry
// them. Everything else works on the structs of package objects; internal/rpc,
// internal/db and internal/ops/notify turn these into the forms here, each in the
// version that the release knows.
package versioned

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Object is an object in the form of oslo.versionedobjects:
//
//	{"nova_object.name": "Flavor", "nova_object.namespace": "nova", "nova_object.version": "1.2",
//	 "nova_object.data": {…}, "nova_object.changes": ["memory_mb"]}
//
// A field that is not in Data is one that was never set, which is not the same
// as null. Values are what encoding/json gives for JSON, but numbers are
// json.Number, and objects of this form are *Object.
type Object struct {
	Name    string
	Version string
	Data    map[string]any
	// Changes names the fields that were set since the object was loaded or saved.
	Changes []string
}

// Loaded is an object as it was loaded: none of its fields counts as changed.
func Loaded(name string, data map[string]any) *Object {
	return &Object{Name: name, Version: versions[name], Data: data}
}

// Made is an object that was made, not loaded: each of its fields counts as changed.
func Made(name string, data map[string]any) *Object {
	return &Object{Name: name, Version: versions[name], Data: data, Changes: slices.Sorted(maps.Keys(data))}
}

// List is a list object that was loaded: its only field is objects.
func List[T any](name string, list []T) *Object {
	return Loaded(name, map[string]any{"objects": orEmpty(list)})
}

// madeList is a list object that was made.
func madeList[T any](name string, list []T) *Object {
	return Made(name, map[string]any{"objects": orEmpty(list)})
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Set gives a field a value, as a change.
func (v *Object) Set(field string, value any) {
	v.Data[field] = value
	if !slices.Contains(v.Changes, field) {
		v.Changes = append(v.Changes, field)
	}
}

// Has tells whether a field is set; null is set, too.
func (v *Object) Has(field string) bool {
	if v == nil {
		return false
	}
	_, ok := v.Data[field]
	return ok
}

// Object is the object in a field, or nil.
func (v *Object) Object(field string) *Object {
	if v == nil {
		return nil
	}
	o, _ := v.Data[field].(*Object)
	return o
}

// Objects are the members of a list object, or of a field that is a list.
func (v *Object) Objects(field string) []*Object {
	if v == nil {
		return nil
	}
	switch l := v.Data[field].(type) {
	case []*Object:
		return l
	case []any:
		var out []*Object
		for _, m := range l {
			if o, ok := m.(*Object); ok {
				out = append(out, o)
			}
		}
		return out
	}
	return nil
}

// Text is a field's string, or "".
func (v *Object) Text(field string) string {
	if v == nil {
		return ""
	}
	switch s := v.Data[field].(type) {
	case string:
		return s
	case *string:
		if s != nil {
			return *s
		}
	}
	return ""
}

// Int is a field's number; ok is false where it has none.
func (v *Object) Int(field string) (n int64, ok bool) {
	if v == nil {
		return 0, false
	}
	switch s := v.Data[field].(type) {
	case json.Number:
		n, err := s.Int64()
		return n, err == nil
	case int64:
		return s, true
	case int:
		return int64(s), true
	case *int64:
		if s != nil {
			return *s, true
		}
	}
	return 0, false
}

// Bool is a field's truth value.
func (v *Object) Bool(field string) bool {
	if v == nil {
		return false
	}
	b, _ := v.Data[field].(bool)
	return b
}

// Decode reads the fields of Data into a struct, by its json tags.
func (v *Object) Decode(to any) error {
	text, err := json.Marshal(v.Data)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}

// Clean forgets the changes of the object and of those below it, as Nova does
// with what it has loaded or saved.
func (v *Object) Clean() *Object {
	if v == nil {
		return nil
	}
	v.Changes = nil
	for _, value := range v.Data {
		cleanValue(value)
	}
	return v
}

func cleanValue(value any) {
	switch c := value.(type) {
	case *Object:
		c.Clean()
	case []*Object:
		for _, o := range c {
			o.Clean()
		}
	case []any:
		for _, o := range c {
			cleanValue(o)
		}
	}
}

// Copy is a copy whose fields can be changed without changing v's.
func (v *Object) Copy() *Object {
	if v == nil {
		return nil
	}
	c := &Object{Name: v.Name, Version: v.Version, Data: make(map[string]any, len(v.Data)), Changes: slices.Clone(v.Changes)}
	for k, value := range v.Data {
		c.Data[k] = copyValue(value)
	}
	return c
}

func copyValue(value any) any {
	switch c := value.(type) {
	case *Object:
		return c.Copy()
	case []*Object:
		out := make([]*Object, len(c))
		for n, o := range c {
			out[n] = o.Copy()
		}
		return out
	case []any:
		out := make([]any, len(c))
		for n, o := range c {
			out[n] = copyValue(o)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(c))
		for k, o := range c {
			out[k] = copyValue(o)
		}
		return out
	}
	return value
}

// changed are the fields that changed, or whose objects did, sorted.
func (v *Object) changed() []string {
	if v == nil {
		return nil
	}
	changes := slices.Clone(v.Changes)
	for field, value := range v.Data {
		below := false
		switch o := value.(type) {
		case *Object:
			below = o != nil && len(o.changed()) > 0
		case []*Object:
			if field == "objects" {
				below = slices.ContainsFunc(o, func(o *Object) bool { return len(o.changed()) > 0 })
			}
		}
		if below && !slices.Contains(changes, field) {
			changes = append(changes, field)
		}
	}
	slices.Sort(changes)
	return changes
}

// wireTime is how objects write a time, to the second: "2026-11-21T14:39:18Z",
// or nil. It takes a time.Time or a *time.Time.
func wireTime(value any) any {
	var t time.Time
	switch v := value.(type) {
	case time.Time:
		t = v
	case *time.Time:
		if v == nil {
			return nil
		}
		t = *v
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *Object) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var raw any
	if err := d.Decode(&raw); err != nil {
		return err
	}
	o, ok := revive(raw).(*Object)
	if !ok {
		return fmt.Errorf("no versioned object: nova_object.name is missing")
	}
	*v = *o
	return nil
}

// Parse reads an object; no text and "null" are nil.
func Parse(text []byte) (*Object, error) {
	if text = bytes.TrimSpace(text); len(text) == 0 || bytes.Equal(text, []byte("null")) {
		return nil, nil
	}
	v := &Object{}
	if err := v.UnmarshalJSON(text); err != nil {
		return nil, err
	}
	return v, nil
}

// revive makes objects of the maps that are some.
func revive(value any) any {
	switch c := value.(type) {
	case []any:
		for n, o := range c {
			c[n] = revive(o)
		}
	case map[string]any:
		name, isObject := c["nova_object.name"].(string)
		if !isObject {
			for k, o := range c {
				c[k] = revive(o)
			}
			return c
		}
		data, _ := c["nova_object.data"].(map[string]any)
		v := &Object{Name: name, Data: make(map[string]any, len(data))}
		v.Version, _ = c["nova_object.version"].(string)
		for k, o := range data {
			v.Data[k] = revive(o)
		}
		list, _ := c["nova_object.changes"].([]any)
		for _, o := range list {
			if s, ok := o.(string); ok {
				v.Changes = append(v.Changes, s)
			}
		}
		return v
	}
	return value
}

// Float is a number that is written with a fraction, as Python writes floats: 1.0.
type Float float64

// MarshalJSON implements json.Marshaler.
func (f Float) MarshalJSON() ([]byte, error) {
	text := strconv.FormatFloat(float64(f), 'f', -1, 64)
	if !strings.ContainsAny(text, ".") {
		text += ".0"
	}
	return []byte(text), nil
}
