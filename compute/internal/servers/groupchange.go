package servers

import (
	"context"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// securityGroup is the request body that adds a security group to a server or removes it.
type securityGroup struct {
	Name string `json:"name"`
}

func (a *API) addSecurityGroup(r *api.Request, i *objects.Instance) (any, error) {
	return a.changeGroup(r, i, "addSecurityGroup", a.Network.AddGroupTo)
}

func (a *API) removeSecurityGroup(r *api.Request, i *objects.Instance) (any, error) {
	return a.changeGroup(r, i, "removeSecurityGroup", a.Network.RemoveGroupFrom)
}

// changeGroup changes the security groups of a server. It does not check the lock and the task
// state of the server.
func (a *API) changeGroup(r *api.Request, i *objects.Instance, action string,
	do func(ctx context.Context, caller *reqctx.Caller, server, group string) error) (any, error) {
	group, err := api.Body[securityGroup](r, action)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(group.Name) == "" {
		return nil, api.BadRequest("Security group name cannot be empty")
	}
	return nil, do(r.Context(), r.Caller, i.UUID, group.Name)
}
