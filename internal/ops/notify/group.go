package notify

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/versioned"
)

// GroupCreated sends the notifications of a new server group. rules says whether the unversioned payload contains rules,
// which it does since microversion 2.64.
func (n *Notifier) GroupCreated(ctx context.Context, caller *reqctx.Caller, g *objects.ServerGroup, rules bool) {
	if n.Legacy() {
		payload := map[string]any{"name": g.Name, "project_id": g.ProjectID, "user_id": g.UserID, "policy": g.Policy, "server_group_id": g.UUID}
		if rules {
			payload["_rules"] = mapOrEmpty(g.Rules)
		}
		n.tell(ctx, caller, "servergroup", n.host, "servergroup.create", payload)
	}
	n.group(ctx, caller, "create", g)
}

// GroupDeleted sends the notifications of a deleted server group.
func (n *Notifier) GroupDeleted(ctx context.Context, caller *reqctx.Caller, g *objects.ServerGroup) {
	if n.Legacy() {
		n.tell(ctx, caller, "servergroup", n.host, "servergroup.delete", map[string]any{"server_group_id": g.UUID})
	}
	n.group(ctx, caller, "delete", g)
}

// GroupJoined sends the notifications of a server that became a member of a group. The members of g include it already.
func (n *Notifier) GroupJoined(ctx context.Context, caller *reqctx.Caller, g *objects.ServerGroup, server string) {
	if n.Legacy() {
		n.tell(ctx, caller, "servergroup", n.host, "servergroup.addmember",
			map[string]any{"server_group_id": g.UUID, "instance_uuids": []string{server}})
	}
	n.group(ctx, caller, "add_member", g)
}

func (n *Notifier) group(ctx context.Context, caller *reqctx.Caller, event string, g *objects.ServerGroup) {
	if !n.Versioned() {
		return
	}
	policies := []string{}
	if g.Policy != nil {
		policies = append(policies, *g.Policy)
	}
	n.announce(ctx, caller, "server_group."+event, versioned.Loaded("ServerGroupPayload", map[string]any{"uuid": g.UUID, "name": g.Name,
		"user_id":    g.UserID,
		"project_id": g.ProjectID, "policies": policies, "members": listOrEmpty(g.Members), "hosts": nil, "policy": g.Policy,
		"rules": mapOrEmpty(g.Rules)}))
}

// mapOrEmpty returns m, or an empty map if m is nil, because payloads contain {} and not null.
func mapOrEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
