package rpc

import (
	"context"
	"errors"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
)

// session is one connection to one broker, until it is lost.
type session struct {
	conn   *amqp.Connection
	gone   chan struct{} // closed when the connection is lost
	rabbit config.OsloMessagingRabbit
	log    zerolog.Logger

	slots chan struct{} // limits the number of channels that publish
	// Until returning the broker counts as one that has just come back. At settled the other
	// services have had time to connect to it again.
	returning, settled time.Time

	mu       sync.Mutex
	idle     []*channel
	declared map[string]bool // exchanges and queues that were declared on this connection

	replyMu sync.Mutex
	replies *amqp.Channel // nil before the first call
}

// channel is an AMQP channel with its confirmations, its returned messages and the reason of its
// end.
type channel struct {
	*amqp.Channel
	closed   chan *amqp.Error
	returned chan amqp.Return
}

func newSession(conn *amqp.Connection, r config.OsloMessagingRabbit, logger zerolog.Logger) *session {
	return &session{
		conn: conn, gone: make(chan struct{}), rabbit: r, log: logger,
		slots: make(chan struct{}, r.RPCConnPoolSize), declared: map[string]bool{},
	}
}

// publication is a message that is ready to be published.
type publication struct {
	exchange   exchange
	key        string
	queue      *queue // declared and bound before the message is published; nil: none
	expiration string // in ms; "": none
	headers    amqp.Table
	mandatory  bool // it is an error if no queue takes the message
	patient    bool // mandatory while the broker has just come back
	body       []byte
}

// errUnrouted means that no queue took the message: its server is not running, or has not
// connected again to a broker that was restarted.
var errUnrouted = errors.New("no queue takes the message")

// errNacked means that the broker has sent basic.nack for the message.
var errNacked = errors.New("the broker has not accepted the message")

// publish returns when the broker has confirmed the message, or with an error of the channel or
// the connection, or ctx's.
func (s *session) publish(ctx context.Context, p publication) error {
	select {
	case s.slots <- struct{}{}:
	case <-s.gone:
		return amqp.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	// A broker that is short of memory stops reading, and a write to it blocks. The goroutine
	// lets the caller return at its deadline all the same.
	result := make(chan error, 1)
	go func() {
		defer func() { <-s.slots }()
		result <- s.publishNow(ctx, p)
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *session) publishNow(ctx context.Context, p publication) error {
	if err := s.declare(p); err != nil {
		return err
	}
	ch, err := s.takeChannel()
	if err != nil {
		return err
	}
	confirm, err := ch.PublishWithDeferredConfirm(p.exchange.name, p.key, p.mandatory, false, amqp.Publishing{
		ContentType: "application/json", ContentEncoding: "utf-8", DeliveryMode: amqp.Persistent,
		Expiration: p.expiration, Headers: p.headers, Body: p.body,
	})
	if err != nil {
		_ = ch.Close()
		return err
	}
	select {
	case <-confirm.Done():
	case <-ctx.Done():
		// The channel cannot be used for another message now: a returned message could not be
		// told from that of the next publisher.
		if p.mandatory {
			_ = ch.Close()
		} else {
			s.putChannel(ch)
		}
		return ctx.Err()
	}
	if confirm.Acked() {
		defer s.putChannel(ch)
		select {
		case <-ch.returned: // RabbitMQ sends the return before the confirmation
			return errUnrouted
		default:
			return nil
		}
	}
	if !ch.IsClosed() {
		s.putChannel(ch)
		return errNacked
	}
	if why := <-ch.closed; why != nil {
		if why.Code == amqp.NotFound {
			// A fanout exchange is deleted with its last consumer.
			s.forgetDeclared(p)
		}
		return why
	}
	return amqp.ErrClosed
}

// takeChannel returns a channel with confirmations for one publisher at a time. An error on a
// channel closes it, so that it would end the publications of other users as well.
func (s *session) takeChannel() (*channel, error) {
	s.mu.Lock()
	for len(s.idle) > 0 {
		ch := s.idle[len(s.idle)-1]
		s.idle = s.idle[:len(s.idle)-1]
		if !ch.IsClosed() {
			s.mu.Unlock()
			return ch, nil
		}
	}
	s.mu.Unlock()
	c, err := s.conn.Channel()
	if err != nil {
		return nil, err
	}
	if err := c.Confirm(false); err != nil {
		_ = c.Close()
		return nil, err
	}
	return &channel{Channel: c, closed: c.NotifyClose(make(chan *amqp.Error, 1)), returned: c.NotifyReturn(make(chan amqp.Return, 1))}, nil
}

func (s *session) putChannel(ch *channel) {
	if ch.IsClosed() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, ch)
}

func (s *session) isDeclared(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.declared[name]
}

func (s *session) setDeclared(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.declared[name] = true
}

func (s *session) forgetDeclared(p publication) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.declared, "exchange "+p.exchange.name)
	if p.queue != nil {
		delete(s.declared, "queue "+p.queue.name)
	}
}

