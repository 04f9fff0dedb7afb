package hardware

import (
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/objects"
)

// CheckArchitecture refuses a CPU architecture that Nova does not know:
// InvalidArchitectureName. "" is none.
func CheckArchitecture(name string) error {
	if name == "" {
		return nil
	}
	known := strings.Fields(propertyNamed("hw_architecture").values)
	if !slices.Contains(known, canonical(architecture, strings.ToLower(name))) {
		return objects.ErrInvalidArchitectureName.Errorf(objects.KindInvalid, "Architecture name '%s' is not recognised", name)
	}
	return nil
}
