package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"github.com/nova-go/nova/internal/reqctx"
)

// Memory is the broker of fake:// URLs. Handlers in this process take the place of the services.
// Messages are encoded to JSON and decoded as over AMQP, so that a value that cannot be encoded
// fails here as well. The zero value is not usable; see [NewMemory].
type Memory struct {
	mu        sync.Mutex
	running   int                  // handlers of casts
	idle      chan struct{}        // closed when running becomes 0; nil: it is 0
	servers   map[string][]*server // by topic
	turn      map[string]int       // next server of a topic, for round robin
	recorders []*Recorder
	listeners []*Listener
	watcher   func(*Request) // nil: none
}

type server struct {
	name   string
	handle Handler
}

// Handler answers one request. Its result is encoded as JSON; the result of a cast is dropped.
// The caller receives a *RemoteError unchanged and any other error as an Exception. ctx ends with
// the timeout of the call; for casts it has no end.
type Handler func(ctx context.Context, r *Request) (any, error)

// Request is a message as the server receives it.
type Request struct {
	Target  Target
	Kind    Kind
	Method  string
	Args    map[string]json.RawMessage
	Context map[string]json.RawMessage // the request context, keys without _context_
	Caller  *reqctx.Caller             // the request context as a struct
}

// Arg decodes the argument name into to. If the argument is missing, to keeps its value.
func (r *Request) Arg(name string, to any) error {
	raw, ok := r.Args[name]
	if !ok {
		return nil
	}
	return json.Unmarshal(raw, to)
}

type memoryKey struct{}

// WithMemory returns a context in which applications use m for transport URLs of fake://. The
// embedded cloud uses it.
func WithMemory(ctx context.Context, m *Memory) context.Context {
	return context.WithValue(ctx, memoryKey{}, m)
}

// MemoryOf returns the broker that WithMemory has put into the context, or nil.
func MemoryOf(ctx context.Context) *Memory {
	m, _ := ctx.Value(memoryKey{}).(*Memory)
	return m
}

// NewMemory returns a broker without servers.
func NewMemory() *Memory {
	return &Memory{servers: map[string][]*server{}, turn: map[string]int{}}
}

// Handle registers h as the server name (a host) of a topic until remove is called. Messages to
// the topic alone go to its servers in turn, fanouts to all of them.
func (m *Memory) Handle(topic, name string, h Handler) (remove func()) {
	s := &server{name: name, handle: h}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.servers[topic] = append(m.servers[topic], s)
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		// deliver of a fanout reads the old slice without the lock, so it is not modified.
		m.servers[topic] = slices.DeleteFunc(slices.Clone(m.servers[topic]), func(o *server) bool { return o == s })
	}
}

// Watch calls f for each message that is sent from now on. f must neither block nor change the message.
func (m *Memory) Watch(f func(*Request)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watcher = f
}

// Wait returns when no handler of a cast runs.
func (m *Memory) Wait() { _ = m.Settle(context.Background()) }

// Settle returns when no handler of a cast runs, or with the error of ctx when that ends first. Unlike
// a sync.WaitGroup it may be called while other goroutines send messages.
func (m *Memory) Settle(ctx context.Context) error {
	for {
		m.mu.Lock()
		idle := m.idle
		m.mu.Unlock()
		if idle == nil {
			return nil
		}
		select {
		case <-idle:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// start runs a handler of a cast.
func (m *Memory) start(run func()) {
	m.mu.Lock()
	if m.running++; m.idle == nil {
		m.idle = make(chan struct{})
	}
	m.mu.Unlock()
	go func() {
		defer func() {
			m.mu.Lock()
			defer m.mu.Unlock()
			if m.running--; m.running == 0 {
				close(m.idle)
				m.idle = nil
			}
		}()
		run()
	}()
}

// receivers returns the servers that a message is delivered to.
func (m *Memory) receivers(t Target, kind Kind) []*server {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.servers[t.Topic]
	switch {
	case kind == KindFanout:
		return all
	case t.Server != "":
		for _, s := range all {
			if s.name == t.Server {
				return []*server{s}
			}
		}
		return nil
	case len(all) == 0:
		return nil
	}
	m.turn[t.Topic]++
	return []*server{all[m.turn[t.Topic]%len(all)]}
}

func (m *Memory) call(ctx context.Context, e envelope, o CallOptions) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	id := newID()
	e.msg = e.msg.forReply(id, "reply_memory", o)
	r, err := m.deliver(e)
	if err != nil {
		return nil, err
	}
	timeout := &TimeoutError{MessageID: id, Topic: e.target.Topic, Method: e.method}
	to := m.receivers(e.target, e.kind)
	if len(to) == 0 {
		// Over AMQP the message would be lost and the call would end with its timeout. In memory
		// no server can take it later, so the timeout is returned at once.
		return nil, timeout
	}
	answers := make(chan []byte, 1)
	failed := make(chan error, 1)
	go func() {
		body, err := serve(ctx, to[0].handle, r)
		if err != nil {
			failed <- err
			return
		}
		answers <- body
	}()
	select {
	case body := <-answers:
		frame, err := openReply(body)
		if err != nil {
			return nil, err
		}
		var a collectedReply
		a.take(frame)
		return a.value()
	case err := <-failed:
		return nil, err
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, timeout
		}
		return nil, ctx.Err()
	}
}

// serve runs the handler and encodes its reply.
func serve(ctx context.Context, h Handler, r *Request) ([]byte, error) {
	result, err := h(ctx, r)
	var failed any
	if err != nil {
		text, err := formatFailure(err)
		if err != nil {
			return nil, err
		}
		failed, result = text, nil
	}
	return message{{"result", result}, {"failure", failed}, {"ending", true}, {"_msg_id", ""}, {"_unique_id", newID()}}.seal()
}

func (m *Memory) send(ctx context.Context, e envelope) error {
	r, err := m.deliver(e)
	if err != nil || e.kind == KindNotification {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	for _, s := range m.receivers(e.target, e.kind) {
		m.start(func() { _, _ = s.handle(ctx, r) })
	}
	return nil
}

// deliver encodes the message, records it, and decodes it as its server would.
func (m *Memory) deliver(e envelope) (*Request, error) {
	e.msg = e.msg.signed(&e)
	text, err := e.msg.encode()
	if err != nil {
		return nil, err
	}
	var parsed map[string]json.RawMessage
	if err := json.Unmarshal(text, &parsed); err != nil {
		return nil, err
	}
	r := &Request{Target: e.target, Kind: e.kind, Method: e.method, Context: requestContext(parsed), Caller: callerOf(parsed)}
	if raw, ok := parsed["args"]; ok {
		if err := json.Unmarshal(raw, &r.Args); err != nil {
			return nil, err
		}
	}
	if e.kind == KindNotification && m.Listened(e.target.Topic) {
		n, err := notificationOf(parsed)
		if err != nil {
			return nil, err
		}
		m.Publish(e.target.Topic, n)
	}
	m.mu.Lock()
	recorders, watcher := m.recorders, m.watcher
	m.mu.Unlock()
	if watcher != nil {
		watcher(r)
	}
	if len(recorders) == 0 {
		return r, nil // without the envelope, to save time
	}
	if !e.bare {
		if text, err = seal(text); err != nil {
			return nil, err
		}
	}
	for _, rec := range recorders {
		rec.add(newMessage(r, parsed, text))
	}
	return r, nil
}

// close does nothing: the caller of NewMemory owns the broker, and other pools may use it.
func (m *Memory) close() error { return nil }
