package servers

import (
	"slices"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
)

// WithBoot adds the operations of os-volumes_boot, which exists before 2.103: the rows of
// /servers and the actions of servers under another path.
func WithBoot(rows []api.Route) []api.Route {
	for _, r := range slices.Clone(rows) {
		name, own := strings.CutPrefix(r.Op, "servers.")
		if !own {
			continue
		}
		r.Query, r.Body = r.Schemas() // the schemas of servers
		r.Op = "volumes_boot." + name
		r.Path = strings.Replace(r.Path, "/servers", "/os-volumes_boot", 1)
		r.Until = mv.V103NoVolumesBoot
		rows = append(rows, r)
	}
	return rows
}
