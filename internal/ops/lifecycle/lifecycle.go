// Package lifecycle does to servers what their users ask for, but for what has a package of
// its own: making, moving, and what is attached to them. It knows nothing of HTTP.
package lifecycle

import "github.com/nova-go/nova/internal/ops/server"

// Ops does it. Every verb takes a server that was loaded as a record (cell.Load.Record)
// and changes it as it changes its row.
type Ops struct {
	Servers *server.Core
	// DropProperties is [DEFAULT] non_inheritable_image_properties: what snapshots
	// do not have of the image that a server was made from.
	DropProperties []string
	// UniqueNames is [DEFAULT] osapi_compute_unique_server_name_scope: "", "project"
	// or "global".
	UniqueNames string
}
