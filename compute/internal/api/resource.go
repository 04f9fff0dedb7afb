package api

import (
	"context"
	"net/http"

	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/reqctx"
)

// Resource is an operation on an existing resource, whose owner is the target of the row's
// rule. The dispatcher loads the resource, checks the rule, and then runs the operation.
type Resource struct {
	run func(r *Request, authorize func(policy.Target) error) (any, error)
}

// On is an operation on the resource that find returns together with its owner.
func On[T any](find func(*Request) (T, policy.Target, error), do func(*Request, T) (any, error)) *Resource {
	return &Resource{func(r *Request, authorize func(policy.Target) error) (any, error) {
		found, target, err := find(r)
		if err != nil {
			return nil, err
		}
		if err := authorize(target); err != nil {
			return nil, err
		}
		return do(r, found)
	}}
}

// Owned is an operation whose rule is checked against an owner that the request names, so that
// no resource is loaded.
func Owned(owner func(*Request) policy.Target, do func(*Request) (any, error)) *Resource {
	return &Resource{func(r *Request, authorize func(policy.Target) error) (any, error) {
		if err := authorize(owner(r)); err != nil {
			return nil, err
		}
		return do(r)
	}}
}

// Servers finds servers; *server.Reader implements it.
type Servers interface {
	Get(ctx context.Context, caller *reqctx.Caller, uuid string, want server.GetOptions) (*objects.Instance, error)
}

// WithFlavor are the parts that the actions of Nova's servers controller load; other
// controllers load objects.UsualParts.
const WithFlavor = objects.UsualParts | objects.PartFlavor | objects.PartNUMATopology

// Server is an operation on the server in the path; load selects the data that is read.
func Server(load cell.Load, do func(*Request, *objects.Instance) (any, error)) *Resource {
	return On(func(r *Request) (*objects.Instance, policy.Target, error) { return r.Server(load) }, do)
}

// Record is Server with the data for changes of the server: all columns, and the parts of the
// versioned object.
func Record(parts objects.Parts, do func(*Request, *objects.Instance) (any, error)) *Resource {
	return Server(RecordOf(parts), do)
}

// Act is an operation on a server with an empty answer.
func Act(parts objects.Parts, do func(context.Context, *reqctx.Caller, *objects.Instance) error) *Resource {
	return Record(parts, func(r *Request, i *objects.Instance) (any, error) { return nil, do(r.Context(), r.Caller, i) })
}

// ActMapped is Act for the actions whose server Nova reads through its instance mapping: they do not
// find servers that are not in a cell yet, and have their own text for unknown ones.
func ActMapped(parts objects.Parts, do func(context.Context, *reqctx.Caller, *objects.Instance) error) *Resource {
	return On(func(r *Request) (*objects.Instance, policy.Target, error) {
		return r.server(server.GetOptions{Load: RecordOf(parts), Mapped: true})
	}, func(r *Request, i *objects.Instance) (any, error) { return nil, do(r.Context(), r.Caller, i) })
}

// RecordOf returns the load of a server for changes: all columns and the given parts.
func RecordOf(parts objects.Parts) cell.Load {
	return cell.Load{Record: parts, Metadata: parts&objects.PartMetadata != 0, SystemMetadata: parts&objects.PartSystemMetadata != 0}
}

// Server reads the server in the path, and returns it with its owner, for use in find functions
// of On.
func (r *Request) Server(load cell.Load) (*objects.Instance, policy.Target, error) {
	return r.server(server.GetOptions{Load: load, Shared: r.Method == http.MethodGet})
}

func (r *Request) server(want server.GetOptions) (*objects.Instance, policy.Target, error) {
	i, err := r.api.Servers.Get(r.Context(), r.Caller, r.ServerID(), want)
	if err != nil {
		return nil, policy.Target{}, err
	}
	return i, OwnerOf(i), nil
}

// ServerID returns the id of the server in the path.
func (r *Request) ServerID() string {
	if id := r.Var("server_id"); id != "" {
		return id
	}
	return r.Var("id")
}

// OwnerOf returns the target for rules about a server.
func OwnerOf(i *objects.Instance) policy.Target {
	return policy.Target{ProjectID: i.ProjectID, UserID: i.UserID}
}
