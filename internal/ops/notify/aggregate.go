package notify

import (
	"context"
	"maps"
	"strconv"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/versioned"
)

// AggregateOf announces what happens to an aggregate ("addhost.start") in the old
// form. id is 0 for one that is still to be made, which is then known by its name;
// more are further members of the payload.
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

// Aggregate announces what happens to an aggregate ("add_host.start"). One without
// an id is still to be made: it has no hosts that could be told.
func (n *Notifier) Aggregate(ctx context.Context, caller *reqctx.Caller, event string, g *objects.Aggregate) {
	if !n.Versioned() {
		return
	}
	data := map[string]any{"id": nil, "uuid": g.UUID, "name": g.Name, "hosts": nil, "metadata": g.Metadata}
	if g.ID != 0 {
		data["id"], data["hosts"] = g.ID, list(g.Hosts)
	} else if len(g.Metadata) == 0 {
		data["metadata"] = nil
	}
	n.announce(ctx, caller, "aggregate."+event, versioned.Loaded("AggregatePayload", data))
}
