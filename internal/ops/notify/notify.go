// Package notify announces what the API does: Nova's notifications, in the old
// form (bags of names and values) and as versioned objects. A nil *Notifier
// announces nothing. What goes wrong is logged and stops no operation.
package notify

import (
	"context"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/internal/versioned"
)

// Notifier announces events in the forms that [notifications]
// notification_format says. Payloads are made only where somebody sends them.
type Notifier struct {
	host              string // [DEFAULT] host
	changes           string // [notifications] notify_on_state_change
	devices           bool   // bdms_in_notifications
	shares            bool   // include_share_mapping
	legacy, versioned *rpc.Notifier
}

// New makes a notifier over the drivers of [oslo_messaging_notifications]; host is
// [DEFAULT] host, which publishers are named after.
func New(pool *rpc.Pool, o config.Notifications, host string) (*Notifier, error) {
	n := &Notifier{host: host, changes: o.NotifyOnStateChange, devices: o.BDMsInNotifications, shares: o.IncludeShareMapping}
	var err error
	if o.NotificationFormat != "versioned" {
		if n.legacy, err = pool.Notifier(); err != nil {
			return nil, err
		}
	}
	if o.NotificationFormat == "versioned" || o.NotificationFormat == "both" {
		n.versioned, err = pool.Notifier(o.VersionedNotificationsTopics...)
	}
	return n, err
}

// Versioned tells whether anybody is told of versioned notifications: without it,
// what only they need must not be read.
func (n *Notifier) Versioned() bool { return n != nil && n.versioned.Enabled() }

// Legacy tells whether anybody is told of notifications in the old form.
func (n *Notifier) Legacy() bool { return n != nil && n.legacy.Enabled() }

// tell announces an event in the old form. service and host are the publisher's.
func (n *Notifier) tell(ctx context.Context, caller *reqctx.Caller, service, host, event string, payload map[string]any) {
	n.legacy.Notify(ctx, caller, rpc.Event{Publisher: service + "." + host, Type: event, Payload: payload})
}

// announce announces an event of the API as a versioned object.
func (n *Notifier) announce(ctx context.Context, caller *reqctx.Caller, event string, payload *versioned.Object) {
	n.announceAs(ctx, caller, "nova-api:"+n.host, event, payload)
}

func (n *Notifier) announceAs(ctx context.Context, caller *reqctx.Caller, publisher, event string, payload *versioned.Object) {
	n.versioned.Notify(ctx, caller, rpc.Event{Publisher: publisher, Type: event, Payload: payload})
}

// orNil keeps an empty text from being announced as one.
func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// list is a list that is never null.
func list(l []string) []string {
	if l == nil {
		return []string{}
	}
	return l
}
