package compute

import (
	"context"
	"sync"
)

// pause lets a function run while no message is handled.
type pause struct {
	mu      sync.Mutex
	handled map[int]context.CancelFunc // the messages that are being handled
	n       int
	idle    chan struct{} // closed when handled becomes empty; nil: nobody waits for it
	over    chan struct{} // closed when messages are handled again; nil: they are
}

// During handles a message: it calls run, after a pause of the fleet has ended. The context of run
// ends with that of the message, and when Pause interrupts the messages.
func (f *Fleet) During(ctx context.Context, run func(context.Context) (any, error)) (any, error) {
	p := &f.pause
	p.mu.Lock()
	for p.over != nil {
		over := p.over
		p.mu.Unlock()
		select {
		case <-over:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		p.mu.Lock()
	}
	ctx, cancel := context.WithCancel(ctx)
	p.n++
	n := p.n
	if p.handled == nil {
		p.handled = map[int]context.CancelFunc{}
	}
	p.handled[n] = cancel
	p.mu.Unlock()
	defer func() {
		cancel()
		p.mu.Lock()
		defer p.mu.Unlock()
		if delete(p.handled, n); len(p.handled) == 0 && p.idle != nil {
			close(p.idle)
			p.idle = nil
		}
	}()
	return run(ctx)
}

// Pause calls do while no message is handled: those that arrive meanwhile wait, and those that are
// being handled are waited for, or with interrupt end early. The error is ctx's or do's. Calls must
// not overlap.
func (f *Fleet) Pause(ctx context.Context, interrupt bool, do func() error) error {
	p := &f.pause
	p.mu.Lock()
	over := make(chan struct{})
	p.over = over
	var idle chan struct{}
	if len(p.handled) > 0 {
		idle = make(chan struct{})
		p.idle = idle
	}
	if interrupt {
		for _, cancel := range p.handled {
			cancel()
		}
	}
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.over, p.idle = nil, nil
		close(over)
	}()
	if idle != nil {
		select {
		case <-idle:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return do()
}
