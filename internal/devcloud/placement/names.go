package placement

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// The standard traits and resource classes.
var (
	standardTraits = []string{"COMPUTE_NODE", "COMPUTE_STATUS_DISABLED", "COMPUTE_TRUSTED_CERTS", "COMPUTE_VOLUME_MULTI_ATTACH",
		"COMPUTE_SAME_HOST_COLD_MIGRATE", "COMPUTE_RESCUE_BFV", "COMPUTE_STORAGE_VIRTIO_FS", "COMPUTE_MEM_BACKING_FILE", "HW_CPU_X86_VMX"}
	standardClasses = []string{"VCPU", "PCPU", "MEMORY_MB", "DISK_GB"}
)

// custom matches the names of custom traits and resource classes.
var custom = regexp.MustCompile(`^CUSTOM_[A-Z0-9_]{1,248}$`)

func names(docs []resource.Doc) []string {
	out := []string{}
	for _, d := range docs {
		out = append(out, resource.Text(d, "name"))
	}
	return out
}

func (s *Service) traits(r *resource.Request) (any, error) {
	list := []any{}
	want := r.URL.Query().Get("name")
	for _, name := range append(slices.Clone(standardTraits), names(s.o.Store.All(traits))...) {
		if prefix, ok := strings.CutPrefix(want, "startswith:"); want == "" || ok && strings.HasPrefix(name, prefix) || strings.HasPrefix(want,
			"in:") && strings.Contains(","+want[3:]+",", ","+name+",") {
			list = append(list, name)
		}
	}
	return map[string]any{"traits": list}, nil
}

func (s *Service) trait(r *resource.Request) (any, error) {
	name := r.PathValue("name")
	if !slices.Contains(standardTraits, name) && s.o.Store.Get(traits, name) == nil {
		return nil, noTrait(name)
	}
	return &resource.Reply{Status: http.StatusNoContent}, nil
}

func noTrait(name string) error {
	return resource.Errorf(http.StatusNotFound, "placement.undefined_code", "No such trait(s): %s.", name)
}

func (s *Service) addTrait(r *resource.Request) (any, error) {
	name := r.PathValue("name")
	if !custom.MatchString(name) {
		return nil, resource.Errorf(http.StatusBadRequest, "placement.undefined_code",
			`The trait is invalid. A valid trait must be no longer than 255 characters, start with the prefix "CUSTOM_" and use following`+
				` characters: "A"-"Z", "0"-"9" and "_"`)
	}
	return s.addName(traits, name)
}

// addName stores the name of a trait or a resource class, and answers 201, or 204 if it exists.
func (s *Service) addName(kind, name string) (any, error) {
	if s.o.Store.Get(kind, name) != nil {
		return &resource.Reply{Status: http.StatusNoContent}, nil
	}
	return &resource.Reply{Status: http.StatusCreated}, s.o.Store.Put(kind, name, resource.Doc{"name": name})
}

func (s *Service) deleteTrait(r *resource.Request) (any, error) {
	name := r.PathValue("name")
	if slices.Contains(standardTraits, name) {
		return nil, resource.Errorf(http.StatusBadRequest, "placement.undefined_code", "Cannot delete standard trait %s.", name)
	}
	for _, d := range s.o.Store.All(providers) {
		if slices.Contains(resource.Strings(d, "traits"), name) {
			return nil, resource.Errorf(http.StatusConflict, "placement.undefined_code", "The trait %s is in use by a resource provider.", name)
		}
	}
	there, err := s.o.Store.Delete(traits, name)
	if err == nil && !there {
		err = noTrait(name)
	}
	return nil, err
}

func classView(name string) resource.Doc {
	return resource.Doc{"name": name, "links": []any{map[string]string{"rel": "self", "href": "/resource_classes/" + name}}}
}

func (s *Service) classes(*resource.Request) (any, error) {
	list := []any{}
	for _, name := range append(slices.Clone(standardClasses), names(s.o.Store.All(classes))...) {
		list = append(list, classView(name))
	}
	return map[string]any{"resource_classes": list}, nil
}

func noClass(name string) error {
	return resource.Errorf(http.StatusNotFound, "placement.undefined_code", "No such resource class %s.", name)
}

func (s *Service) class(r *resource.Request) (any, error) {
	name := r.PathValue("name")
	if !slices.Contains(standardClasses, name) && s.o.Store.Get(classes, name) == nil {
		return nil, noClass(name)
	}
	return classView(name), nil
}

func customClass(name string) error {
	if custom.MatchString(name) {
		return nil
	}
	return resource.Errorf(http.StatusBadRequest, "placement.undefined_code",
		"JSON does not validate: '%s' does not match '^CUSTOM_[A-Z0-9_]+$'", name)
}

func (s *Service) createClass(r *resource.Request) (any, error) {
	body, err := r.Body("")
	if err != nil {
		return nil, err
	}
	name := resource.Text(body, "name")
	if err := customClass(name); err != nil {
		return nil, err
	}
	if s.o.Store.Get(classes, name) != nil {
		return nil, resource.Errorf(http.StatusConflict, "placement.undefined_code", "Conflicting resource class already exists: %s", name)
	}
	return s.addName(classes, name)
}

func (s *Service) addClass(r *resource.Request) (any, error) {
	if err := customClass(r.PathValue("name")); err != nil {
		return nil, err
	}
	return s.addName(classes, r.PathValue("name"))
}

func (s *Service) deleteClass(r *resource.Request) (any, error) {
	name := r.PathValue("name")
	if slices.Contains(standardClasses, name) {
		return nil, resource.Errorf(http.StatusBadRequest, "placement.undefined_code",
			"Error in delete resource class: Cannot delete standard resource class %s.", name)
	}
	for _, d := range s.o.Store.All(providers) {
		if resource.Object(d, "inventories")[name] != nil {
			return nil, resource.Errorf(http.StatusConflict, "placement.undefined_code",
				"Error in delete resource class: Resource class %s is in use.", name)
		}
	}
	there, err := s.o.Store.Delete(classes, name)
	if err == nil && !there {
		err = noClass(name)
	}
	return nil, err
}
