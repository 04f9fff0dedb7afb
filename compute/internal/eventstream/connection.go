package eventstream

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/nova-go/nova/internal/clock"
	"github.com/nova-go/nova/internal/events"
	"github.com/nova-go/nova/internal/middleware"
)

// connection writes the events of a listener to its client.
type connection struct {
	*Options
	permit
	w        http.ResponseWriter
	rc       *http.ResponseController
	listener *events.Listener
}

// begin writes the first lines: the time after which the client tries again, and the id of the last event, so that the client
// can resume from it, or the event that tells it to read the list.
func (c *connection) begin(sub *subscription) error {
	first := "retry: " + retry + "\n"
	if !sub.missed && sub.after != "" {
		return c.write([]byte(first + "\n"))
	}
	if sub.missed {
		return c.write([]byte(first), events.ResetFrame(c.listener.Began))
	}
	return c.write([]byte(first + "id: " + c.listener.Began + "\n\n"))
}

// run writes events until the client disconnects, its permit ends, or the listener does.
func (c *connection) run(ctx context.Context) {
	heartbeat := time.NewTicker(c.Heartbeat)
	defer heartbeat.Stop()
	var expiry <-chan time.Time // by the computer's clock; heartbeats notice an embedded cloud's clock that has advanced
	if !c.expires.IsZero() {
		timer := time.NewTimer(c.expires.Sub(c.Now()))
		defer timer.Stop()
		expiry = timer.C
	}
	checked, result := time.Now(), make(chan error, 1)
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-c.Hub.Closed():
			return
		case <-c.listener.Wake():
			_, err = c.events()
		case <-expiry:
			if c.expired() {
				return
			}
			expiry = nil
		case why := <-result:
			if errors.Is(why, middleware.ErrInvalidToken) {
				return
			}
		case <-heartbeat.C:
			if c.expired() {
				return
			}
			if c.recheck != nil && time.Since(checked) >= c.Recheck {
				checked = time.Now()
				go c.check(ctx, result)
			}
			err = c.beat()
		}
		if err != nil {
			c.Log.Debug().Err(err).Msg("A listener for events was disconnected")
			return
		}
	}
}

func (c *connection) expired() bool { return !c.expires.IsZero() && !c.Now().Before(c.expires) }

// check checks the token again.
func (c *connection) check(ctx context.Context, result chan<- error) {
	ctx, cancel := context.WithTimeout(clock.With(ctx, c.Now), recheckTimeout)
	defer cancel()
	select {
	case result <- c.recheck(ctx):
	default: // a check that took longer than the interval
	}
}

// events writes the events that wait, and returns the id of the last one so far.
func (c *connection) events() (last string, err error) {
	for {
		frames, last, err := c.listener.Next()
		if err != nil || len(frames) == 0 {
			return last, err
		}
		if err := c.write(frames...); err != nil {
			return "", err
		}
	}
}

// beat writes a comment and the id of the last event. Clients that have received no event for a long time can thus resume.
func (c *connection) beat() error {
	last, err := c.events()
	if err != nil {
		return err
	}
	return c.write([]byte(":\nid: " + last + "\n\n"))
}

// write writes and flushes. A client that reads nothing for Patience fails.
func (c *connection) write(parts ...[]byte) error {
	if err := c.rc.SetWriteDeadline(time.Now().Add(c.Patience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	for _, p := range parts {
		if _, err := c.w.Write(p); err != nil {
			return err
		}
	}
	return c.rc.Flush()
}
