package flavors

import (
	"regexp"
	"strings"

	"github.com/nova-go/nova/internal/objects"
)

// validateSpec checks an extra spec against those that Nova knows. A name in a
// namespace of Nova's has to be one of its own; others pass, whatever their value.
func validateSpec(key, value string) error {
	if rule, known := ruleOf(key); known {
		return rule.check(value)
	}
	if namespace, _, qualified := strings.Cut(key, ":"); qualified && novas(namespace) {
		return badSpec("extra spec '%s' does not appear to be a valid extra spec.", key)
	}
	return nil
}

func badSpec(format string, a ...any) error {
	return objects.ErrValidationError.Errorf(objects.KindInvalid, "Validation failed; "+format, a...)
}

// namespaces are those of Nova besides the ones of traits and resources, which a
// group may follow.
var namespaces = setOf("accel", "aggregate_instance_extra_specs", "capabilities", "hw", "hw_rng", "hw_video", "os", "pci_passthrough", "quota", "vmware")

func novas(namespace string) bool {
	return namespaces[namespace] || grouped(namespace, "resources") || grouped(namespace, "trait")
}

// grouped tells whether a namespace is the one named, with or without the suffix
// of a group of the granular resource request syntax: "resources_PORT1".
func grouped(namespace, name string) bool {
	group, ok := strings.CutPrefix(namespace, name)
	return ok && groupName.MatchString(group)
}

var (
	groupName  = regexp.MustCompile(`^[a-zA-Z0-9_-]{0,64}$`)
	customName = regexp.MustCompile(`^CUSTOM_[A-Z0-9_]+$`)
	nestedPath = regexp.MustCompile(`^(:\w+)*$`)
	// Nova's own expression has a dot that stands for any character.
	numaNode = regexp.MustCompile(`^hw:numa_(cpus|mem).(\d+)$`)
)

// ruleOf finds the rule for the value of an extra spec.
func ruleOf(key string) (valueRule, bool) {
	if rule, ok := namedSpecs[key]; ok {
		return rule, true
	}
	namespace, name, _ := strings.Cut(key, ":")
	switch {
	case namespace == "aggregate_instance_extra_specs" && name != "":
		return anything{}, true
	case namespace == "capabilities":
		return anything{}, capability(name)
	case namespace == "hw":
		if m := numaNode.FindStringSubmatch(key); m != nil && m[1] == "cpus" {
			return cpuSet, true
		} else if m != nil {
			return integer{min: at(1)}, true
		}
	case grouped(namespace, "resources"):
		return integer{}, resourceClasses[name] || customName.MatchString(name)
	case grouped(namespace, "trait"):
		return oneOf{"required", "forbidden"}, traits[name] || customName.MatchString(name)
	}
	return nil, false
}

func capability(name string) bool {
	if plainCapabilities[name] {
		return true
	}
	first, _, _ := strings.Cut(name, ":")
	return nestedCapabilities[first] && nestedPath.MatchString(name[len(first):])
}

func setOf(names ...string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, n := range names {
		set[n] = true
	}
	return set
}
