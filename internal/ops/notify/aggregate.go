package notify

import (
	"context"
	"maps"
	"strconv"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/versioned"
)

// AggregateOf sends the unversioned notification of an event of an aggregate, such as "addhost.start". id is 0 before the
// aggregate is created; its name then identifies the publisher. more are additional members of the payload.
func (n *Notifier) AggregateOf(ctx context.Context, caller *reqctx.Caller, event string, id int64, more map[string]any) {
	if !n.Legacy() {
		return
	}
	payload := map[string]any{}
	maps.Copy(payload, more)
	who, _ := more["name"].(string)
	if id != 0 {
		who, payload["aggregate_id"] = strconv.FormatInt(id, 10), id
	}
	n.tell(ctx, caller, "aggregate", who, "aggregate."+event, payload)
}

// Aggregate sends the versioned notification of an event of an aggregate, such as "add_host.start". The payload of an
// aggregate without an id, which is not created yet, has no hosts, as in Nova.
func (n *Notifier) Aggregate(ctx context.Context, caller *reqctx.Caller, event string, g *objects.Aggregate) {
	if !n.Versioned() {
		return
	}
	data := map[string]any{"id": nil, "uuid": g.UUID, "name": g.Name, "hosts": nil, "metadata": g.Metadata}
	if g.ID != 0 {
		data["id"], data["hosts"] = g.ID, listOrEmpty(g.Hosts)
	} else if len(g.Metadata) == 0 {
		data["metadata"] = nil
	}
	n.announce(ctx, caller, "aggregate."+event, versioned.Loaded("AggregatePayload", data))
}
