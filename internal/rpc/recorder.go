package rpc

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
)

// Recorder keeps the messages that are sent over a [Memory], for tests.
type Recorder struct {
	m *Memory

	mu      sync.Mutex
	all     []Message
	changed chan struct{} // closed when all grows
}

// Message is one recorded message. The last four fields are set for a notification, the fields of
// Request for any other message.
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

// Record returns a recorder of the messages that are sent from now on, until its Stop.
func (m *Memory) Record() *Recorder {
	r := &Recorder{m: m, changed: make(chan struct{})}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.recorders = append(slices.Clone(m.recorders), r)
	return r
}

// Stop ends the recording. The recorded messages remain.
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

// Messages returns the recorded messages in the order in which they were sent.
func (r *Recorder) Messages() []Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.all)
}

// Wait returns the first message for which match is true, and waits for it until ctx ends; its
// error is ctx's.
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
