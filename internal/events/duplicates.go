package events

import "time"

// Changes are remembered for at least rememberFor, and in at most two maps of rememberMost, to recognize those that
// another source reports, too.
const (
	rememberFor  = 30 * time.Second
	rememberMost = 4096
)

// deleted is the event type of the end of a server.
const deleted = "instance.delete.end"

// duplicates recognizes changes that several sources report. It counts how often each source has reported a change. The
// zero value remembers nothing.
type duplicates struct {
	changes generations[change, *reports]
	ids     generations[string, struct{}]
}

// change is what all sources say about a change in the same words.
type change struct{ server, event, state, task string }

type reports struct {
	by  [sources]int
	all int // the number of reports that were not repeated
}

// repeats reports whether another source has reported the event already. A source that reports the same change twice means
// two changes: a server that is stopped, started and stopped again.
func (d *duplicates) repeats(from Source, e *Event) bool {
	key := change{e.Server, e.Type, e.State, e.Task}
	if e.Type == deleted { // which happens once, and is reported with the state before or after it
		key.state, key.task = "", ""
	}
	r, known := d.changes.get(key)
	if !known {
		r = &reports{}
		d.changes.put(key, r)
	}
	r.by[from]++
	if r.by[from] <= r.all {
		return true
	}
	r.all = r.by[from]
	return false
}

// receives remembers the id of a notification, and reports whether it was remembered already.
func (d *duplicates) receives(id string) bool {
	_, known := d.ids.get(id)
	if !known {
		d.ids.put(id, struct{}{})
	}
	return known
}

// generations is a map that forgets: when the newer of its two maps is full or old, it replaces the older one.
type generations[K comparable, V any] struct {
	recent, older map[K]V
	began         time.Time // of recent
}

func (g *generations[K, V]) get(key K) (V, bool) {
	g.age()
	v, known := g.recent[key]
	if !known {
		if v, known = g.older[key]; known {
			g.recent[key] = v
		}
	}
	return v, known
}

func (g *generations[K, V]) put(key K, v V) { g.recent[key] = v }

func (g *generations[K, V]) age() {
	now := time.Now()
	old := now.Sub(g.began)
	if g.recent != nil && old <= rememberFor && len(g.recent) < rememberMost {
		return
	}
	if old > 2*rememberFor {
		g.recent = nil
	}
	g.recent, g.older, g.began = map[K]V{}, g.recent, now
}
