package objects

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

// hostID hashes as utils.generate_hostid does.
func hostID(project, host string) string {
	sum := sha256.Sum224([]byte(project + host))
	return hex.EncodeToString(sum[:])
}

var field = regexp.MustCompile(`%\((\w+)\)([-0-9]*[sdx])`)

// instanceName fills [DEFAULT] instance_name_template as Python's % does: from
// the row id, or where that does not fit, from %(field)s. A server that no cell has
// yet has no row id: its name is blank while it waits for the scheduler.
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
	return field.ReplaceAllStringFunc(template, func(m string) string {
		p := field.FindStringSubmatch(m)
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

// CanonicalIP is an address as Nova's objects write it; nil stays nil.
func CanonicalIP(given *string) *string {
	if given == nil {
		return nil
	}
	if a, err := netip.ParseAddr(*given); err == nil {
		s := a.String()
		return &s
	}
	return given
}
