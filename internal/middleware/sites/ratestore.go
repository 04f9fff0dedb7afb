package sites

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	gomemcache "github.com/bradfitz/gomemcache/memcache"
	"github.com/gomodule/redigo/redis"

	"github.com/nova-go/nova/internal/memcache"
	"github.com/nova-go/nova/internal/middleware/filter"
)

// slide counts a request at now. times are the counted requests, from the oldest to the newest.
// It returns the requests that count from now on.
func slide(times []int64, now int64, limit int, window, maxSleep int64) ([]int64, int64, bool, int) {
	for len(times) > 0 && times[0] <= now-window {
		times = times[1:]
	}
	remaining := limit - len(times)
	if remaining > 0 {
		return insert(times, now), 0, false, remaining
	}
	after := times[0] + window - now
	if after >= maxSleep || len(times) >= 2*limit {
		return times, after, false, 0
	}
	return insert(times, now+after), after, true, 0
}

// insert keeps the order of times, which the clocks of several processes may violate.
func insert(times []int64, at int64) []int64 {
	times = append(times, at)
	for i := len(times) - 1; i > 0 && times[i] < times[i-1]; i-- {
		times[i], times[i-1] = times[i-1], times[i]
	}
	return times
}

// memoryRates counts the requests of this process.
type memoryRates struct {
	mu    sync.Mutex
	keys  map[string]*memoryWindow
	swept time.Time
}

type memoryWindow struct {
	times []int64
	until time.Time // when all of times have left the window
}

// NewMemoryRates returns a store in the memory of the process.
func NewMemoryRates() RateStore { return &memoryRates{keys: map[string]*memoryWindow{}} }

func (m *memoryRates) Count(_ context.Context, key string, now time.Time, limit int, window, maxSleep time.Duration) (Counted, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now.Sub(m.swept) >= time.Minute {
		for k, w := range m.keys {
			if w.until.Before(now) {
				delete(m.keys, k)
			}
		}
		m.swept = now
	}
	w := m.keys[key]
	if w == nil {
		w = &memoryWindow{}
		m.keys[key] = w
	}
	times, after, wait, remaining := slide(w.times, now.UnixNano(), limit, int64(window), int64(maxSleep))
	w.times = times
	w.until = time.Unix(0, times[len(times)-1]).Add(window)
	return Counted{remaining, time.Duration(after), wait}, nil
}

// rateStoreConfig are the options of a paste section that choose a store.
type rateStoreConfig struct {
	kind        string // "redis", "memcached" or "memory"
	address     string
	connections int
	timeout     time.Duration
	unit        time.Duration // of timestamps
}

func rateStoreOptions(p *filter.Options) rateStoreConfig {
	c := rateStoreConfig{kind: "redis", connections: 100, timeout: 2 * time.Second}
	p.String("backend", &c.kind)
	port := "6379"
	switch c.kind {
	case "redis", "memory":
	case "memcache", "memcached":
		c.kind, port = "memcached", "11211"
	default:
		p.Fail("backend", c.kind, "redis, memcached or memory")
	}
	host, accuracy := "127.0.0.1", "1ns"
	p.String("backend_host", &host)
	p.String("backend_port", &port)
	if n, err := strconv.ParseUint(strings.TrimSpace(port), 10, 16); err != nil || n == 0 {
		p.Fail("backend_port", port, "port")
	}
	p.Number("backend_max_connections", &c.connections)
	if c.connections < 1 {
		p.Fail("backend_max_connections", strconv.Itoa(c.connections), "number above 0")
	}
	p.Seconds("backend_timeout_seconds", &c.timeout)
	if c.timeout == 0 {
		p.Fail("backend_timeout_seconds", "0", "number above 0")
	}
	p.String("clock_accuracy", &accuracy)
	var err error
	if c.unit, err = parseWindow(accuracy); err != nil && p.Err == nil {
		p.Err = fmt.Errorf("option clock_accuracy: %w", err)
	}
	c.address = net.JoinHostPort(host, strings.TrimSpace(port))
	return c
}

// open returns the store, which connects when it is first used; nil for the memory of the process.
func (c rateStoreConfig) open() RateStore {
	switch c.kind {
	case "redis":
		return &pausingRates{store: NewRedisRates(c.address, c.unit, c.timeout, c.connections)}
	case "memcached":
		return &pausingRates{store: NewMemcachedRates(c.address, c.timeout, c.connections)}
	}
	return nil
}

// pausingRates does not ask a store that has just failed, so that requests do not wait for it.
type pausingRates struct {
	store RateStore
	until atomic.Pointer[time.Time]
}

const ratePause = 5 * time.Second

var errRatePause = errors.New("the backend has failed within the last 5 seconds")

func (p *pausingRates) Count(ctx context.Context, key string, now time.Time, limit int, window, maxSleep time.Duration) (Counted, error) {
	if until := p.until.Load(); until != nil && time.Until(*until) > 0 { // the computer's clock may jump in between
		return Counted{}, errRatePause
	}
	got, err := p.store.Count(ctx, key, now, limit, window, maxSleep)
	if err != nil && ctx.Err() == nil {
		p.until.Store(new(time.Now().Add(ratePause)))
	}
	return got, err
}

