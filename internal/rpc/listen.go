package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Notification is a notification as a listener receives it. Its payload is shared and must not be changed.
type Notification struct {
	ID        string // message_id, a UUID
	Event     string // "instance.power_off.end"
	Publisher string // "nova-compute:host1"
	Priority  string // "INFO"
	Timestamp string // of UTC: "2026-11-30 18:40:23.123456"
	Payload   json.RawMessage
}

// Listener receives the notifications of some topics. Its functions are called by one goroutine per transport URL.
type Listener struct {
	// Topics are topics without priority: "versioned_notifications". The notifications of all priorities are received.
	Topics []string
	// Receive must not block for long, because the broker holds further notifications back until it returns.
	Receive func(Notification)
	// Missed is called when notifications may have been missed, because the connection was lost for some time.
	Missed func()
}

// A listener's queue on the broker holds at most listenQueue notifications; the broker drops the oldest ones above. Of
// these it sends listenPrefetch before they are acknowledged.
const (
	listenQueue    = 10000
	listenPrefetch = 200
)

// listenRetry is the pause after an attempt to listen that failed although there is a connection.
const listenRetry = 5 * time.Second

// Listen receives notifications from the brokers of a transport URL until ctx ends; "" stands for the default URL. The
// notifications remain available to all other consumers, such as those of Ceilometer: the listener has a queue of its own,
// which the broker deletes when its connection ends. Errors are those of the URL. A broker that cannot be reached is tried
// again.
func (p *Pool) Listen(ctx context.Context, url string, l Listener) error {
	c, err := p.Client(url)
	if err != nil {
		return err
	}
	return c.t.follow(ctx, c.exchange, l)
}

// hears reports whether a notification of a topic with priority ("notifications.info") is one of the listener's.
func (l *Listener) hears(topic string) bool {
	at := strings.LastIndexByte(topic, '.')
	return at >= 0 && slices.Contains(l.Topics, topic[:at])
}

// follow implements transport.
func (b *broker) follow(ctx context.Context, exchange string, l Listener) error {
	missed, said := false, ""
	for {
		s, err := b.session(ctx)
		if err == nil {
			err = s.receive(ctx, exchange, l, func() {
				if missed && l.Missed != nil {
					l.Missed()
				}
				missed, said = true, ""
			})
		}
		if errors.Is(err, ErrClosed) || ctx.Err() != nil {
			return nil
		}
		if text := err.Error(); text != said {
			said = text
			b.log.Warn().Err(err).Msgf("Notifications cannot be received; trying again every %s", listenRetry)
		}
		select {
		case <-time.After(listenRetry):
		case <-ctx.Done():
			return nil
		}
	}
}

// receive consumes the notifications of a listener until the connection is lost or ctx ends. It calls ready when no
// further notification can be missed.
func (s *session) receive(ctx context.Context, exchange string, l Listener, ready func()) error {
	x := exchangeFor(s.rabbit, Target{Exchange: exchange}, KindNotification)
	if err := s.declareExchange(x); err != nil {
		return err
	}
	ch, err := s.conn.Channel()
	if err != nil {
		return err
	}
	defer func() { _ = ch.Close() }()
	if err := ch.Qos(listenPrefetch, 0, false); err != nil {
		return err
	}
	// An exclusive queue belongs to the connection. Unlike the queues of topics it is never durable and no quorum queue.
	name := "nova-api.events." + newID()
	q, err := ch.QueueDeclare(name, false, true, true, false, amqp.Table{"x-max-length": int32(listenQueue), "x-overflow": "drop-head"})
	if err != nil {
		return err
	}
	for _, topic := range l.Topics {
		if err := ch.QueueBind(q.Name, topic+".*", exchange, false, nil); err != nil {
			return err
		}
	}
	deliveries, err := ch.Consume(q.Name, "", false, true, false, false, nil)
	if err != nil {
		return err
	}
	ready()
	for {
		select {
		case d, ok := <-deliveries:
			if !ok {
				return amqp.ErrClosed
			}
			n, err := openNotification(d)
			if err != nil {
				s.log.Warn().Err(err).Msg("Dropped a notification that could not be read")
			} else {
				l.Receive(n)
			}
			if err := d.Ack(false); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func openNotification(d amqp.Delivery) (n Notification, err error) {
	body, err := decompress(d.Headers, d.Body)
	if err != nil {
		return n, err
	}
	m, err := unwrapEnvelope(body)
	if err != nil {
		return n, err
	}
	return notificationOf(m)
}

func notificationOf(m map[string]json.RawMessage) (n Notification, err error) {
	n.Payload = m["payload"]
	for key, to := range map[string]*string{"event_type": &n.Event, "publisher_id": &n.Publisher, "priority": &n.Priority,
		"message_id": &n.ID, "timestamp": &n.Timestamp} {
		if raw, ok := m[key]; ok && err == nil {
			if err = json.Unmarshal(raw, to); err != nil {
				err = fmt.Errorf("rpc: notification's %s: %w", key, err)
			}
		}
	}
	return n, err
}

// follow implements transport.
func (m *Memory) follow(ctx context.Context, _ string, l Listener) error {
	m.mu.Lock()
	m.listeners = append(slices.Clone(m.listeners), &l)
	m.mu.Unlock()
	<-ctx.Done()
	m.mu.Lock()
	m.listeners = slices.DeleteFunc(slices.Clone(m.listeners), func(o *Listener) bool { return o == &l })
	m.mu.Unlock()
	return nil
}

// Listened reports whether there are listeners for the notifications of a topic with priority.
func (m *Memory) Listened(topic string) bool { return len(m.listening(topic)) > 0 }

func (m *Memory) listening(topic string) (all []*Listener) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range m.listeners {
		if l.hears(topic) {
			all = append(all, l)
		}
	}
	return all
}

// Missed tells all listeners that they may have missed notifications.
func (m *Memory) Missed() {
	m.mu.Lock()
	all := m.listeners
	m.mu.Unlock()
	for _, l := range all {
		if l.Missed != nil {
			l.Missed()
		}
	}
}

// Publish gives a notification to the listeners of a topic with priority, such as "versioned_notifications.info", as a
// service behind a broker would. Recorders do not record it.
func (m *Memory) Publish(topic string, n Notification) {
	for _, l := range m.listening(topic) {
		l.Receive(n)
	}
}
