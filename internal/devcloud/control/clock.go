package control

import (
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"
)

// Clock is the clock of a cloud. Its zero value is the computer's.
type Clock struct {
	mu      sync.Mutex
	ahead   time.Duration
	stopped time.Time // zero: the clock runs
}

// Now returns the time of the cloud.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() time.Time {
	if !c.stopped.IsZero() {
		return c.stopped
	}
	return time.Now().Add(c.ahead)
}

// Stop stops the clock, or starts it again with the time at which it was stopped.
func (c *Clock) Stop(stop bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch now := c.now(); {
	case stop:
		c.stopped = now
	case !c.stopped.IsZero():
		c.ahead, c.stopped = time.Until(now), time.Time{}
	}
}

// Advance sets the clock forward.
func (c *Clock) Advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped.IsZero() {
		c.ahead += by
		return
	}
	c.stopped = c.stopped.Add(by)
}

// Reset returns to the computer's clock.
func (c *Clock) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead, c.stopped = 0, time.Time{}
}

// clockText is a clock in JSON.
type clockText struct {
	Ahead   time.Duration `json:"ahead"`
	Stopped time.Time     `json:"stopped,omitzero"`
}

// MarshalJSON implements json.Marshaler.
func (c *Clock) MarshalJSON() ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return json.Marshal(clockText{c.ahead, c.stopped})
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *Clock) UnmarshalJSON(text []byte) error {
	var is clockText
	if err := json.Unmarshal(text, &is); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead, c.stopped = is.Ahead, is.Stopped
	return nil
}

// mostAdvance is the most by which one request sets the clock forward; times beyond the year 9999
// have no form in Nova's databases.
const mostAdvance = 10 * 366 * 24 * time.Hour

func (c *Clock) state() any {
	c.mu.Lock()
	defer c.mu.Unlock()
	return map[string]any{"now": c.now().UTC(), "stopped": !c.stopped.IsZero()}
}

func (a *API) getClock(*http.Request) (any, error) { return a.Clock.state(), nil }

func (a *API) setClock(r *http.Request) (any, error) {
	var body struct {
		Stopped *bool   `json:"stopped"`
		Advance *string `json:"advance"`
	}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if body.Stopped == nil && body.Advance == nil {
		return nil, errors.New("stopped or advance is needed")
	}
	var by time.Duration
	if body.Advance != nil {
		var err error
		if by, err = duration("advance", *body.Advance); err != nil {
			return nil, err
		}
		if by > mostAdvance {
			return nil, errors.New("advance: at most 87840h (ten years)")
		}
	}
	if body.Stopped != nil {
		a.Clock.Stop(*body.Stopped)
	}
	a.Clock.Advance(by)
	return a.Clock.state(), a.Cloud.Report(r.Context())
}
