package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
)

// broker is the transport over AMQP. It opens its connection with the first message and opens a
// new one whenever the connection is lost.
type broker struct {
	rabbit config.OsloMessagingRabbit
	dialer *dialer
	log    zerolog.Logger

	ctx    context.Context // canceled by close
	cancel context.CancelFunc
	wake   chan struct{}  // receives when a sender waits for a connection
	ended  sync.WaitGroup // the goroutine of supervise

	mu      sync.Mutex
	started bool
	current *session      // nil without a connection
	blocked bool          // the broker has sent connection.blocked
	changed chan struct{} // closed and replaced with each change of current, lastErr or blocked
	lastErr error         // why there is no connection
	replyQ  string        // name of the reply queue; "" before the first call
	waiting map[string]chan reply
}

func newBroker(u *URL, r config.OsloMessagingRabbit, logger zerolog.Logger) (*broker, error) {
	d, err := newDialer(u, r)
	if err != nil {
		return nil, err
	}
	if _, err := compress(r.KombuCompression, nil); err != nil {
		return nil, err
	}
	rand.Shuffle(len(d.hosts), func(i, j int) { d.hosts[i], d.hosts[j] = d.hosts[j], d.hosts[i] })
	b := &broker{
		rabbit: r, dialer: d, log: logger.With().Str("name", "oslo.messaging._drivers.impl_rabbit").Logger(),
		wake: make(chan struct{}, 1), changed: make(chan struct{}), waiting: map[string]chan reply{},
	}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b, nil
}

// setState runs f with the lock and wakes all goroutines that wait for a change of the
// connection's state.
func (b *broker) setState(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
	close(b.changed)
	b.changed = make(chan struct{})
}

// session returns the current connection. It waits for one until ctx ends, and returns the error
// at once if the broker refuses the connection (isRefusal).
func (b *broker) session(ctx context.Context) (*session, error) {
	for {
		b.mu.Lock()
		if b.ctx.Err() != nil {
			b.mu.Unlock()
			return nil, ErrClosed
		}
		if !b.started {
			b.started = true
			b.ended.Go(b.supervise)
		}
		s, why, blocked, changed := b.current, b.lastErr, b.blocked, b.changed
		b.mu.Unlock()
		if s != nil && !blocked {
			return s, nil
		}
		if s == nil {
			select {
			case b.wake <- struct{}{}:
			default:
			}
			if why != nil && isRefusal(why) {
				return nil, why
			}
		}
		select {
		case <-changed:
		case <-b.ctx.Done():
			return nil, ErrClosed
		case <-ctx.Done():
			if why != nil {
				return nil, fmt.Errorf("%w: %w", ctx.Err(), why)
			}
			return nil, ctx.Err()
		}
	}
}

// supervise keeps a connection until the client is closed.
func (b *broker) supervise() {
	wait := seconds(float64(b.rabbit.RabbitRetryInterval))
	first, away := 0, false
	var since time.Time // the first failed attempt; zero: none failed
	for b.ctx.Err() == nil {
		s, host, err := b.connect(first)
		if err != nil {
			away = true
			if since.IsZero() {
				since = time.Now()
			}
			b.setState(func() { b.lastErr = err })
			b.backoff(wait)
			wait = min(wait+seconds(float64(b.rabbit.RabbitRetryBackoff)), seconds(float64(b.rabbit.RabbitIntervalMax)))
			continue
		}
		if away {
			s.returning = time.Now().Add(queueReopenTime)
		}
		if !since.IsZero() {
			s.settled = time.Now().Add(b.pauseAfter(time.Since(since)))
		}
		away, since = true, time.Time{} // for the next connection, when this one is lost
		wait = seconds(float64(b.rabbit.RabbitRetryInterval))
		lost := s.conn.NotifyClose(make(chan *amqp.Error, 1))
		blocks := s.conn.NotifyBlocked(make(chan amqp.Blocking, 4))
		b.setState(func() { b.current, b.lastErr, b.blocked = s, nil, false })
		b.log.Info().Msgf("Connected to AMQP server on %s", b.dialer.hosts[host].Addr())
		reason := b.watch(lost, blocks)
		close(s.gone)
		b.setState(func() { b.current, b.lastErr, b.blocked = nil, reason, false })
		if b.ctx.Err() != nil {
			b.closeSession(s)
			return
		}
		_ = s.conn.Close()
		b.log.Error().Err(reason).Msgf("AMQP server on %s closed the connection; connecting again", b.dialer.hosts[host].Addr())
		first = b.nextHost(host)
	}
}

