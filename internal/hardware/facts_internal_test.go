package hardware

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/release"
)

// kindsOf are the kinds of properties by the class of the field in Nova; others are enumerations.
var kindsOf = map[string]propertyKind{
	"StringField": plainKind, "UUIDField": plainKind, "VersionPredicateField": plainKind, "IntegerField": integerKind,
	"FlexibleBooleanField": booleanKind, "ListOfDictOfNullableStringsField": dictsKind, "ArchitectureField": architectureKind,
	"HVTypeField": hypervisorKind, "VMModeField": vmModeKind,
}

// TestPropertiesAreThoseOfThePackages compares the properties that each release knows.
func TestPropertiesAreThoseOfThePackages(t *testing.T) {
	for _, r := range release.All() {
		text, err := os.ReadFile("../release/testdata/facts-" + r.ID + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var facts struct {
			Properties map[string]struct {
				Type   string
				Values []string
			} `json:"image_properties"`
		}
		if err := json.Unmarshal(text, &facts); err != nil {
			t.Fatal(err)
		}
		// These have no property of an image of the same name.
		for _, name := range []string{"hw_numa_cpus", "hw_numa_mem", "traits_required"} {
			if _, ok := facts.Properties[name]; !ok {
				t.Errorf("%s: no %s", r, name)
			}
			delete(facts.Properties, name)
		}
		for _, p := range properties {
			theirs, ok := facts.Properties[p.name]
			delete(facts.Properties, p.name)
			if ours := p.since <= r.Major; ours != ok {
				t.Errorf("%s: %s is known: %v, in Nova: %v", r, p.name, ours, ok)
			}
			if !ok {
				continue
			}
			kind, plain := kindsOf[theirs.Type]
			if !plain {
				kind = enumKind
			}
			if p.kind != kind {
				t.Errorf("%s: %s has the kind %d, Nova the field %s", r, p.name, p.kind, theirs.Type)
			}
			ours := p.allowed(r)
			slices.Sort(ours)
			slices.Sort(theirs.Values)
			if kind >= enumKind && !slices.Equal(ours, theirs.Values) {
				t.Errorf("%s: %s allows %s, in Nova %s", r, p.name, strings.Join(ours, " "), strings.Join(theirs.Values, " "))
			}
		}
		for name := range facts.Properties {
			t.Errorf("%s: the property %s is missing", r, name)
		}
	}
}
