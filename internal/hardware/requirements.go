package hardware

import (
	"strings"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pytext"
	"github.com/nova-go/nova/internal/release"
)

// requirements contains a flavor and an image, whose extra specs and properties are compared.
type requirements struct {
	release release.Release
	flavor  *objects.Flavor
	image   *objects.ImageMeta // nil: unknown
	props   objects.ImageProperties
}

// newRequirements returns the requirements of a flavor and an image, which may be nil, in a release.
func newRequirements(r release.Release, f *objects.Flavor, image *objects.ImageMeta) requirements {
	a := requirements{release: r, flavor: f, image: image}
	if image != nil {
		a.props = image.Properties
	}
	return a
}

// spec returns an extra spec of the flavor; ok is false if the flavor does not have it.
func (a requirements) spec(key string) (value string, ok bool) {
	value, ok = a.flavor.ExtraSpecs[key]
	return value, ok
}

// text returns the values of the extra spec hw:KEY and of the property hw_KEY.
func (a requirements) text(key string) (flavor, image string) {
	return a.flavor.ExtraSpecs["hw:"+key], a.prop("hw_" + key)
}

// prop returns a property of the image as a string, or "".
func (a requirements) prop(name string) string { return a.props.Text(name) }

func (a requirements) imageName() string {
	if name, ok := a.image.Attribute("name"); ok {
		return name
	}
	return "None"
}

func (a requirements) imageID() string {
	if id, ok := a.image.Attribute("id"); ok {
		return id
	}
	return "<no-id>"
}

// truths returns the values of a boolean extra spec hw:KEY and of the property hw_KEY; nil if they are absent.
func (a requirements) truths(key string) (flavor, image *bool) {
	if value, ok := a.spec("hw:" + key); ok {
		flavor = new(pytext.Truthy(value))
	}
	if a.props.Has("hw_" + key) {
		image = new(a.props.Bool("hw_" + key))
	}
	return flavor, image
}

// unanimous returns FlavorImageConflict if the values of a boolean key in flavor and image differ.
func (a requirements) unanimous(key string) error {
	flavor, image := a.truths(key)
	if flavor == nil || image == nil || *flavor == *image {
		return nil
	}
	return conflict("Flavor %s has hw:%s extra spec explicitly set to %s, conflicting with image %s which has hw_%s explicitly set to %s.",
		a.flavor.Name, key, pyBool(*flavor), a.imageName(), key, pyBool(*image))
}

// word returns the value of a key from the flavor, or if it has none from the image. It returns FlavorImageConflict if
// they differ. prefix is "hw" or "os".
func (a requirements) word(prefix, key string) (string, error) {
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

// numbers returns the integers of the flavor and of the image for keys; 0 if they are absent.
func (a requirements) numbers(keys ...string) (flavor, image []int64, err error) {
	for _, key := range keys {
		n, m := int64(0), int64(0)
		if value, ok := a.spec("hw:" + key); ok {
			if n, err = pytext.Int64(value); err != nil {
				return nil, nil, reject(objects.ErrInvalidRequest, "Invalid flavor extra spec. Error: %s", err)
			}
		}
		if a.props.Has("hw_" + key) {
			m, _ = a.props.Int("hw_" + key)
		}
		flavor, image = append(flavor, n), append(image, m)
	}
	return flavor, image, nil
}

// conflict returns FlavorImageConflict.
func conflict(format string, v ...any) error {
	return reject(objects.ErrFlavorImageConflict, format, v...)
}

// reject returns a domain error of KindInvalid.
func reject(class objects.Class, format string, v ...any) error {
	return class.Errorf(objects.KindInvalid, format, v...)
}

func pyBool(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

// pyTuple returns repr() of Python for a tuple of strings.
func pyTuple(values []string) string { return "('" + strings.Join(values, "', '") + "')" }
