package metadata

import (
	"context"
	"errors"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/metadata/internal/tree"
)

// Bounds of the caches. An instance holds some kilobytes of documents; what is
// beyond the bound is loaded again.
const (
	maxInstances = 2000
	maxAddresses = 10000
	// loadTimeout bounds a load, which does not end with the request that
	// started it: others may be waiting for the same.
	loadTimeout = 60 * time.Second
)

// cache keeps values for [api] metadata_cache_expiration, loading each by one
// flight, whoever asks. With a life of 0 it keeps nothing.
type cache[V any] struct {
	kept  *otter.Cache[string, V]
	asked *metrics.Cache
}

func newCache[V any](size int, life time.Duration, asked *metrics.Cache) *cache[V] {
	if life <= 0 {
		return &cache[V]{}
	}
	return &cache[V]{asked: asked, kept: otter.Must(&otter.Options[string, V]{MaximumSize: size, ExpiryCalculator: otter.ExpiryWriting[string, V](life)})}
}

func (c *cache[V]) get(ctx context.Context, key string, load func(context.Context) (V, error)) (V, error) {
	if c.kept == nil {
		return load(ctx)
	}
	v, ok := c.kept.GetIfPresent(key)
	c.asked.Asked(ok)
	if ok {
		return v, nil
	}
	return c.kept.Get(context.WithoutCancel(ctx), key, otter.LoaderFunc[string, V](func(ctx context.Context, _ string) (V, error) {
		ctx, cancel := context.WithTimeout(ctx, loadTimeout)
		defer cancel()
		return load(ctx)
	}))
}

// instances finds the trees of instances.
type instances struct {
	cache *cache[*tree.Instance]
	store instanceStore
	// options are those of every tree; Address is put in.
	options tree.Options
}

// get finds the tree of an instance. address is where the request came from, as
// far as that is known. An instance that is not there is errNotFound.
func (i *instances) get(ctx context.Context, uuid string, address *string) (*tree.Instance, error) {
	return i.cache.get(ctx, uuid, func(ctx context.Context) (*tree.Instance, error) {
		g, err := i.store.Guest(ctx, uuid)
		if isNotFound(err) {
			return nil, errNotFound
		}
		if err != nil {
			return nil, err
		}
		o := i.options
		o.Address = address
		return tree.New(g, o), nil
	})
}

func isNotFound(err error) bool {
	var e *objects.Error
	return errors.As(err, &e) && e.Kind == objects.KindNotFound
}
