package objects

import (
	"encoding/json"
	"fmt"
)

// ImageMeta is an image in the form that hosts receive it.
type ImageMeta struct {
	// Attributes are Glance's attributes: "id", "name", "min_disk" and so on. Attributes that the image does not have are absent.
	Attributes map[string]any
	Properties ImageProperties
}

// Attribute returns an attribute as a string; ok is false if the image does not have it.
func (m *ImageMeta) Attribute(name string) (value string, ok bool) {
	if m == nil {
		return "", false
	}
	v, ok := m.Attributes[name]
	value, _ = v.(string)
	return value, ok
}

// Property returns a property of the image, or nil.
func (m *ImageMeta) Property(name string) any {
	if m == nil {
		return nil
	}
	return m.Properties[name]
}

// ImageProperties are the properties of an image by their current names ("hw_disk_bus"), with the types of Nova's
// ImageMetaProps: string, int64, bool, []string, []int64, [][]int, or a list of objects.
type ImageProperties map[string]any

// Has reports whether the image has the property.
func (p ImageProperties) Has(name string) bool { _, ok := p[name]; return ok }

// Text returns a property as a string, or "".
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

// Int returns a property as a number; ok is false if it is not a number.
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

// Bool returns a property as a boolean.
func (p ImageProperties) Bool(name string) bool {
	b, _ := p[name].(bool)
	return b
}
