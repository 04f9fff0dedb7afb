package servers

import (
	"context"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/reqctx"
)

func (a *API) addSecurityGroup(r *api.Request) (any, error) {
	return a.changeGroup(r, "addSecurityGroup", a.Network.AddGroupTo)
}

func (a *API) removeSecurityGroup(r *api.Request) (any, error) {
	return a.changeGroup(r, "removeSecurityGroup", a.Network.RemoveGroupFrom)
}

// changeGroup does something with the group that the body names, a lock or a task
// of the server notwithstanding.
func (a *API) changeGroup(r *api.Request, action string, do func(ctx context.Context, caller *reqctx.Context, server, group string) error) (any, error) {
	i, err := a.server(r, cell.Load{})
	if err != nil {
		return nil, err
	}
	name, _ := r.Field(action)["name"].(string)
	if strings.TrimSpace(name) == "" {
		return nil, api.BadRequest("Security group name cannot be empty")
	}
	return nil, do(r.Ctx(), r.Context, i.UUID, name)
}
