package middleware

import (
	"context"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"

	"github.com/nova-go/nova/internal/metrics"
)

// maxTokens bounds the memory of the cache: a parsed token with a catalog of a
// middle-sized cloud takes some 10 kB.
const maxTokens = 8192

// tokenCache keeps parsed tokens in the process, for token_cache_time, in front
// of the shared store and Keystone. Requests that carry the same unknown token
// at the same time wait for one check.
type tokenCache struct {
	a       *authToken
	parsed  *otter.Cache[string, *Token] // nil if token_cache_time is negative
	ttl     time.Duration
	flights singleflight.Group
	// asked counts look-ups in the process, shared those in memcached.
	asked, shared *metrics.Cache
}

func newTokenCache(a *authToken) *tokenCache {
	c := &tokenCache{a: a, ttl: time.Duration(a.Config.TokenCacheTime) * time.Second, asked: a.Metrics.Cache("tokens"), shared: a.Metrics.Cache("tokens_memcached")}
	switch {
	case c.ttl < 0:
	case c.ttl == 0: // memcached's 0: as long as there is room
		c.parsed = otter.Must(&otter.Options[string, *Token]{MaximumSize: maxTokens})
	default:
		c.parsed = otter.Must(&otter.Options[string, *Token]{MaximumSize: maxTokens, ExpiryCalculator: otter.ExpiryWriting[string, *Token](c.ttl)})
	}
	return c
}

// get gives the token, whether it has expired or not.
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
		if c.parsed != nil { // a flight that has just ended may have got it
			if t, ok := c.parsed.GetIfPresent(token); ok {
				return t, nil
			}
		}
		// One request's end must not fail the others that wait.
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
				// Nobody knows how long the answer has been there. A short stay
				// here keeps revoked tokens from living twice as long as with
				// the shared cache alone.
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
