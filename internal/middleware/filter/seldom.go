package filter

import (
	"sync/atomic"
	"time"
)

// began is the begin of Seldom's time, which does not jump with the computer's clock.
var began = time.Now()

// Seldom bounds the number of repeated log lines to one a minute.
type Seldom struct{ last atomic.Int64 }

// Now reports whether a line may be written, and counts it.
func (s *Seldom) Now() bool {
	at, last := int64(time.Since(began))+1, s.last.Load()
	return (last == 0 || at-last >= int64(time.Minute)) && s.last.CompareAndSwap(last, at)
}
