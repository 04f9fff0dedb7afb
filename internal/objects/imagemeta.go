package objects

import (
	"encoding/json"
	"fmt"
)

// ImageMeta is an image as a server's host sees it.
type ImageMeta struct {
	// Attributes are those of Glance: "id", "name", "min_disk" and so on. What the image
	// does not have is absent.
	Attributes map[string]any
	Properties ImageProperties
}

// Attribute is an attribute as text; ok is false where the image does not have it.
func (m *ImageMeta) Attribute(name string) (value string, ok bool) {
	if m == nil {
		return "", false
	}
	v, ok := m.Attributes[name]
	value, _ = v.(string)
	return value, ok
}

// Property is a property of the image, or nil.
func (m *ImageMeta) Property(name string) any {
	if m == nil {
		return nil
	}
	return m.Properties[name]
}

// ImageProperties are the properties of an image by their names of now ("hw_disk_bus"),
// each of the type that Nova gives it: string, int64, bool, []string, []int64, [][]int,
// or a list of objects.
type ImageProperties map[string]any

// Has tells whether the image has the property.
func (p ImageProperties) Has(name string) bool { _, ok := p[name]; return ok }

// Text is a property as text, or "".
func (p ImageProperties) Text(name string) string {
	switch v := p[name].(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}

// Int is a property's number; ok is false where it has none.
func (p ImageProperties) Int(name string) (n int64, ok bool) {
	switch v := p[name].(type) {
	case int64:
		return v, true
	case json.Number:
		n, err := v.Int64()
		return n, err == nil
	}
	return 0, false
}

// Bool is a property's truth value.
func (p ImageProperties) Bool(name string) bool {
	b, _ := p[name].(bool)
	return b
}
