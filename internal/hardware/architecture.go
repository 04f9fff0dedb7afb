package hardware

import (
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/objects"
)

// CheckArchitecture rejects a CPU architecture that Nova does not know with InvalidArchitectureName. It accepts "".
func CheckArchitecture(name string) error {
	if name == "" {
		return nil
	}
	known := strings.Fields(propertyNamed("hw_architecture").values)
	if !slices.Contains(known, canonicalName(architectureKind, strings.ToLower(name))) {
		return objects.ErrInvalidArchitectureName.Errorf(objects.KindInvalid, "Architecture name '%s' is not recognised", name)
	}
	return nil
}
