package devcloud

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/rpc"
)

// eventsPath is the path of the events of servers at the address of the cloud. No path of Nova's API begins so.
const eventsPath = "/servers/events"

// topic is the topic of the notifications of the cloud's hosts, with their priority.
const topic = "versioned_notifications.info"

// notifications tells the listeners of a broker about changes of servers, as nova-compute and nova-conductor do with
// [notifications] notify_on_state_change = vm_and_task_state.
type notifications struct {
	broker *rpc.Memory
	now    func() time.Time

	mu   sync.Mutex
	last map[string]records.Change // by server; hosts write rows more often than states change
}

// isNew reports whether a change differs from the last one of its server.
func (n *notifications) isNew(c records.Change) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.last == nil {
		n.last = map[string]records.Change{}
	}
	was := n.last[c.Server]
	if n.last[c.Server] = c; c.Deleted {
		delete(n.last, c.Server)
	}
	return was != c
}

// Wanted implements records.Observer.
func (n *notifications) Wanted() bool { return n.broker.Listened(topic) }

// Changed implements records.Observer.
func (n *notifications) Changed(c records.Change) {
	if !n.isNew(c) {
		return
	}
	data := map[string]any{"uuid": c.Server, "tenant_id": c.Project, "user_id": c.User, "state": orNil(c.VM), "task_state": orNil(c.Task),
		"power_state": objects.PowerStateName(c.Power)}
	payload, err := json.Marshal(map[string]any{"nova_object.data": data})
	if err != nil {
		return // impossible: all values are strings
	}
	event := "instance.update"
	if c.Deleted {
		event = "instance.delete.end"
	}
	n.broker.Publish(topic, rpc.Notification{ID: uuid.NewString(), Event: event, Publisher: "nova-compute:" + hostNames[0], Priority: "INFO",
		Timestamp: n.now().UTC().Format("2006-01-02 15:04:05.000000"), Payload: payload})
}

// Wiped implements records.Observer.
func (n *notifications) Wiped() {
	n.mu.Lock()
	n.last = nil
	n.mu.Unlock()
	n.broker.Missed()
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// Events implements control.Cloud: it adds the token of the administrator.
func (c cloudControl) Events(w http.ResponseWriter, r *http.Request) {
	token, err := c.identity.TokenOf("admin")
	if err != nil || c.Cloud.Events == nil {
		http.Error(w, "there are no events", http.StatusServiceUnavailable)
		return
	}
	r = r.Clone(r.Context())
	r.URL.Path, r.URL.RawPath, r.URL.RawQuery = eventsPath, "", "all_tenants=1"
	r.Header.Set("X-Auth-Token", token)
	c.Cloud.Events.ServeHTTP(w, r)
}

// Life implements control.Cloud.
func (c cloudControl) Life(ctx context.Context, server string) (map[string]any, error) {
	if c.records == nil {
		return map[string]any{}, nil
	}
	actions, err := c.records.Actions(ctx, server)
	if err != nil {
		return nil, err
	}
	console, err := c.fleet.Console(ctx, server)
	return map[string]any{"actions": actions, "console": console}, err
}