// redisRates counts in sorted sets under the keys of SAP's filter, whose members are timestamps.
type redisRates struct {
	pool *redis.Pool
	unit time.Duration
}

// NewRedisRates returns a store that processes of this program and of SAP's filter share. unit
// is the precision of timestamps, and must be the same for all.
func NewRedisRates(address string, unit, timeout time.Duration, connections int) RateStore {
	return &redisRates{unit: unit, pool: &redis.Pool{
		MaxIdle: connections, MaxActive: connections, Wait: true, IdleTimeout: time.Minute,
		DialContext: func(ctx context.Context) (redis.Conn, error) {
			return redis.DialContext(ctx, "tcp", address, redis.DialConnectTimeout(timeout), redis.DialReadTimeout(timeout),
				redis.DialWriteTimeout(timeout))
		},
	}}
}

// countScript is slide for a sorted set. Members are the scores as text, as SAP's script needs
// them, so that a second request of the same time gets the next one.
// ARGV: now, limit, window, longest wait, all but the limit in units; seconds until the set expires.
var countScript = redis.NewScript(1, `
local now, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local window, longest = tonumber(ARGV[3]), tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - window))
local used = redis.call('ZCARD', KEYS[1])
local at, after, wait = now, 0, 0
if used >= limit then
  local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  after = tonumber(oldest[2]) + window - now
  if after >= longest or used >= 2 * limit then
    return {0, after, 0}
  end
  at, wait = now + after, 1
end
local member = string.format('%.0f', at)
while redis.call('ZSCORE', KEYS[1], member) do
  at = at + 1
  member = string.format('%.0f', at)
end
redis.call('ZADD', KEYS[1], member, member)
redis.call('EXPIRE', KEYS[1], ARGV[5])
return {math.max(limit - used, 0), after, wait}
`)

func (s *redisRates) Count(ctx context.Context, key string, now time.Time, limit int, window, maxSleep time.Duration) (Counted, error) {
	conn, err := s.pool.GetContext(ctx)
	if err != nil {
		return Counted{}, fmt.Errorf("redis: %w", err)
	}
	defer func() { _ = conn.Close() }()
	got, err := redis.Int64s(countScript.DoContext(ctx, conn, key, now.UnixNano()/int64(s.unit), limit, int64(window/s.unit),
		int64(maxSleep/s.unit), expiry(window, maxSleep)))
	if err != nil {
		return Counted{}, fmt.Errorf("redis: %w", err)
	}
	if len(got) != 3 {
		return Counted{}, fmt.Errorf("redis: an answer of %d numbers", len(got))
	}
	return Counted{int(got[0]), time.Duration(got[1]) * s.unit, got[2] != 0}, nil
}

// expiry returns the seconds after which all counted requests have left the window.
func expiry(window, maxSleep time.Duration) int64 { return int64((window+maxSleep)/time.Second) + 1 }

// memcachedRates counts in texts of timestamps, separated by spaces.
type memcachedRates struct{ client *gomemcache.Client }

// NewMemcachedRates returns a store that processes of this program share.
func NewMemcachedRates(address string, timeout time.Duration, connections int) RateStore {
	return &memcachedRates{memcache.Client(address, timeout, connections)}
}

// maxCounting bounds the attempts to store a count that other processes change at the same time.
const maxCounting = 16

func (s *memcachedRates) Count(_ context.Context, key string, now time.Time, limit int, window, maxSleep time.Duration) (Counted, error) {
	if sum := sha256.Sum256([]byte(key)); len(key) > 200 || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		key = "ratelimit_" + hex.EncodeToString(sum[:])
	}
	for range maxCounting {
		item, err := s.client.Get(key)
		fresh := errors.Is(err, gomemcache.ErrCacheMiss)
		if err != nil && !fresh {
			return Counted{}, fmt.Errorf("memcached: %w", err)
		}
		var times []int64
		if fresh {
			item = &gomemcache.Item{Key: key}
		}
		for field := range strings.FieldsSeq(string(item.Value)) {
			at, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				return Counted{}, fmt.Errorf("memcached: key %s: %w", key, err)
			}
			times = append(times, at)
		}
		counted := len(times)
		times, after, wait, remaining := slide(times, now.UnixMicro(), limit, window.Microseconds(), maxSleep.Microseconds())
		got := Counted{remaining, time.Duration(after) * time.Microsecond, wait}
		if remaining == 0 && !wait && len(times) == counted {
			return got, nil
		}
		item.Value = item.Value[:0]
		for _, at := range times {
			item.Value = append(strconv.AppendInt(item.Value, at, 10), ' ')
		}
		if item.Expiration = int32(min(expiry(window, maxSleep), 30*24*3600)); fresh {
			err = s.client.Add(item)
		} else {
			err = s.client.CompareAndSwap(item)
		}
		switch {
		case err == nil:
			return got, nil
		case !errors.Is(err, gomemcache.ErrNotStored) && !errors.Is(err, gomemcache.ErrCASConflict) && !errors.Is(err, gomemcache.ErrCacheMiss):
			return Counted{}, fmt.Errorf("memcached: %w", err)
		}
	}
	return Counted{}, fmt.Errorf("memcached: %d other processes have changed %s at the same time", maxCounting, key)
}
