package quota

import (
	"context"
	"sync"
)

// flights lets concurrent requests for a project share one read. A request never joins a read
// that has begun, so that a client sees its own changes.
type flights struct {
	mu      sync.Mutex
	waiting map[string]*flight // reads that have not begun, by project
	running map[string]bool
}

type flight struct {
	read func(context.Context) (Set, error)
	done chan struct{}
	set  Set
	err  error
}

// do returns the result of a read that begins after the call.
func (f *flights) do(ctx context.Context, project string, read func(context.Context) (Set, error)) (Set, error) {
	f.mu.Lock()
	if f.waiting == nil {
		f.waiting, f.running = map[string]*flight{}, map[string]bool{}
	}
	c := f.waiting[project]
	if c == nil {
		c = &flight{read: read, done: make(chan struct{})}
		f.waiting[project] = c
		if !f.running[project] {
			f.running[project] = true
			go f.run(context.WithoutCancel(ctx), project)
		}
	}
	f.mu.Unlock()
	select {
	case <-c.done:
		return c.set, c.err
	case <-ctx.Done():
		return Set{}, ctx.Err()
	}
}

// run reads for a project until no request waits.
func (f *flights) run(ctx context.Context, project string) {
	for {
		f.mu.Lock()
		c := f.waiting[project]
		delete(f.waiting, project)
		if c == nil {
			delete(f.running, project)
			f.mu.Unlock()
			return
		}
		f.mu.Unlock()
		c.set, c.err = c.read(ctx)
		close(c.done)
	}
}
