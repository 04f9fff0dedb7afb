// Package versioned serializes and parses the objects of oslo.versionedobjects, which occur in RPC messages, in columns of
// the databases and in notifications. All other packages use the structs of package objects; internal/rpc, internal/db and
// internal/ops/notify convert these with this package, into the versions of objects that the release of Nova knows.
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

	"github.com/nova-go/nova/internal/release"
)

// Object is an object in the format of oslo.versionedobjects:
//
//	{"nova_object.name": "Flavor", "nova_object.namespace": "nova", "nova_object.version": "1.2",
//	 "nova_object.data": {…}, "nova_object.changes": ["memory_mb"]}
//
// A field that is not in Data is not set, which differs from null. Values have the types of
// encoding/json, except that numbers are json.Number and nested objects are *Object.
type Object struct {
	Name    string
	Version string
	Data    map[string]any
	// Changes are the names of the fields that were set after the object was loaded or saved.
	Changes []string
}

// Loaded returns an object as loaded: none of its fields counts as changed.
func Loaded(name string, data map[string]any) *Object {
	return &Object{Name: name, Version: newestVersion(name), Data: data}
}

// Made returns an object as created: all of its fields count as changed.
func Made(name string, data map[string]any) *Object {
	return &Object{Name: name, Version: newestVersion(name), Data: data, Changes: slices.Sorted(maps.Keys(data))}
}

func newestVersion(name string) string {
	version, _ := release.Newest().Object(name)
	return version
}

// List returns a list object as loaded: its only field is objects.
func List[T any](name string, list []T) *Object {
	return Loaded(name, map[string]any{"objects": orEmpty(list)})
}

// madeList returns a list object as created.
func madeList[T any](name string, list []T) *Object {
	return Made(name, map[string]any{"objects": orEmpty(list)})
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// For converts the object, and the objects in its fields, into the versions that the services of
// a release read: fields that these versions do not have are removed. It returns the object.
func (v *Object) For(r release.Release) *Object {
	if r != release.Newest() {
		convert(v, r)
	}
	return v
}

// convert does the work of For for any value of a field.
func convert(value any, r release.Release) {
	switch v := value.(type) {
	case *Object:
		if v == nil {
			return
		}
		if version, later := r.Object(v.Name); version != "" {
			v.Version = version
			for _, field := range later {
				delete(v.Data, field)
			}
			v.Changes = slices.DeleteFunc(v.Changes, func(field string) bool { return slices.Contains(later, field) })
		}
		for _, below := range v.Data {
			convert(below, r)
		}
	case []*Object:
		for _, o := range v {
			convert(o, r)
		}
	case []any:
		for _, o := range v {
			convert(o, r)
		}
	}
}

// Set sets a field and marks it as changed.
func (v *Object) Set(field string, value any) {
	v.Data[field] = value
	if !slices.Contains(v.Changes, field) {
		v.Changes = append(v.Changes, field)
	}
}

// Has reports whether a field is set; null counts as set.
func (v *Object) Has(field string) bool {
	if v == nil {
		return false
	}
	_, ok := v.Data[field]
	return ok
}

// Object returns the object in a field, or nil.
func (v *Object) Object(field string) *Object {
	if v == nil {
		return nil
	}
	o, _ := v.Data[field].(*Object)
	return o
}

// Objects returns the objects in a field that is a list.
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

// Text returns the string in a field, or "".
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

// Int returns the number in a field; ok is false if the field has none.
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

// Bool returns the boolean in a field, or false.
func (v *Object) Bool(field string) bool {
	if v == nil {
		return false
	}
	b, _ := v.Data[field].(bool)
	return b
}

// Decode decodes the fields of Data into a struct, by its json tags.
func (v *Object) Decode(to any) error {
	text, err := json.Marshal(v.Data)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}

// Clean resets the changes of the object and of the objects in its fields, as Nova does after loading or saving, and
// returns the object.
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

// Copy returns a deep copy.
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

// changed returns the names of the fields that changed or whose objects changed, sorted.
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

// wireTime returns a time in the format of versioned objects, "2026-11-21T14:39:18Z", or nil. value is a time.Time or a
// *time.Time.
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
		return fmt.Errorf("the text is not a versioned object: nova_object.name is missing")
	}
	*v = *o
	return nil
}

// Parse parses an object; it returns nil for an empty text and for "null".
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

// revive replaces the maps in a value that represent objects by *Object.
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

// Float is a number that is always written with a fraction, as Python writes floats: 1.0.
type Float float64

// MarshalJSON implements json.Marshaler.
func (f Float) MarshalJSON() ([]byte, error) {
	text := strconv.FormatFloat(float64(f), 'f', -1, 64)
	if !strings.ContainsAny(text, ".") {
		text += ".0"
	}
	return []byte(text), nil
}