// pauseAfter returns how long an oslo.messaging service pauses between two attempts to connect if
// its attempts have failed for the given time. The pause begins with rabbit_retry_interval and
// grows by rabbit_retry_backoff up to rabbit_interval_max.
func (b *broker) pauseAfter(absence time.Duration) time.Duration {
	wait := seconds(float64(b.rabbit.RabbitRetryInterval))
	for absence > wait && wait < seconds(float64(b.rabbit.RabbitIntervalMax)) {
		absence -= wait
		wait += seconds(float64(b.rabbit.RabbitRetryBackoff))
	}
	return min(wait, seconds(float64(b.rabbit.RabbitIntervalMax)))
}

// nextHost returns the index of the broker to try first when the connection to host is lost.
// kombu_failover_strategy chooses it: the next one of the URL, or a random one. Only supervise
// calls it.
func (b *broker) nextHost(host int) int {
	if b.rabbit.KombuFailoverStrategy == "shuffle" {
		return rand.IntN(len(b.dialer.hosts))
	}
	return (host + 1) % len(b.dialer.hosts)
}

// watch returns when the connection is lost, with the reason, or with ErrClosed when the client
// is closed.
func (b *broker) watch(lost <-chan *amqp.Error, blocks <-chan amqp.Blocking) error {
	for {
		select {
		case err := <-lost:
			if err == nil {
				return amqp.ErrClosed
			}
			return err
		case block, ok := <-blocks:
			if !ok {
				blocks = nil
				continue
			}
			if block.Active {
				b.log.Error().Msgf("The broker has blocked the connection: %s", block.Reason)
			} else {
				b.log.Info().Msg("The broker has unblocked the connection")
			}
			b.setState(func() { b.blocked = block.Active })
		case <-b.ctx.Done():
			return ErrClosed
		}
	}
}

// closeSession deletes the reply queue, unless use_queue_manager keeps it for the next process,
// and closes the connection.
func (b *broker) closeSession(s *session) {
	b.mu.Lock()
	name := b.replyQ
	b.mu.Unlock()
	if name != "" && !b.rabbit.UseQueueManager {
		s.dropReplies(name)
	}
	_ = s.conn.CloseDeadline(time.Now().Add(dialTimeout))
}

// connect tries each broker once, beginning with the one at index first. If calls are waiting for
// replies, it consumes the reply queue on the new connection.
func (b *broker) connect(first int) (s *session, host int, err error) {
	for i := range b.dialer.hosts {
		host = (first + i) % len(b.dialer.hosts)
		h := b.dialer.hosts[host]
		var conn *amqp.Connection
		conn, err = b.dialer.dial(b.ctx, h)
		if err == nil {
			s = newSession(conn, b.rabbit, b.log)
			b.mu.Lock()
			name := b.replyQ
			b.mu.Unlock()
			if name == "" {
				return s, host, nil
			}
			if err = s.listen(name, b.deliver); err == nil {
				return s, host, nil
			}
			_ = conn.CloseDeadline(time.Now().Add(dialTimeout))
		}
		if b.ctx.Err() != nil {
			return nil, host, err
		}
		b.log.Error().Err(err).Msgf("AMQP server on %s is unreachable", h.Addr())
	}
	return nil, host, err
}

