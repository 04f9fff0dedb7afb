package servers

import (
	"context"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// securityGroup is the body that gives a server a security group, or takes it away.
type securityGroup struct {
	Name string `json:"name"`
}

func (a *API) addSecurityGroup(r *api.Request, i *objects.Instance) (any, error) {
	return a.changeGroup(r, i, "addSecurityGroup", a.Network.AddGroupTo)
}

func (a *API) removeSecurityGroup(r *api.Request, i *objects.Instance) (any, error) {
	return a.changeGroup(r, i, "removeSecurityGroup", a.Network.RemoveGroupFrom)
}

// changeGroup does something with the group that the body names, a lock or a task
// of the server notwithstanding.
func (a *API) changeGroup(r *api.Request, i *objects.Instance, action string, do func(ctx context.Context, caller *reqctx.Caller, server, group string) error) (any, error) {
	group, err := api.Body[securityGroup](r, action)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(group.Name) == "" {
		return nil, api.BadRequest("Security group name cannot be empty")
	}
	return nil, do(r.Context(), r.Caller, i.UUID, group.Name)
}
