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

// The sizes of the caches. An instance has some kilobytes of documents; entries beyond the size
// are dropped and loaded again.
const (
	maxInstances = 2000
	maxAddresses = 10000
	// loadTimeout bounds a load. A load continues after the request that started it has ended,
	// because other requests may wait for the same entry.
	loadTimeout = 60 * time.Second
)

// cache keeps values for [api] metadata_cache_expiration seconds. Concurrent requests for one
// key share one load. With an expiration of 0 it keeps nothing.
type cache[V any] struct {
	kept  *otter.Cache[string, V]
	asked *metrics.Cache
}

func newCache[V any](size int, life time.Duration, asked *metrics.Cache) *cache[V] {
	if life <= 0 {
		return &cache[V]{}
	}
	return &cache[V]{asked: asked, kept: otter.Must(&otter.Options[string, V]{MaximumSize: size,
		ExpiryCalculator: otter.ExpiryWriting[string, V](life)})}
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

// instances returns the metadata trees of instances.
type instances struct {
	cache *cache[*tree.Instance]
	store instanceStore
	// options apply to every tree; get sets Address.
	options tree.Options
}

// get returns the tree of an instance. address is the source address of the request, or nil.
// The error for a missing instance is errNotFound.
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
