package rpc

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
)

// Recorder keeps what was sent over a [Memory], for tests.
type Recorder struct {
	m *Memory

	mu      sync.Mutex
	all     []Message
	changed chan struct{} // closed when all grows
}

// Message is one recorded message. A notification has the last four fields, any
// other the Request's.
type Message struct {
	Request
	Body []byte // as sent, envelope included

	Event     string // event_type
	Publisher string // publisher_id
	Priority  string // "INFO"
	Payload   json.RawMessage
}

func newMessage(r *Request, parsed map[string]json.RawMessage, body []byte) Message {
	m := Message{Request: *r, Body: body, Payload: parsed["payload"]}
	for key, to := range map[string]*string{"event_type": &m.Event, "publisher_id": &m.Publisher, "priority": &m.Priority} {
		if raw, ok := parsed[key]; ok {
			_ = json.Unmarshal(raw, to)
		}
	}
	return m
}

// Record starts recording; end it with Stop.
func (m *Memory) Record() *Recorder {
	r := &Recorder{m: m, changed: make(chan struct{})}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.recorders = append(slices.Clone(m.recorders), r)
	return r
}

// Stop ends the recording; what was recorded stays.
func (r *Recorder) Stop() {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	r.m.recorders = slices.DeleteFunc(slices.Clone(r.m.recorders), func(o *Recorder) bool { return o == r })
}

func (r *Recorder) add(m Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, m)
	close(r.changed)
	r.changed = make(chan struct{})
}

// Messages are all that were recorded, in the order in which they were sent.
func (r *Recorder) Messages() []Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.all)
}

// Wait is the first message that matches; the error is ctx's.
func (r *Recorder) Wait(ctx context.Context, match func(Message) bool) (Message, error) {
	for {
		r.mu.Lock()
		all, changed := r.all, r.changed
		r.mu.Unlock()
		if i := slices.IndexFunc(all, match); i >= 0 {
			return all[i], nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Message{}, ctx.Err()
		}
	}
}
