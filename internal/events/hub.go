package events

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"sync"

	"github.com/nova-go/nova/internal/clock"
	"github.com/nova-go/nova/internal/objects"
)

// kept is the number of the last events that are kept for listeners: those who come back, and those who are slower than
// the others. An event takes about 500 bytes.
const kept = 4096

// Errors of Hub.Listen and Listener.Next.
var (
	ErrFull = errors.New("there are too many listeners")
	ErrSlow = errors.New("the listener is too slow")
)

// Hub passes events to listeners. All listeners share the encoded events.
type Hub struct {
	limit int // of listeners; 0: none

	mu        sync.Mutex
	process   string // distinguishes the ids of this Hub from those of others
	ring      []entry
	next      uint64 // the number of the next event; the first one is 1
	listeners map[string]map[*Listener]struct{}
	count     int
	closed    chan struct{}
	seen      duplicates
}

// entry is a kept event.
type entry struct {
	server, project, user string
	reset                 bool // for all listeners
	frame                 []byte
}

// NewHub returns a Hub for at most limit listeners; 0: any number.
func NewHub(limit int) *Hub {
	id := make([]byte, 4)
	_, _ = rand.Read(id) // never fails
	return &Hub{limit: limit, process: hex.EncodeToString(id), ring: make([]entry, 0, kept), next: 1,
		listeners: map[string]map[*Listener]struct{}{}, closed: make(chan struct{})}
}

// Scope selects the events of a listener: those of a project, those of a user's servers in all projects, or all. Server
// limits them to those of one server.
type Scope struct {
	Project, User string
	All           bool
	Server        string
}

// key returns the key of Hub.listeners.
func (s Scope) key() string {
	switch {
	case s.All:
		return ""
	case s.Project != "":
		return projectKey(s.Project)
	}
	return userKey(s.User)
}

func projectKey(id string) string { return "project " + id }
func userKey(id string) string    { return "user " + id }

func (s *Scope) matches(e *entry) bool {
	switch {
	case e.reset:
		return true
	case s.Server != "" && s.Server != e.server:
		return false
	case s.All:
		return true
	case s.Project != "":
		return s.Project == e.project
	}
	return s.User == e.user
}

// Source says where an event comes from. The same change may come from several sources.
type Source int

// The sources of events.
const (
	FromAPI       Source = iota // the API's own writes
	FromLegacy                  // unversioned notifications
	FromVersioned               // versioned notifications
	sources
)

// ServerChanged implements notify.Observer: it publishes a change that the API has made.
func (h *Hub) ServerChanged(ctx context.Context, event string, i *objects.Instance) {
	e := &Event{Type: event, Server: i.UUID, Project: i.ProjectID, User: i.UserID, Time: clock.Now(ctx),
		State: objects.OrZero(i.VMState), Task: objects.OrZero(i.TaskState)}
	if i.PowerState != nil {
		e.Power = objects.PowerStateName(*i.PowerState)
	}
	h.Publish(FromAPI, e)
}

// Publish passes an event to its listeners, unless another source has reported the same change already.
func (h *Hub) Publish(from Source, e *Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.seen.repeats(from, e) {
		return
	}
	h.add(entry{server: e.Server, project: e.Project, user: e.User, frame: e.frame(h.id(h.next))})
}

// received reports whether a notification has been received before: services of a deployment may be configured with
// several URLs of the same broker.
func (h *Hub) received(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return id != "" && h.seen.receives(id)
}

// Reset tells all listeners that they may have missed events.
func (h *Hub) Reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.add(entry{reset: true, frame: ResetFrame(h.id(h.next))})
}

func (h *Hub) add(e entry) {
	n := h.next
	h.next++
	if len(h.ring) < kept {
		h.ring = append(h.ring, e)
	} else {
		h.ring[(n-1)%kept] = e
	}
	if e.reset {
		for _, group := range h.listeners {
			tell(group, &e, n)
		}
		return
	}
	tell(h.listeners[""], &e, n)
	tell(h.listeners[projectKey(e.project)], &e, n)
	if e.user != "" {
		tell(h.listeners[userKey(e.user)], &e, n)
	}
}

