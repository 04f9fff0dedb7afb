package log

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
)

// limiter drops lines beyond rate_limit_burst per rate_limit_interval, except for lines of
// rate_limit_except_level and above.
type limiter struct {
	burst    int
	interval time.Duration
	except   zerolog.Level

	mu    sync.Mutex
	count int
	until time.Time
}

// newLimiter returns nil if there is no limit.
func newLimiter(cfg config.Log) *limiter {
	if cfg.RateLimitBurst < 1 || cfg.RateLimitInterval < 1 {
		return nil
	}
	except, ok := pythonLevels[strings.ToUpper(cfg.RateLimitExceptLevel)]
	if !ok {
		except = zerolog.Disabled // higher than all levels
	}
	return &limiter{burst: cfg.RateLimitBurst, interval: time.Duration(cfg.RateLimitInterval) * time.Second, except: except}
}

// allows reports whether a line is written; full is true for the first dropped line of an
// interval.
func (l *limiter) allows(level zerolog.Level, now time.Time) (ok, full bool) {
	if l == nil || level >= l.except {
		return true, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !now.Before(l.until) {
		l.count, l.until = 0, now.Add(l.interval)
	}
	l.count++
	return l.count <= l.burst, l.count == l.burst+1
}

func (l *limiter) text() string {
	return fmt.Sprintf("Logging rate limit: drop after %d records/%d sec", l.burst, int(l.interval/time.Second))
}

// colorOf returns the escape sequence that replaces %(color)s with log_color, by level.
func colorOf(level zerolog.Level) string {
	switch level {
	case zerolog.TraceLevel:
		return "\x1b[00;35m"
	case zerolog.DebugLevel:
		return "\x1b[00;32m"
	case zerolog.WarnLevel:
		return "\x1b[01;33m"
	case zerolog.ErrorLevel, zerolog.FatalLevel, zerolog.PanicLevel:
		return "\x1b[01;31m"
	}
	return "\x1b[00;36m"
}

// plainColor is the escape sequence at the end of a coloured line.
const plainColor = "\x1b[00m"
