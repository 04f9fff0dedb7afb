package servers

import (
	"context"
	"strings"

	"github.com/nova-go/nova/compute/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// record loads the server that the path names, whole, for an action on it, and
// checks the row's rule.
func (a *API) record(r *api.Request, parts cell.Parts) (*objects.Instance, error) {
	return a.server(r, cell.Load{Record: parts, Metadata: parts&cell.PartMetadata != 0, SystemMetadata: parts&cell.PartSystemMetadata != 0})
}

// act is an operation on a server that answers nothing.
func (a *API) act(r *api.Request, parts cell.Parts, do func(context.Context, *reqctx.Context, *objects.Instance) error) (any, error) {
	i, err := a.record(r, parts)
	if err != nil {
		return nil, err
	}
	return nil, do(r.Ctx(), r.Context, i)
}

// withFlavor is what Nova's controller of servers loads for its own actions.
const withFlavor = cell.Usual | cell.PartFlavor | cell.PartNUMATopology

func (a *API) start(r *api.Request) (any, error) {
	return a.act(r, cell.RowOnly|cell.PartMetadata|cell.PartSystemMetadata, a.Ops.Start)
}

func (a *API) stop(r *api.Request) (any, error) {
	return a.act(r, cell.RowOnly|cell.PartMetadata|cell.PartSystemMetadata, a.Ops.Stop)
}

func (a *API) reboot(r *api.Request) (any, error) {
	kind, _ := r.Field("reboot")["type"].(string)
	return a.act(r, withFlavor, func(ctx context.Context, caller *reqctx.Context, i *objects.Instance) error {
		return a.Ops.Reboot(ctx, caller, i, strings.ToUpper(kind))
	})
}

func (a *API) pause(r *api.Request) (any, error)   { return a.act(r, cell.Usual, a.Ops.Pause) }
func (a *API) unpause(r *api.Request) (any, error) { return a.act(r, cell.Usual, a.Ops.Unpause) }