// tell wakes the listeners of a group that an event is for.
func tell(group map[*Listener]struct{}, e *entry, n uint64) {
	for l := range group {
		if !l.scope.matches(e) {
			continue
		}
		if l.first == 0 {
			l.first = n
		}
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
}

func (h *Hub) id(n uint64) string { return h.process + "-" + strconv.FormatUint(n, 10) }

// number returns the number of the event with an id; ok is false if the id is not one of this Hub.
func (h *Hub) number(id string) (n uint64, ok bool) {
	digits, ours := strings.CutPrefix(id, h.process+"-")
	n, err := strconv.ParseUint(digits, 10, 64)
	return n, ours && err == nil && n < h.next
}

// oldest returns the number of the oldest event that is kept.
func (h *Hub) oldest() uint64 { return h.next - uint64(len(h.ring)) }

func (h *Hub) entry(n uint64) *entry { return &h.ring[(n-1)%kept] }

// Count returns the number of listeners.
func (h *Hub) Count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count
}

// Close ends all listeners; Next returns ErrClosed then.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-h.closed:
	default:
		close(h.closed)
	}
}

// Closed is closed when Close has been called.
func (h *Hub) Closed() <-chan struct{} { return h.closed }

// Listener receives the events of a scope. One goroutine may use it.
type Listener struct {
	// Began is the id of the last event before the listener.
	Began string

	hub   *Hub
	scope Scope
	wake  chan struct{}
	first uint64 // the first event that Next has not returned; 0: none. hub.mu guards it.
}

// Listen adds a listener. after is the id of the last event that the client has received; "" means that it begins now.
// missed tells that events after it may be missing: the id is too old, or that of another process. The error is ErrFull.
func (h *Hub) Listen(s Scope, after string) (l *Listener, missed bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.limit > 0 && h.count >= h.limit {
		return nil, false, ErrFull
	}
	l = &Listener{Began: h.id(h.next - 1), hub: h, scope: s, wake: make(chan struct{}, 1)}
	if after != "" {
		n, ok := h.number(after)
		if missed = !ok || n+1 < h.oldest(); !missed {
			l.first = l.from(n + 1)
		}
	}
	if l.first != 0 {
		l.wake <- struct{}{}
	}
	key := s.key()
	if h.listeners[key] == nil {
		h.listeners[key] = map[*Listener]struct{}{}
	}
	h.listeners[key][l] = struct{}{}
	h.count++
	return l, missed, nil
}

// Close removes the listener.
func (l *Listener) Close() {
	h := l.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	key := l.scope.key()
	if _, there := h.listeners[key][l]; !there {
		return
	}
	delete(h.listeners[key], l)
	if len(h.listeners[key]) == 0 {
		delete(h.listeners, key)
	}
	h.count--
}

// from returns the number of the first event for the listener that is not before n, or 0.
func (l *Listener) from(n uint64) uint64 {
	for ; n < l.hub.next; n++ {
		if l.scope.matches(l.hub.entry(n)) {
			return n
		}
	}
	return 0
}

// Wake receives when Next has further events.
func (l *Listener) Wake() <-chan struct{} { return l.wake }

// batch is the number of events that Next returns at most.
const batch = 64

// Next returns the encoded events that the listener has not received yet, none or at most 64, and the id of the last event
// so far. It is called again while it returns events. The error is ErrSlow if events are no longer kept.
func (l *Listener) Next() (frames [][]byte, last string, err error) {
	h := l.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if l.first == 0 {
		return nil, h.id(h.next - 1), nil
	}
	if l.first < h.oldest() {
		return nil, "", ErrSlow
	}
	n := l.first
	for ; n != 0 && len(frames) < batch; n = l.from(n + 1) {
		frames, last = append(frames, h.entry(n).frame), h.id(n)
	}
	l.first = n
	return frames, last, nil
}
