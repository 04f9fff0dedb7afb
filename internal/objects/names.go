package objects

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

// hostID returns the same hash as utils.generate_hostid of Nova.
func hostID(project, host string) string {
	sum := sha256.Sum224([]byte(project + host))
	return hex.EncodeToString(sum[:])
}

// namedField matches a named field of Python's % formatting.
var namedField = regexp.MustCompile(`%\((\w+)\)([-0-9]*[sdx])`)

// instanceName formats [DEFAULT] instance_name_template as Python's % does: with the row id, or if the template has named
// fields, with these. A server that exists only as a build request has no row id: as in Nova, its name is "" while it
// waits for the scheduler.
func instanceName(template string, i *Instance) string {
	if !strings.Contains(template, "%(") {
		switch {
		case i.ID == 0 && OrZero(i.VMState) == "building" && OrZero(i.TaskState) == "scheduling":
			return ""
		case i.ID == 0:
			return i.UUID
		}
		return fmt.Sprintf(template, i.ID)
	}
	if i.ID == 0 && strings.Contains(template, "%(id)") {
		return i.UUID
	}
	return namedField.ReplaceAllStringFunc(template, func(m string) string {
		p := namedField.FindStringSubmatch(m)
		var v any
		switch p[1] {
		case "uuid":
			v = i.UUID
		case "id":
			v = i.ID
		case "project_id":
			v = i.ProjectID
		case "user_id":
			v = i.UserID
		case "hostname":
			v = OrZero(i.Hostname)
		case "display_name":
			v = OrZero(i.DisplayName)
		default:
			return i.UUID
		}
		return fmt.Sprintf("%"+p[2], v)
	})
}

// CanonicalIP returns an address in the canonical form of Nova's IPAddressField; nil for nil.
func CanonicalIP(given *string) *string {
	if given == nil {
		return nil
	}
	a, err := netip.ParseAddr(*given)
	if err != nil {
		return given
	}
	s := a.String()
	if b := a.As16(); a.Is6() && [12]byte(b[:12]) == [12]byte{} && b[12]|b[13] != 0 { // an IPv4-compatible address
		s = "::" + netip.AddrFrom4([4]byte(b[12:])).String()
	}
	return &s
}
