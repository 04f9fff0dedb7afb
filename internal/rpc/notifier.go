package rpc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/versioned"
)

// Notifier sends notifications with the drivers of [oslo_messaging_notifications].
type Notifier struct {
	client  *Client // nil if no driver sends messages
	drivers []string
	topics  []string
	tries   int
	release release.Release
	log     zerolog.Logger
}

// Event is one notification.
type Event struct {
	Publisher string // "compute.host1", "nova-api:host1"
	Type      string // "compute.instance.update"
	Priority  string // DEBUG, INFO, WARN, ERROR, CRITICAL, AUDIT, SAMPLE; "" is INFO
	Payload   any    // a versioned object, or encoded with encoding/json
	Nobody    bool   // the context is empty; otherwise a missing caller is Nova's administrator
}

// Notifier returns a notifier for the given topics, or for the topics of the configuration if
// there are none. Nova's versioned notifications have topics of their own.
func (p *Pool) Notifier(topics ...string) (*Notifier, error) {
	o := p.o.Notifications
	if len(topics) > 0 {
		o.Topics = topics
	}
	return p.NotifierOf(o)
}

// NotifierOf returns a notifier with the given options instead of [oslo_messaging_notifications];
// the filter audit has options of its own. An empty TransportURL stands for the URL of the pool.
func (p *Pool) NotifierOf(o config.OsloMessagingNotifications) (*Notifier, error) {
	n := &Notifier{topics: o.Topics, release: p.release, log: p.o.Log.With().Str("name", "oslo_messaging.notify.notifier").Logger()}
	if len(n.topics) == 0 {
		n.topics = []string{"notifications"}
	}
	if o.Retry >= 0 {
		n.tries = o.Retry + 1
	}
	for _, d := range o.Driver {
		switch d {
		case "", "noop":
		case "messaging", "messagingv2", "log", "test":
			n.drivers = append(n.drivers, d)
		default:
			n.log.Warn().Msgf("Could not load %s: this notification driver is not supported", d)
		}
	}
	if slices.ContainsFunc(n.drivers, sendsMessages) {
		var err error
		if n.client, err = p.Client(o.TransportURL); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func sendsMessages(driver string) bool { return driver == "messaging" || driver == "messagingv2" }

// Enabled tells whether a driver uses events. Without one, callers need not compute payloads.
func (n *Notifier) Enabled() bool { return n != nil && len(n.drivers) > 0 }

// Notify sends the event with the context of its caller, but without credentials. As in Nova,
// errors are logged and do not fail the operation. It waits for an unreachable broker until ctx
// ends, the attempts of [oslo_messaging_notifications] retry are used up, or rpc_response_timeout
// has passed, whichever is first.
func (n *Notifier) Notify(ctx context.Context, caller *reqctx.Caller, e Event) {
	if err := n.Deliver(ctx, caller, e); err != nil {
		n.log.Error().Err(err).Msg("Could not send notification")
	}
}

// Deliver is Notify for callers that keep an event that could not be sent.
func (n *Notifier) Deliver(ctx context.Context, caller *reqctx.Caller, e Event) error {
	if !n.Enabled() {
		return nil
	}
	var failed []error
	if e.Priority == "" {
		e.Priority = "INFO"
	}
	if payload, ok := e.Payload.(*versioned.Object); ok {
		payload.For(n.release)
	}
	m := message{
		{"message_id", uuid.NewString()},
		{"publisher_id", e.Publisher},
		{"event_type", e.Type},
		{"priority", e.Priority},
		{"payload", e.Payload},
		{"timestamp", notifyTime(time.Now())},
	}
	for _, driver := range n.drivers {
		switch driver {
		case "log":
			n.write(e, m)
		case "messaging", "messagingv2":
			failed = append(failed, n.send(ctx, redactedCaller(caller), e, m, driver == "messaging"))
		}
	}
	return errors.Join(failed...)
}

func (n *Notifier) send(ctx context.Context, caller *reqctx.Caller, e Event, m message, bare bool) error {
	var failed []error
	ctx, cancel := context.WithTimeout(ctx, n.client.timeout)
	defer cancel()
	for _, topic := range n.topics {
		topic += "." + strings.ToLower(e.Priority)
		out := n.client.envelope(ctx, KindNotification, caller, Target{Topic: topic}, "", nil)
		out.msg, out.bare, out.tries, out.nobody = slices.Clone(m), bare, n.tries, e.Nobody
		if err := n.client.t.send(ctx, out); err != nil {
			failed = append(failed, fmt.Errorf("%s to %s: %w", e.Type, topic, err))
		}
	}
	return errors.Join(failed...)
}

// write is the driver "log": it writes the notification as a line of JSON to a logger that is
// named after the event.
func (n *Notifier) write(e Event, m message) {
	body, err := m.encode()
	if err != nil {
		n.log.Error().Err(err).Msgf("Problem attempting to write notification %s", e.Type)
		return
	}
	level := zerolog.InfoLevel
	switch strings.ToUpper(e.Priority) {
	case "DEBUG":
		level = zerolog.DebugLevel
	case "WARN":
		level = zerolog.WarnLevel
	case "ERROR", "CRITICAL":
		level = zerolog.ErrorLevel
	}
	n.log.WithLevel(level).Str("name", "oslo.messaging.notification."+e.Type).Msg(string(maskPasswords(body)))
}

// notifyTime formats t as str() of Python's utcnow: without a fraction if the microseconds are
// zero.
func notifyTime(t time.Time) string {
	t = t.UTC().Truncate(time.Microsecond)
	if t.Nanosecond() == 0 {
		return t.Format("2006-01-02 15:04:05")
	}
	return t.Format("2006-01-02 15:04:05.000000")
}
