// Package subject loads the server that a request is about, for all areas whose
// operations are about one.
package subject

import (
	"context"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/instance"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/reqctx"
)

// Servers finds servers; *instance.Reader is the one there is.
type Servers interface {
	Get(ctx context.Context, caller *reqctx.Context, uuid string, want instance.Want) (*objects.Instance, error)
}

// Find reads the server that the path names. Which rule guards it is the caller's
// business.
func Find(r *api.Request, from Servers, load cell.Load) (*objects.Instance, error) {
	id := r.Var("server_id")
	if id == "" {
		id = r.Var("id")
	}
	return from.Get(r.Ctx(), r.Context, id, instance.Want{Load: load})
}

// Load reads the server that the path names and checks the row's rule on it.
func Load(r *api.Request, from Servers, load cell.Load) (*objects.Instance, error) {
	i, err := Find(r, from, load)
	if err != nil {
		return nil, err
	}
	return i, r.Authorize(Target(i))
}

// Record is Load of a server as a whole, to act on it: all columns, and the parts
// of the versioned object.
func Record(r *api.Request, from Servers, parts cell.Parts) (*objects.Instance, error) {
	return Load(r, from, record(parts))
}

// Unchecked is Record without the check of the row's rule, for operations whose rule
// depends on what is asked for; see [api.Request.AuthorizeAs].
func Unchecked(r *api.Request, from Servers, parts cell.Parts) (*objects.Instance, error) {
	return from.Get(r.Ctx(), r.Context, r.Var("id"), instance.Want{Load: record(parts)})
}

func record(parts cell.Parts) cell.Load {
	return cell.Load{Record: parts, Metadata: parts&cell.PartMetadata != 0, SystemMetadata: parts&cell.PartSystemMetadata != 0}
}

// WithFlavor are the parts that Nova's controller of servers loads for its own
// actions; others load cell.Usual.
const WithFlavor = cell.Usual | cell.PartFlavor | cell.PartNUMATopology

// Act is an operation on a server that answers nothing.
func Act(r *api.Request, from Servers, parts cell.Parts, do func(context.Context, *reqctx.Context, *objects.Instance) error) (any, error) {
	i, err := Record(r, from, parts)
	if err != nil {
		return nil, err
	}
	return nil, do(r.Ctx(), r.Context, i)
}

// Target is what rules about a server look at.
func Target(i *objects.Instance) policy.Target {
	return policy.Target{ProjectID: i.ProjectID, UserID: i.UserID}
}
