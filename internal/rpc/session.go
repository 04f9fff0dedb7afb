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
	gone   chan struct{} // closed when the connection is
	rabbit config.OsloMessagingRabbit
	log    zerolog.Logger

	slots chan struct{} // bounds the channels that publish
	// returning is until when the broker counts as one that has just come back, and
	// settled is when other processes have found that out as well.
	returning, settled time.Time

	mu       sync.Mutex
	idle     []*channel
	declared map[string]bool // exchanges and queues, on this connection

	replyMu sync.Mutex
	replies *amqp.Channel // nil until the first call
}

// channel is an AMQP channel with the reason of its end.
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

// publication is a message that is ready to go.
type publication struct {
	exchange   exchange
	key        string
	queue      *queue // to declare and bind before; nil: none
	expiration string // in ms; "": none
	headers    amqp.Table
	mandatory  bool // it is an error if no queue takes it
	patient    bool // it is mandatory on a broker that has just come back
	body       []byte
}

// errUnrouted means that no queue took the message: its server is not there, or
// has not come back yet to a broker that was restarted.
var errUnrouted = errors.New("no queue takes the message")

// errNacked means that the broker would not take the message.
var errNacked = errors.New("the broker has not accepted the message")

// publish returns when the broker has confirmed the message, with an error of
// the channel or the connection, or ctx's.
func (s *session) publish(ctx context.Context, p publication) error {
	select {
	case s.slots <- struct{}{}:
	case <-s.gone:
		return amqp.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	// A broker that is short of memory stops reading, and a write blocks then:
	// the caller must still get away at its deadline.
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
	ch, err := s.take()
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
		// The confirmation would find its own message, whoever has the channel
		// next, but a return would not.
		if p.mandatory {
			_ = ch.Close()
		} else {
			s.put(ch)
		}
		return ctx.Err()
	}
	if confirm.Acked() {
		defer s.put(ch)
		select {
		case <-ch.returned: // it comes before the confirmation
			return errUnrouted
		default:
			return nil
		}
	}
	if !ch.IsClosed() {
		s.put(ch)
		return errNacked
	}
	if why := <-ch.closed; why != nil {
		if why.Code == amqp.NotFound {
			// A fanout exchange goes with its last reader.
			s.forget(p)
		}
		return why
	}
	return amqp.ErrClosed
}

// take is a channel with confirmations, for one publisher at a time: an error on
// a channel closes it, and so ends what others do on it.
func (s *session) take() (*channel, error) {
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

func (s *session) put(ch *channel) {
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

func (s *session) forget(p publication) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.declared, "exchange "+p.exchange.name)
	if p.queue != nil {
		delete(s.declared, "queue "+p.queue.name)
	}
}

// declare makes the exchange of a publication, and its queue, once for each
// connection.
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
	err := s.once(func(ch *amqp.Channel) error {
		_, err := ch.QueueDeclare(p.queue.name, p.queue.durable, p.queue.autoDelete, false, false, p.queue.args)
		return err
	})
	if err != nil && !mismatch(err) {
		return err
	}
	// A queue that somebody declared otherwise is there, and that is what
	// matters.
	err = s.once(func(ch *amqp.Channel) error {
		return ch.QueueBind(p.queue.name, p.key, p.exchange.name, false, nil)
	})
	if err != nil {
		return err
	}
	s.setDeclared("queue " + p.queue.name)
	return nil
}

// declareExchange falls back to an exchange that is not durable, as
// oslo.messaging does, where services that share it are configured differently,
// and in the end takes it as it is.
func (s *session) declareExchange(x exchange) error {
	err := s.once(func(ch *amqp.Channel) error {
		return ch.ExchangeDeclare(x.name, x.kind, x.durable, x.autoDelete, false, false, nil)
	})
	if !mismatch(err) {
		return err
	}
	s.log.Warn().Err(err).Msgf("Exchange %s is declared otherwise; using it as it is", x.name)
	return s.once(func(ch *amqp.Channel) error {
		return ch.ExchangeDeclarePassive(x.name, x.kind, x.durable, x.autoDelete, false, false, nil)
	})
}

// once does something on a channel of its own, which an error closes.
func (s *session) once(do func(*amqp.Channel) error) error {
	ch, err := s.conn.Channel()
	if err != nil {
		return err
	}
	defer func() { _ = ch.Close() }()
	return do(ch)
}

// mismatch is PRECONDITION_FAILED.
func mismatch(err error) bool {
	var a *amqp.Error
	return errors.As(err, &a) && a.Code == amqp.PreconditionFailed
}

// listen opens the queue of replies, unless this connection has it already.
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
			_ = d.Ack(false) // without a connection there is nothing to acknowledge
			body, err := decompress(d.Headers, d.Body)
			if err != nil {
				s.log.Warn().Err(err).Msg("Dropped a reply that could not be read")
				continue
			}
			deliver(body)
		}
		// Nobody reads the replies any more: a new connection will. If the
		// connection is closed already, this does nothing.
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

// dropReplies deletes the queue of replies: we are the only one who reads it.
func (s *session) dropReplies(name string) {
	_ = s.once(func(ch *amqp.Channel) error {
		_, err := ch.QueueDelete(name, false, false, false)
		return err
	})
}
