package servers

import (
	"context"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/subject"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// act is an operation on a server that answers nothing.
func (a *API) act(r *api.Request, parts cell.Parts, do func(context.Context, *reqctx.Context, *objects.Instance) error) (any, error) {
	return subject.Act(r, a.Servers, parts, do)
}

func (a *API) start(r *api.Request) (any, error) {
	return a.act(r, cell.RowOnly|cell.PartMetadata|cell.PartSystemMetadata, a.Ops.Start)
}

func (a *API) stop(r *api.Request) (any, error) {
	return a.act(r, cell.RowOnly|cell.PartMetadata|cell.PartSystemMetadata, a.Ops.Stop)
}

func (a *API) reboot(r *api.Request) (any, error) {
	kind, _ := r.Field("reboot")["type"].(string)
	return a.act(r, subject.WithFlavor, func(ctx context.Context, caller *reqctx.Context, i *objects.Instance) error {
		return a.Ops.Reboot(ctx, caller, i, strings.ToUpper(kind))
	})
}

func (a *API) pause(r *api.Request) (any, error)   { return a.act(r, cell.Usual, a.Ops.Pause) }
func (a *API) unpause(r *api.Request) (any, error) { return a.act(r, cell.Usual, a.Ops.Unpause) }
