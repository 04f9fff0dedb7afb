// Package lifecycle contains the operations on servers except those with packages of their own: creation (create), moves
// and rebuilds (move), and attached devices (attach). It does not depend on HTTP.
package lifecycle

import "github.com/nova-go/nova/internal/ops/server"

// Ops performs the operations. Each operation takes a server that was loaded as a record (cell.Load.Record), and changes
// the object together with its row.
type Ops struct {
	Servers *server.Core
	// DropProperties is [DEFAULT] non_inheritable_image_properties: properties of a server's image that its snapshots do not inherit.
	DropProperties []string
	// UniqueNames is [DEFAULT] osapi_compute_unique_server_name_scope: "", "project"
	// or "global".
	UniqueNames string
}