// backoff waits before the next attempt to connect. It waits for the given time, but when a
// sender needs a connection, only for rabbit_retry_interval and a random part of
// kombu_reconnect_splay.
func (b *broker) backoff(wait time.Duration) {
	least := seconds(float64(b.rabbit.RabbitRetryInterval)) + seconds(rand.Float64()*b.rabbit.KombuReconnectSplay)
	select {
	case <-time.After(least):
	case <-b.ctx.Done():
		return
	}
	select {
	case <-time.After(wait - least):
	case <-b.wake:
	case <-b.ctx.Done():
	}
}

func (b *broker) close() error {
	b.mu.Lock()
	b.cancel()
	b.mu.Unlock()
	b.ended.Wait()
	return nil
}

// queueReopenTime is how long services may take to declare their queues again on a broker that
// was away. By default they pause for up to 30 s between attempts.
const queueReopenTime = time.Minute

// settle returns the current connection once Nova's other services, which use the same pauses
// between attempts as supervise, have connected again as well. A conductor loses a request for a
// nova-compute that has not connected yet, and the server keeps its task state. Nova's API waits
// in the same way, because it pauses, too.
func (b *broker) settle(ctx context.Context) (*session, error) {
	for {
		s, err := b.session(ctx)
		if err != nil {
			return nil, err
		}
		wait := time.Until(s.settled)
		if wait <= 0 {
			return s, nil
		}
		select {
		case <-time.After(wait):
		case <-s.gone:
		case <-b.ctx.Done():
		case <-ctx.Done():
		}
	}
}

// publish sends the message until a broker has confirmed it, tries is used up (0: no limit) or
// ctx ends. Consumers recognize a message that they receive twice by its _unique_id.
func (b *broker) publish(ctx context.Context, topic string, p publication, tries int) error {
	unrouted := false
	for n := 1; ; n++ {
		wait := b.settle
		if p.queue != nil { // a notification: publish declares its queue
			wait = b.session
		}
		s, err := wait(ctx)
		if err == nil {
			one := p
			one.mandatory = p.mandatory || p.patient && time.Now().Before(s.returning)
			if err = s.publish(ctx, one); err == nil {
				return nil
			}
			unrouted = errors.Is(err, errUnrouted) || unrouted && ctx.Err() != nil
		}
		switch {
		case errors.Is(ctx.Err(), context.Canceled):
			return ctx.Err()
		case errors.Is(err, ErrClosed):
			return err
		case unrouted && ctx.Err() != nil:
			return &DeliveryError{Topic: topic, Err: errUnrouted}
		case ctx.Err() != nil, tries > 0 && n >= tries, s == nil, isRefusal(err):
			return &DeliveryError{Topic: topic, Err: err}
		}
		b.log.Debug().Err(err).Msgf("Message to %s is sent again", topic)
		// The connection may be lost without a report yet, or the exchange not declared yet.
		select {
		case <-time.After(min(time.Duration(n)*20*time.Millisecond, time.Second)):
		case <-ctx.Done():
		}
	}
}

func (b *broker) send(ctx context.Context, e envelope) error {
	p, err := b.publication(e)
	if err != nil {
		return err
	}
	// A broker that was restarted has none of the transient queues of services. A cast that is
	// published before its service declares its queue again would be lost, and the server would
	// keep its task state.
	p.patient = e.kind == KindCast
	return b.publish(ctx, e.target.Topic, p, e.tries)
}

func (b *broker) publication(e envelope) (publication, error) {
	body, err := e.encode()
	if err != nil {
		return publication{}, err
	}
	p := publication{exchange: exchangeFor(b.rabbit, e.target, e.kind), key: e.target.routingKey(), headers: amqp.Table{}}
	switch e.kind {
	case KindFanout:
		p.key = ""
	case KindNotification:
		q := topicQueue(b.rabbit, p.key)
		p.queue = &q
	}
	if p.body, err = compress(b.rabbit.KombuCompression, body); err != nil {
		return p, err
	}
	if b.rabbit.KombuCompression != "" {
		p.headers["compression"] = gzipHeader
	}
	return p, nil
}

