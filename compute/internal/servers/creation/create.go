// Package creation serves the creation of servers.
package creation

import (
	"context"
	"errors"
	"net/http"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/create"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
)

// Builder creates servers; *create.Builder implements it.
type Builder interface {
	Create(ctx context.Context, caller *reqctx.Caller, r *create.Request) (*create.Result, error)
	HostInZone(ctx context.Context, host string, zone *string) (*string, error)
}

// Flavors finds flavors.
type Flavors interface {
	Get(ctx context.Context, id, project string, all bool) (*objects.Flavor, error)
}

// API holds the dependencies of the handler.
type API struct {
	Builder        Builder
	Flavors        Flavors
	ScheduleZone   string // [DEFAULT] default_schedule_zone
	PasswordLength int    // [DEFAULT] password_length
	ShowPassword   bool   // [api] enable_instance_password
}

// Create answers POST /servers.
func (a *API) Create(r *api.Request) (any, error) {
	asked, err := api.Body[creation](r)
	if err != nil {
		return nil, err
	}
	q, err := a.request(r, &asked)
	if err != nil {
		return nil, err
	}
	result, err := a.Builder.Create(r.Context(), r.Caller, q)
	if err != nil {
		return nil, refusal(err)
	}
	if asked.Server.ReturnReservation.Truthy() {
		return api.Doc(func(o *api.Object) { o.Str("reservation_id", result.ReservationID) }), nil
	}
	groups, err := api.Body[any](r, "server", "security_groups") // unchanged, as in the request
	if err != nil {
		return nil, err
	}
	if groups == nil {
		groups = []any{map[string]any{"name": "default"}}
	}
	links := r.Links()
	id := result.UUIDs[0]
	doc := api.Doc(func(o *api.Object) {
		o.Obj("server", func(o *api.Object) {
			o.Str("id", id)
			links.Write(o, "servers", id)
			o.Str("OS-DCF:diskConfig", map[bool]string{true: "AUTO", false: "MANUAL"}[result.AutoDiskConfig])
			o.Any("security_groups", groups)
			if a.ShowPassword {
				o.Str("adminPass", q.Password)
			}
		})
	})
	return &api.Reply{Header: http.Header{"Location": {links.Self("servers", id)}}, Body: doc}, nil
}

// refusal converts domain errors of the creation: a resource that is not found is an invalid
// request here.
func refusal(err error) error {
	var remote *rpc.RemoteError
	var domain *objects.Error
	switch {
	case errors.Is(err, objects.ErrImageNotFound):
		return api.BadRequest("Can not find requested image")
	case errors.Is(err, objects.ErrImageNotAuthorized):
		return api.As(http.StatusBadRequest, err)
	case errors.Is(err, objects.ErrKeypairNotFound):
		return api.BadRequest("Invalid key_name provided.")
	case errors.As(err, &remote):
		return api.BadRequest("%s: %s", remote.Class, remote.Message)
	case errors.As(err, &domain) && domain.Kind == objects.KindNotFound:
		return api.As(http.StatusBadRequest, err)
	}
	return err
}