// declare declares the exchange of a publication and its queue, once per connection.
func (s *session) declare(p publication) error {
	if name := "exchange " + p.exchange.name; !s.isDeclared(name) {
		if err := s.declareExchange(p.exchange); err != nil {
			return err
		}
		s.setDeclared(name)
	}
	if p.queue == nil || s.isDeclared("queue "+p.queue.name) {
		return nil
	}
	err := s.onNewChannel(func(ch *amqp.Channel) error {
		_, err := ch.QueueDeclare(p.queue.name, p.queue.durable, p.queue.autoDelete, false, false, p.queue.args)
		return err
	})
	if err != nil && !isPreconditionFailed(err) {
		return err
	}
	// A queue that another service has declared with other properties exists, which is enough to
	// publish.
	err = s.onNewChannel(func(ch *amqp.Channel) error {
		return ch.QueueBind(p.queue.name, p.key, p.exchange.name, false, nil)
	})
	if err != nil {
		return err
	}
	s.setDeclared("queue " + p.queue.name)
	return nil
}

// declareExchange declares an exchange. If the broker has one with other properties, it tries one
// that is not durable, as oslo.messaging does for services with different configurations, and
// otherwise uses the existing one.
func (s *session) declareExchange(x exchange) error {
	err := s.onNewChannel(func(ch *amqp.Channel) error {
		return ch.ExchangeDeclare(x.name, x.kind, x.durable, x.autoDelete, false, false, nil)
	})
	if !isPreconditionFailed(err) {
		return err
	}
	s.log.Warn().Err(err).Msgf("Exchange %s is declared otherwise; using it as it is", x.name)
	return s.onNewChannel(func(ch *amqp.Channel) error {
		return ch.ExchangeDeclarePassive(x.name, x.kind, x.durable, x.autoDelete, false, false, nil)
	})
}

// onNewChannel runs do on a channel of its own, because an error closes the channel.
func (s *session) onNewChannel(do func(*amqp.Channel) error) error {
	ch, err := s.conn.Channel()
	if err != nil {
		return err
	}
	defer func() { _ = ch.Close() }()
	return do(ch)
}

// isPreconditionFailed tells whether the broker has an exchange or queue with other properties.
func isPreconditionFailed(err error) bool {
	var a *amqp.Error
	return errors.As(err, &a) && a.Code == amqp.PreconditionFailed
}

// listen declares and consumes the reply queue, unless this connection does so already.
func (s *session) listen(name string, deliver func([]byte)) error {
	s.replyMu.Lock()
	defer s.replyMu.Unlock()
	if s.replies != nil {
		return nil
	}
	ch, err := s.conn.Channel()
	if err != nil {
		return err
	}
	deliveries, err := s.consume(ch, name)
	if err != nil {
		_ = ch.Close()
		return err
	}
	s.replies = ch
	go func() {
		for d := range deliveries {
			_ = d.Ack(false) // fails only if the connection is lost, which makes it unnecessary
			body, err := decompress(d.Headers, d.Body)
			if err != nil {
				s.log.Warn().Err(err).Msg("Dropped a reply that could not be read")
				continue
			}
			deliver(body)
		}
		// The consumer was canceled, so no reply can be read any more. The supervisor opens a new
		// connection. If the connection is closed already, this does nothing.
		_ = s.conn.CloseDeadline(time.Now().Add(dialTimeout))
	}()
	return nil
}

func (s *session) consume(ch *amqp.Channel, name string) (<-chan amqp.Delivery, error) {
	if n := s.rabbit.RabbitQOSPrefetchCount; n > 0 {
		if err := ch.Qos(n, 0, false); err != nil {
			return nil, err
		}
	}
	q := replyQueue(s.rabbit, name)
	if _, err := ch.QueueDeclare(q.name, q.durable, q.autoDelete, false, false, q.args); err != nil {
		return nil, err
	}
	return ch.Consume(name, "1", false, false, false, false, consumeArgs(s.rabbit))
}

// dropReplies deletes the reply queue, whose only consumer is this client.
func (s *session) dropReplies(name string) {
	_ = s.onNewChannel(func(ch *amqp.Channel) error {
		_, err := ch.QueueDelete(name, false, false, false)
		return err
	})
}
