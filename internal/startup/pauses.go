package startup

import (
	"context"
	"math/rand/v2"
	"time"
)

// pauses grow from one try to the next.
type pauses struct{ next time.Duration }

const (
	firstPause   = 250 * time.Millisecond
	longestPause = 15 * time.Second
)

// wait waits for one pause, of which up to a quarter is left to chance, so that
// many processes do not try at once; false when ctx has ended.
func (p *pauses) wait(ctx context.Context) bool {
	p.next = min(max(2*p.next, firstPause), longestPause)
	select {
	case <-time.After(p.next - rand.N(p.next/4)):
		return true
	case <-ctx.Done():
		return false
	}
}
