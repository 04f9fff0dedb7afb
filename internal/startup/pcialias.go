package startup

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/hardware"
	"github.com/nova-go/nova/internal/pytext"
)

// pciAlias is one value of [pci] alias: a device specification under a name that flavors use.
// Several values may have the same name.
type pciAlias struct {
	Name           *string `json:"name"`
	CapabilityType *string `json:"capability_type"`
	ProductID      *string `json:"product_id"`
	VendorID       *string `json:"vendor_id"`
	DeviceType     *string `json:"device_type"`
	NUMAPolicy     *string `json:"numa_policy"`
	ResourceClass  *string `json:"resource_class"`
	Traits         *string `json:"traits"`
	LiveMigratable *string `json:"live_migratable"`
}

var deviceID = regexp.MustCompile(`^[0-9a-fA-F]{4}$`)

// PCIAliases reads [pci] alias, so that mistakes are reported at the start and not at the
// creation of a server.
func PCIAliases(c *config.Config) (hardware.Aliases, error) {
	byName := map[string][]pciAlias{}
	for _, text := range c.PCI.Alias {
		a, err := parsePCIAlias(text)
		if err != nil {
			return nil, aliasError(c, "%v: %s", err, text)
		}
		name := strings.TrimSpace(*a.Name)
		if same := byName[name]; len(same) > 0 {
			if stringOr(same[0].NUMAPolicy, "legacy") != stringOr(a.NUMAPolicy, "legacy") {
				return nil, aliasError(c, "NUMA policy mismatch for alias '%s'", name)
			}
			if stringOr(same[0].DeviceType, "") != stringOr(a.DeviceType, "") {
				return nil, aliasError(c, "Device type mismatch for alias '%s'", name)
			}
		}
		byName[name] = append(byName[name], a)
	}
	if err := checkPCIAliases(c, byName); err != nil {
		return nil, err
	}
	aliases := hardware.Aliases{}
	for name, list := range byName {
		alias := hardware.Alias{NUMAPolicy: stringOr(list[0].NUMAPolicy, "legacy")}
		for _, a := range list {
			alias.Specs = append(alias.Specs, a.spec())
		}
		aliases[name] = alias
	}
	return aliases, nil
}

// checkPCIAliases checks that each alias identifies devices in the way that [filter_scheduler]
// pci_in_placement requires.
func checkPCIAliases(c *config.Config, byName map[string][]pciAlias) error {
	placement := c.FilterScheduler.PCIInPlacement
	var several, anonymous []string
	for name, list := range byName {
		if placement && len(list) > 1 {
			several = append(several, name)
		}
		for _, a := range list {
			if (a.VendorID == nil || a.ProductID == nil) && !(placement && a.ResourceClass != nil) && !slices.Contains(anonymous, name) {
				anonymous = append(anonymous, name)
			}
		}
	}
	slices.Sort(several)
	slices.Sort(anonymous)
	switch {
	case len(several) > 0:
		return aliasError(c, "the alias(es) %s have several specifications, and [filter_scheduler] pci_in_placement allows one each",
			strings.Join(several, ","))
	case len(anonymous) > 0 && placement:
		return aliasError(c, "the alias(es) %s have neither vendor_id and product_id nor resource_class", strings.Join(anonymous, ","))
	case len(anonymous) > 0:
		return aliasError(c, "the alias(es) %s do not have both vendor_id and product_id", strings.Join(anonymous, ","))
	}
	return nil
}

// spec returns the required properties of a device, in the form of PCI requests.
func (a pciAlias) spec() map[string]string {
	spec := map[string]string{}
	for name, v := range map[string]*string{"capability_type": a.CapabilityType, "product_id": a.ProductID, "vendor_id": a.VendorID,
		"resource_class": a.ResourceClass, "traits": a.Traits} {
		if v != nil {
			spec[name] = *v
		}
	}
	if v := stringOr(a.DeviceType, ""); v != "" {
		spec["dev_type"] = v
	}
	if live := lowerOf(a.LiveMigratable); live != nil {
		spec["live_migratable"] = strconv.FormatBool(pytext.Truthy(*live))
	}
	return spec
}

func aliasError(c *config.Config, format string, a ...any) error {
	return fmt.Errorf("%s: [pci] alias: Invalid PCI alias definition: %s", c.Where("pci", "alias"), fmt.Sprintf(format, a...))
}

func stringOr(s *string, byDefault string) string {
	if s == nil || *s == "" {
		return byDefault
	}
	return *s
}

func parsePCIAlias(text string) (pciAlias, error) {
	var a pciAlias
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		return a, err
	}
	for _, f := range []struct {
		name  string
		value *string
		of    []string
	}{
		{"capability_type", a.CapabilityType, []string{"pci"}},
		{"device_type", a.DeviceType, []string{"type-PCI", "type-PF", "type-VF"}},
		{"numa_policy", a.NUMAPolicy, []string{"required", "legacy", "preferred", "socket"}},
		{"live_migratable", lowerOf(a.LiveMigratable), []string{"1", "t", "true", "on", "y", "yes", "0", "f", "false", "off", "n", "no"}},
	} {
		if f.value != nil && !slices.Contains(f.of, *f.value) {
			return a, fmt.Errorf("%s '%s' is not one of %s", f.name, *f.value, strings.Join(f.of, ", "))
		}
	}
	for name, id := range map[string]*string{"vendor_id": a.VendorID, "product_id": a.ProductID} {
		if id != nil && !deviceID.MatchString(*id) {
			return a, fmt.Errorf("%s '%s' is not four hexadecimal digits", name, *id)
		}
	}
	if a.Name == nil || *a.Name == "" || len(*a.Name) > 256 {
		return a, fmt.Errorf("'name' is a required property of 1 to 256 characters")
	}
	return a, nil
}

func lowerOf(s *string) *string {
	if s == nil {
		return nil
	}
	l := strings.ToLower(strings.TrimSpace(*s))
	return &l
}
