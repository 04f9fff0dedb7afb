package hosts

import (
	"context"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/rest/ironic"
)

// Machines reads bare metal nodes; *ironic.Client implements it.
type Machines interface {
	Nodes(ctx context.Context) ([]*ironic.Node, error)
	// Node returns a node, or NodeNotFound.
	Node(ctx context.Context, id string) (*ironic.Node, error)
	Ports(ctx context.Context, node string) ([]ironic.Port, error)
}

// viaIronic returns the handler of an operation that moved to Ironic; its error names the
// command that replaces it.
func viaIronic(command string) func(*api.Request) (any, error) {
	return func(r *api.Request) (any, error) {
		not := "not"
		if !r.Release().Has(release.BaremetalCommandText) {
			not = "Not"
		}
		return nil, api.BadRequest("Command %s supported. Please use Ironic command %s to perform this action.", not, command)
	}
}

func (a *API) baremetalIndex(r *api.Request) (any, error) {
	nodes, err := a.Machines.Nodes(r.Context())
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.List("nodes", len(nodes), func(n int, arr *api.Array) {
			arr.Obj(func(o *api.Object) { writeNode(r, o, nodes[n], nil) })
		})
	}), nil
}

func (a *API) baremetalShow(r *api.Request) (any, error) {
	n, err := a.Machines.Node(r.Context(), r.Var("id"))
	if err != nil {
		return nil, err
	}
	ports, err := a.Machines.Ports(r.Context(), n.UUID)
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("node", func(o *api.Object) {
			writeNode(r, o, n, ports)
			o.Opt("instance_uuid", n.InstanceUUID)
		})
	}), nil
}

func writeNode(r *api.Request, o *api.Object, n *ironic.Node, ports []ironic.Port) {
	o.Str("id", n.UUID)
	o.List("interfaces", len(ports), func(i int, arr *api.Array) {
		arr.Obj(func(o *api.Object) { o.Str("address", ports[i].Address) })
	})
	o.Str("host", "IRONIC MANAGED")
	o.Opt("task_state", n.State)
	for _, p := range []struct{ shown, property string }{{"cpus", "cpus"}, {"memory_mb", "memory_mb"}, {"disk_gb", "local_gb"}} {
		v, ok := n.Properties[p.property]
		switch {
		case ok:
			o.Any(p.shown, v)
		case r.Release().Has(release.BaremetalDefaultTexts):
			o.Str(p.shown, "0")
		default:
			o.Int(p.shown, 0)
		}
	}
}
