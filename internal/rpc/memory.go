package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"github.com/nova-go/nova/internal/reqctx"
)

// Memory is the broker behind fake://: handlers in this process stand in for the
// services. Messages pass through the wire's JSON, so that what could not travel
// fails here, too. The zero value is not usable; see [NewMemory].
type Memory struct {
	running sync.WaitGroup // handlers of casts

	mu        sync.Mutex
	servers   map[string][]*server // by topic
	turn      map[string]int       // round robin, by topic
	recorders []*Recorder
}

type server struct {
	name   string
	handle Handler
}

// Handler answers one request. Its result is encoded as JSON; for a cast it is
// dropped. A *RemoteError reaches the caller as it is, any other error as an
// Exception. ctx ends with the call's timeout; for casts it has no end.
type Handler func(ctx context.Context, r *Request) (any, error)

// Request is a message as its server sees it.
type Request struct {
	Target  Target
	Kind    Kind
	Method  string
	Args    map[string]json.RawMessage
	Context map[string]json.RawMessage // the request context, without _context_
	Caller  *reqctx.Caller             // the same, typed
}

// Arg decodes one argument into to; one that is missing leaves to as it is.
func (r *Request) Arg(name string, to any) error {
	raw, ok := r.Args[name]
	if !ok {
		return nil
	}
	return json.Unmarshal(raw, to)
}

type memoryKey struct{}

// WithMemory is a context whose applications find m behind transport URLs of fake://:
// those of an embedded cloud.
func WithMemory(ctx context.Context, m *Memory) context.Context {
	return context.WithValue(ctx, memoryKey{}, m)
}

// MemoryOf is the broker that WithMemory has put into a context; nil if there is none.
func MemoryOf(ctx context.Context) *Memory {
	m, _ := ctx.Value(memoryKey{}).(*Memory)
	return m
}

// NewMemory returns a broker that nobody serves yet.
func NewMemory() *Memory {
	return &Memory{servers: map[string][]*server{}, turn: map[string]int{}}
}

// Handle serves a topic as the named server (a host), until remove is called.
// Messages to the topic alone go to its servers in turn, fanout to all of them.
func (m *Memory) Handle(topic, name string, h Handler) (remove func()) {
	s := &server{name: name, handle: h}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.servers[topic] = append(m.servers[topic], s)
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		// A copy, for fanout reads the old one without the lock.
		m.servers[topic] = slices.DeleteFunc(slices.Clone(m.servers[topic]), func(o *server) bool { return o == s })
	}
}

// Wait returns when the handlers of all casts so far have.
func (m *Memory) Wait() { m.running.Wait() }

// receivers are the servers a message goes to.
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
		// Over AMQP the message would be lost, and the caller wait in vain. There
		// is nothing to wait for here.
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
		var a answer
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

// serve runs the handler and encodes its answer.
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
		m.running.Go(func() { _, _ = s.handle(ctx, r) })
	}
	return nil
}

// deliver encodes the message, records it, and decodes it as its server would.
func (m *Memory) deliver(e envelope) (*Request, error) {
	e.msg = e.msg.signed(e.caller)
	text, err := e.msg.encode()
	if err != nil {
		return nil, err
	}
	var parsed map[string]json.RawMessage
	if err := json.Unmarshal(text, &parsed); err != nil {
		return nil, err
	}
	r := &Request{Target: e.target, Kind: e.kind, Method: e.method, Context: contextOf(parsed), Caller: callerOf(parsed)}
	if raw, ok := parsed["args"]; ok {
		if err := json.Unmarshal(raw, &r.Args); err != nil {
			return nil, err
		}
	}
	m.mu.Lock()
	recorders := m.recorders
	m.mu.Unlock()
	if len(recorders) == 0 {
		return r, nil // and the envelope is spared
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

// close leaves the broker as it is: it belongs to whoever made it, and other
// pools may use it.
func (m *Memory) close() error { return nil }
