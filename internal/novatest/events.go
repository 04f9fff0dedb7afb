package novatest

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Event is one of Server-Sent Events of GET /servers/events. Name is "message" or "reset", ID the id with which a client can
// resume.
type Event struct {
	Name, ID, Data string
	Server         struct {
		ID        string  `json:"id"`
		Type      string  `json:"event_type"`
		Timestamp string  `json:"timestamp"`
		Server    string  `json:"server"`
		Project   string  `json:"project_id"`
		State     *string `json:"state"`
		Task      *string `json:"task_state"`
		Power     string  `json:"power_state"`
	}
}

// EventStream reads the events of a connection.
type EventStream struct {
	t      testing.TB
	cancel context.CancelFunc
	events chan Event
	begun  chan struct{} // closed when the first block has been read

	// ID is the id of the last block, once Next has returned or Begun was called.
	ID string
}

// Events connects to GET /servers/events, with a query such as "?server=UUID", and waits until events are received. The
// stack must have the option Events.
func (c *Client) Events(query string) *EventStream {
	t := c.s.t
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.DefaultTransport.RoundTrip(c.At("").request(ctx, "GET /servers/events"+query, nil))
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	if r.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(r.Body)
		cancel()
		t.Fatalf("GET /servers/events%s: %d %s", query, r.StatusCode, text)
	}
	s := ReadEvents(t, r.Body)
	s.cancel = cancel
	t.Cleanup(cancel)
	return s
}

// ReadEvents reads the events of an answer, and waits for its first lines.
func ReadEvents(t testing.TB, body io.ReadCloser) *EventStream {
	t.Helper()
	s := &EventStream{t: t, events: make(chan Event, 1000), begun: make(chan struct{}), cancel: func() {}}
	go s.read(body)
	select {
	case <-s.begun:
	case <-time.After(time.Minute):
		t.Fatal("the stream does not begin")
	}
	return s
}

func (s *EventStream) read(body io.ReadCloser) {
	defer close(s.events)
	defer body.Close()
	e, first, lines := Event{Name: "message"}, true, bufio.NewScanner(body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "": // the end of a block
			if first {
				s.ID, first = e.ID, false
				close(s.begun)
			}
			if e.Data != "" {
				_ = json.Unmarshal([]byte(e.Data), &e.Server)
				s.events <- e
			}
			e = Event{Name: "message", ID: e.ID}
		case name == "event":
			e.Name = value
		case name == "id":
			e.ID = value
		case name == "data":
			e.Data += value
		}
	}
}

// Next waits for the next event.
func (s *EventStream) Next() Event {
	s.t.Helper()
	select {
	case e, ok := <-s.events:
		if !ok {
			s.t.Fatal("the stream has ended")
		}
		s.ID = e.ID
		return e
	case <-time.After(time.Minute):
		s.t.Fatal("there is no event")
	}
	return Event{}
}

// Until waits for an event for which match is true, and returns it and those before.
func (s *EventStream) Until(match func(Event) bool) []Event {
	s.t.Helper()
	var all []Event
	for {
		e := s.Next()
		all = append(all, e)
		if match(e) {
			return all
		}
	}
}

// Ends waits until the server has ended the stream.
func (s *EventStream) Ends() {
	s.t.Helper()
	for {
		select {
		case _, ok := <-s.events:
			if !ok {
				return
			}
		case <-time.After(time.Minute):
			s.t.Fatal("the stream does not end")
		}
	}
}

// Close disconnects, and waits until the stream has ended.
func (s *EventStream) Close() {
	s.cancel()
	for range s.events { //nolint:revive // discards what remains
	}
}
