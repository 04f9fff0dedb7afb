package conductorrpc

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// CacheImages lets the hosts of an aggregate download images into their image caches.
func (c *Client) CacheImages(ctx context.Context, caller *reqctx.Caller, aggregate *objects.Aggregate, images []string) error {
	return c.cast(ctx, caller, "cache_images", "1.21", args{"aggregate": aggregate, "image_ids": images})
}