func (b *broker) call(ctx context.Context, e envelope, o CallOptions) (json.RawMessage, error) {
	id := newID()
	queue, err := b.listen(ctx, e.target.Topic)
	if err != nil {
		return nil, err
	}
	if _, err := b.settle(ctx); err != nil {
		return nil, undelivered(ctx, e.target.Topic, err)
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	frames := make(chan reply, 8)
	b.mu.Lock()
	b.waiting[id] = frames
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		delete(b.waiting, id)
		b.mu.Unlock()
	}()
	e.msg = e.msg.forReply(id, queue, o)
	p, err := b.publication(e)
	if err != nil {
		return nil, err
	}
	p.expiration = strconv.FormatInt(o.Timeout.Milliseconds(), 10)
	// In Nova a call that no queue takes is lost and ends with its timeout. Sending it again
	// until the timeout ends in the same way, or, if the services of a restarted broker connect
	// in time, with a reply.
	p.mandatory = true
	timeout := &TimeoutError{MessageID: id, Topic: e.target.Topic, Method: e.method}
	if err := b.publish(ctx, e.target.Topic, p, e.tries); errors.Is(err, errUnrouted) {
		return nil, timeout
	} else if err != nil {
		return nil, err
	}
	return b.await(ctx, frames, timeout, o)
}

// await collects the frames of the reply.
func (b *broker) await(ctx context.Context, frames <-chan reply, timeout *TimeoutError, o CallOptions) (json.RawMessage, error) {
	var silence <-chan time.Time // nil: no monitoring
	var timer *time.Timer
	if o.MonitorTimeout > 0 {
		timer = time.NewTimer(o.MonitorTimeout)
		defer timer.Stop()
		silence = timer.C
	}
	var a collectedReply
	for {
		select {
		case r := <-frames:
			done, alive := a.take(r)
			if done {
				return a.value()
			}
			if alive && timer != nil {
				timer.Reset(o.MonitorTimeout)
			}
		case <-silence:
			return nil, timeout
		case <-b.ctx.Done():
			return nil, ErrClosed
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil, timeout
			}
			return nil, ctx.Err()
		}
	}
}

// listen returns the name of the reply queue. The first call on a connection declares and
// consumes it.
func (b *broker) listen(ctx context.Context, topic string) (string, error) {
	b.mu.Lock()
	if b.replyQ == "" {
		name, err := replyName(b.rabbit)
		if err != nil {
			b.mu.Unlock()
			return "", err
		}
		b.replyQ = name
	}
	name := b.replyQ
	b.mu.Unlock()
	for {
		s, err := b.session(ctx)
		if err != nil {
			return "", undelivered(ctx, topic, err)
		}
		if err = s.listen(name, b.deliver); err == nil {
			return name, nil
		}
		b.log.Warn().Err(err).Msgf("Queue %s could not be declared", name)
		select {
		case <-time.After(250 * time.Millisecond):
		case <-ctx.Done():
			return "", &DeliveryError{Topic: topic, Err: fmt.Errorf("%w: %w", ctx.Err(), err)}
		}
	}
}

// undelivered returns the error of a call that found no broker.
func undelivered(ctx context.Context, topic string, err error) error {
	if errors.Is(err, ErrClosed) || errors.Is(ctx.Err(), context.Canceled) {
		return err
	}
	return &DeliveryError{Topic: topic, Err: err}
}

// deliver passes a frame to the call that waits for it. It never blocks: if the channel of the
// caller is full, it drops the oldest frame, which is a heartbeat.
func (b *broker) deliver(body []byte) {
	r, err := openReply(body)
	if err != nil {
		b.log.Warn().Err(err).Msg("Dropped a reply that could not be read")
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	frames := b.waiting[r.ID]
	if frames == nil {
		b.log.Debug().Msgf("No calling threads waiting for msg_id : %s", r.ID)
		return
	}
	for {
		select {
		case frames <- r:
			return
		default:
		}
		select {
		case <-frames:
		default:
		}
	}
}
