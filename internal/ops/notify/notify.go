// Package notify sends Nova's notifications about what the API does, in the unversioned form (dictionaries) and as
// versioned objects. A nil *Notifier sends nothing. Errors of the message bus are logged and stop no operation.
package notify

import (
	"context"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/internal/versioned"
)

// Notifier sends notifications in the forms of [notifications] notification_format. It builds payloads only for forms that
// are sent.
type Notifier struct {
	host              string // [DEFAULT] host
	changes           string // [notifications] notify_on_state_change
	devices           bool   // bdms_in_notifications
	shares            bool   // include_share_mapping
	legacy, versioned *rpc.Notifier
	observer          Observer
}

// Observer receives the changes of servers that the API itself makes, whether or not notifications are sent. i must not be
// changed or kept.
type Observer interface {
	ServerChanged(ctx context.Context, event string, i *objects.Instance)
}

// Observe sets the observer; nil: none. It must be called before the Notifier is used.
func (n *Notifier) Observe(o Observer) { n.observer = o }

// Changed passes a change of a server to the observer. event is an event type of versioned notifications without the prefix
// "instance.".
func (n *Notifier) Changed(ctx context.Context, event string, i *objects.Instance) {
	if n != nil && n.observer != nil {
		n.observer.ServerChanged(ctx, "instance."+event, i)
	}
}

// New returns a Notifier that uses the drivers of [oslo_messaging_notifications]. host is [DEFAULT] host, a part of the
// publishers' names.
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

// Versioned reports whether versioned notifications are sent. If not, callers skip the queries that only these need.
func (n *Notifier) Versioned() bool { return n != nil && n.versioned.Enabled() }

// Legacy reports whether unversioned notifications are sent.
func (n *Notifier) Legacy() bool { return n != nil && n.legacy.Enabled() }

// tell sends an unversioned notification. service and host are the parts of the publisher's name.
func (n *Notifier) tell(ctx context.Context, caller *reqctx.Caller, service, host, event string, payload map[string]any) {
	n.legacy.Notify(ctx, caller, rpc.Event{Publisher: service + "." + host, Type: event, Payload: payload})
}

// announce sends a versioned notification whose publisher is nova-api.
func (n *Notifier) announce(ctx context.Context, caller *reqctx.Caller, event string, payload *versioned.Object) {
	n.announceAs(ctx, caller, "nova-api:"+n.host, event, payload)
}

func (n *Notifier) announceAs(ctx context.Context, caller *reqctx.Caller, publisher, event string, payload *versioned.Object) {
	n.versioned.Notify(ctx, caller, rpc.Event{Publisher: publisher, Type: event, Payload: payload})
}

// orNil returns nil for "", because payloads contain null for missing strings.
func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// listOrEmpty returns l, or an empty list if l is nil, because payloads contain [] and not null.
func listOrEmpty(l []string) []string {
	if l == nil {
		return []string{}
	}
	return l
}
