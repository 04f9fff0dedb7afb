package devcloud

import (
	"encoding/json"
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
}

// Wanted implements records.Observer.
func (n notifications) Wanted() bool { return n.broker.Listened(topic) }

// Changed implements records.Observer.
func (n notifications) Changed(c records.Change) {
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
func (n notifications) Wiped() { n.broker.Missed() }

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}
