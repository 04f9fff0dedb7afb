package placement

import (
	"context"
	"slices"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Traits returns the traits of a resource provider, or ResourceProviderTraitRetrievalFailed.
func (c *Client) Traits(ctx context.Context, caller *reqctx.Caller, provider string) ([]string, error) {
	var found struct {
		Traits []string `json:"traits"`
	}
	err := c.get(ctx, caller, "1.6", "resource_providers/"+provider+"/traits", &found)
	if statusOf(err) != 0 {
		err = &objects.Error{Class: objects.ErrResourceProviderTraitRetrievalFailed,
			Message: "Failed to get traits for resource provider with UUID " + provider, Cause: err}
	}
	return found.Traits, err
}

// HasTrait reports whether a resource provider has a trait. Its error is
// ResourceProviderTraitRetrievalFailed.
func (c *Client) HasTrait(ctx context.Context, caller *reqctx.Caller, provider, trait string) (bool, error) {
	traits, err := c.Traits(ctx, caller, provider)
	return slices.Contains(traits, trait), err
}
