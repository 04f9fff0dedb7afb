package startup

import (
	"context"
	"math/rand/v2"
	"time"
)

// pauses are the increasing pauses between attempts.
type pauses struct{ next time.Duration }

const (
	firstPause   = 250 * time.Millisecond
	longestPause = 15 * time.Second
)

// wait waits for one pause. Up to a quarter of it is random, so that many processes do not try
// at the same time. It returns false if ctx has ended.
func (p *pauses) wait(ctx context.Context) bool {
	p.next = min(max(2*p.next, firstPause), longestPause)
	select {
	case <-time.After(p.next - rand.N(p.next/4)):
		return true
	case <-ctx.Done():
		return false
	}
}
