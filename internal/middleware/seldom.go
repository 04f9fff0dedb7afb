package middleware

import (
	"sync/atomic"
	"time"
)

// seldom bounds the number of repeated log lines to one a minute.
type seldom struct{ last atomic.Int64 }

// now reports whether a line may be written, and counts it.
func (s *seldom) now() bool {
	at, last := time.Now().UnixNano(), s.last.Load()
	return (last == 0 || at-last >= int64(time.Minute)) && s.last.CompareAndSwap(last, at)
}
