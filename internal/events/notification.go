package events

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/nova-go/nova/internal/clock"
	"github.com/nova-go/nova/internal/rpc"
)

// Listener returns the listener that publishes the notifications of topics about servers. ctx has the clock of events
// whose notification has no time.
func (h *Hub) Listener(ctx context.Context, topics []string) rpc.Listener {
	return rpc.Listener{Topics: topics, Missed: h.Reset, Receive: func(n rpc.Notification) {
		e, from := eventOf(n)
		if e == nil || h.received(n.ID) {
			return
		}
		if e.Time.IsZero() {
			e.Time = clock.Now(ctx)
		}
		h.Publish(from, e)
	}}
}

// eventOf returns the event of a notification, or nil if the notification is not about a change of a server.
func eventOf(n rpc.Notification) (*Event, Source) {
	var e *Event
	from := FromVersioned
	if legacy, ok := strings.CutPrefix(n.Event, "compute."); ok {
		e, from = legacyEvent(legacy, n.Payload), FromLegacy
	} else if strings.HasPrefix(n.Event, "instance.") {
		e = versionedEvent(n.Event, n.Payload)
	}
	if e == nil || e.Server == "" || strings.HasPrefix(e.Type, "instance.exists") { // exists is sent periodically
		return nil, 0
	}
	if t, err := time.Parse("2006-01-02 15:04:05.999999", n.Timestamp); err == nil {
		e.Time = t
	}
	return e, from
}

// versionedEvent reads an InstancePayload.
func versionedEvent(event string, payload json.RawMessage) *Event {
	var p struct {
		Data struct {
			UUID    string  `json:"uuid"`
			Project string  `json:"tenant_id"`
			User    string  `json:"user_id"`
			State   *string `json:"state"`
			Task    *string `json:"task_state"`
			Power   *string `json:"power_state"`
		} `json:"nova_object.data"`
	}
	if json.Unmarshal(payload, &p) != nil {
		return nil
	}
	d := p.Data
	return &Event{Type: event, Server: d.UUID, Project: d.Project, User: d.User, State: orEmpty(d.State), Task: orEmpty(d.Task),
		Power: orEmpty(d.Power)}
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// legacyEvent reads the payload of an unversioned notification, whose event type is given without the prefix "compute.".
func legacyEvent(event string, payload json.RawMessage) *Event {
	if !strings.HasPrefix(event, "instance.") {
		return nil
	}
	var p struct {
		UUID        string  `json:"instance_id"`
		Project     string  `json:"tenant_id"`
		User        string  `json:"user_id"`
		State       *string `json:"state"`
		Description *string `json:"state_description"` // the task state
	}
	if json.Unmarshal(payload, &p) != nil {
		return nil
	}
	return &Event{Type: versionedName(event), Server: p.UUID, Project: p.Project, User: p.User, State: orEmpty(p.State),
		Task: orEmpty(p.Description)}
}

// renamed are the parts of the event types of unversioned notifications that differ in the versioned ones.
var renamed = map[string]string{
	"resize.prep": "resize_prep", "resize.confirm": "resize_confirm", "resize.revert": "resize_revert", "finish_resize": "resize_finish",
	"live_migration.pre": "live_migration_pre", "live_migration._post": "live_migration_post",
	"live_migration.post.dest": "live_migration_post_dest", "live_migration._rollback": "live_migration_rollback",
	"live_migration.rollback.dest": "live_migration_rollback_dest",
}

// versionedName returns the event type with which the versioned notification names an event.
func versionedName(event string) string {
	name := strings.TrimPrefix(event, "instance.")
	action, phase := name, ""
	if at := strings.LastIndexByte(name, '.'); at >= 0 {
		if last := name[at+1:]; last == "start" || last == "end" || last == "error" {
			action, phase = name[:at], name[at:]
		}
	}
	return "instance." + cmp.Or(renamed[action], action) + phase
}
