package hardware

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/nova-go/nova/internal/objects"
)

// asks are what a flavor and an image ask for, side by side.
type asks struct {
	flavor *objects.Flavor
	image  *objects.ImageMeta // nil: none is known
	props  objects.ImageProperties
}

func sideBySide(f *objects.Flavor, image *objects.ImageMeta) asks {
	a := asks{flavor: f, image: image}
	if image != nil {
		a.props = image.Properties
	}
	return a
}

// spec is an extra spec of the flavor; ok is false where there is none.
func (a asks) spec(key string) (value string, ok bool) {
	value, ok = a.flavor.ExtraSpecs[key]
	return value, ok
}

// text are the flavor's and the image's word on a key: hw:KEY and hw_KEY.
func (a asks) text(key string) (flavor, image string) {
	return a.flavor.ExtraSpecs["hw:"+key], a.prop("hw_" + key)
}

// prop is a property of the image as text, or "".
func (a asks) prop(name string) string { return a.props.Text(name) }

func (a asks) imageName() string {
	if name, ok := a.image.Attribute("name"); ok {
		return name
	}
	return "None"
}

func (a asks) imageID() string {
	if id, ok := a.image.Attribute("id"); ok {
		return id
	}
	return "<no-id>"
}

// truths are the flavor's and the image's word on a key that is a truth value; nil
// is no word.
func (a asks) truths(key string) (flavor, image *bool) {
	if value, ok := a.spec("hw:" + key); ok {
		flavor = new(objects.Truthy(value))
	}
	if a.props.Has("hw_" + key) {
		image = new(a.props.Bool("hw_" + key))
	}
	return flavor, image
}

// unanimous are the truth values of a key, which must not contradict each other.
func (a asks) unanimous(key string) error {
	flavor, image := a.truths(key)
	if flavor == nil || image == nil || *flavor == *image {
		return nil
	}
	return conflict("Flavor %s has hw:%s extra spec explicitly set to %s, conflicting with image %s which has hw_%s explicitly set to %s.",
		a.flavor.Name, key, pyBool(*flavor), a.imageName(), key, pyBool(*image))
}

// word is the flavor's or the image's word on a key, which must not contradict each
// other. prefix is "hw" or "os".
func (a asks) word(prefix, key string) (string, error) {
	flavor, image := a.flavor.ExtraSpecs[prefix+":"+key], a.prop(prefix+"_"+key)
	if flavor != "" && image != "" && flavor != image {
		return "", conflict("Flavor %s has %s:%s extra spec explicitly set to %s, conflicting with image %s which has %s_%s explicitly set to "+
			"%s.",
			a.flavor.Name, prefix, key, flavor, a.imageName(), prefix, key, image)
	}
	if flavor != "" {
		return flavor, nil
	}
	return image, nil
}

// numbers are the flavor's and the image's numbers for keys, 0 where there is none.
func (a asks) numbers(keys ...string) (flavor, image []int64, err error) {
	for _, key := range keys {
		n, m := int64(0), int64(0)
		if value, ok := a.spec("hw:" + key); ok {
			if n, err = pyInt(value); err != nil {
				return nil, nil, invalid(objects.ErrInvalidRequest, "Invalid flavor extra spec. Error: %s", err)
			}
		}
		if a.props.Has("hw_" + key) {
			m, _ = a.props.Int("hw_" + key)
		}
		flavor, image = append(flavor, n), append(image, m)
	}
	return flavor, image, nil
}

func conflict(format string, v ...any) error {
	return invalid(objects.ErrFlavorImageConflict, format, v...)
}

func invalid(class objects.Class, format string, v ...any) error {
	return class.Errorf(objects.KindInvalid, format, v...)
}

// pyInt is Python's int() of a text.
func pyInt(text string) (int64, error) {
	n, err := strconv.ParseInt(strings.ReplaceAll(strings.TrimSpace(text), "_", ""), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("invalid literal for int() with base 10: '%s'", text)
	}
	return n, nil
}

func pyBool(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

// pyTuple is how Python shows a tuple of texts.
func pyTuple(values []string) string { return "('" + strings.Join(values, "', '") + "')" }
