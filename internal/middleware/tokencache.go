package middleware

import (
	"context"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"

	"github.com/nova-go/nova/internal/metrics"
)

// maxTokens bounds the number of cached tokens. A parsed token with a catalog of medium size
// takes about 10 kB.
const maxTokens = 8192

// tokenCache caches parsed tokens in the process for token_cache_time, in front of the shared
// store and Keystone. Concurrent requests with the same unknown token wait for one validation.
type tokenCache struct {
	a       *authToken
	parsed  *otter.Cache[string, *Token] // nil if token_cache_time is negative
	ttl     time.Duration
	flights singleflight.Group
	// asked records lookups in the process, shared those in memcached.
	asked, shared *metrics.Cache
}

func newTokenCache(a *authToken) *tokenCache {
	c := &tokenCache{a: a, ttl: time.Duration(a.Config.TokenCacheTime) * time.Second, asked: a.Metrics.Cache("tokens"),
		shared: a.Metrics.Cache("tokens_memcached")}
	switch {
	case c.ttl < 0:
	case c.ttl == 0: // 0 in memcached means unlimited
		c.parsed = otter.Must(&otter.Options[string, *Token]{MaximumSize: maxTokens})
	default:
		c.parsed = otter.Must(&otter.Options[string, *Token]{MaximumSize: maxTokens,
			ExpiryCalculator: otter.ExpiryWriting[string, *Token](c.ttl)})
	}
	return c
}

// get returns a token, even if it has expired.
func (c *tokenCache) get(ctx context.Context, token string, allowExpired bool) (*Token, error) {
	if c.parsed != nil {
		t, ok := c.parsed.GetIfPresent(token)
		c.asked.Asked(ok)
		if ok {
			return t, nil
		}
	}
	key := token
	if allowExpired {
		key += "\x00expired"
	}
	done := c.flights.DoChan(key, func() (any, error) {
		if c.parsed != nil { // a concurrent request may have stored it
			if t, ok := c.parsed.GetIfPresent(token); ok {
				return t, nil
			}
		}
		// The end of one request must not fail the others that wait.
		return c.load(context.WithoutCancel(ctx), token, allowExpired)
	})
	select {
	case r := <-done:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*Token), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *tokenCache) load(ctx context.Context, token string, allowExpired bool) (*Token, error) {
	a := c.a
	if a.Shared != nil && c.parsed != nil {
		answer, ok := a.Shared.Get(token)
		c.shared.Asked(ok)
		if ok {
			if t, err := parseToken(answer, a.Config.IncludeServiceCatalog); err == nil {
				c.parsed.Set(token, t)
				// The age of the answer in the shared cache is unknown. The short time here
				// prevents that revoked tokens are accepted for twice the time of the shared
				// cache.
				if c.ttl > 0 {
					c.parsed.SetExpiresAfter(token, max(c.ttl/5, time.Second))
				}
				return t, nil
			}
		}
	}
	answer, err := a.Checker.CheckToken(ctx, token, allowExpired)
	if err != nil {
		return nil, err
	}
	t, err := parseToken(answer, a.Config.IncludeServiceCatalog)
	if err != nil {
		a.log.Warn().Err(err).Msg("Invalid token contents.")
		return nil, ErrInvalidToken
	}
	if c.parsed != nil {
		c.parsed.Set(token, t)
		if a.Shared != nil {
			a.Shared.Set(token, answer)
		}
	}
	return t, nil
}
