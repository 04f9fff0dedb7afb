package placement

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// maxAttempts is the number of attempts to make a change after conflicts with concurrent changes.
const maxAttempts = 4

// JoinAggregate adds the resource provider of a node to an aggregate.
//
// Errors, by Nova's classes: ResourceProviderNotFound,
// ResourceProviderAggregateRetrievalFailed, ResourceProviderUpdateFailed,
// ResourceProviderUpdateConflict (four times in a row), PlacementAPIConnectFailure.
func (c *Client) JoinAggregate(ctx context.Context, caller *reqctx.Caller, node, aggregate string) error {
	return c.changeAggregates(ctx, caller, node, func(all []string) ([]string, bool) {
		return append(all, aggregate), !slices.Contains(all, aggregate)
	})
}

// LeaveAggregate removes the resource provider of a node from an aggregate. Its errors are
// those of JoinAggregate.
func (c *Client) LeaveAggregate(ctx context.Context, caller *reqctx.Caller, node, aggregate string) error {
	return c.changeAggregates(ctx, caller, node, func(all []string) ([]string, bool) {
		n := slices.Index(all, aggregate)
		if n < 0 {
			return nil, false
		}
		return slices.Delete(all, n, n+1), true
	})
}

type aggregates struct {
	UUIDs      []string `json:"aggregates"`
	Generation int64    `json:"resource_provider_generation"`
}

func (c *Client) changeAggregates(ctx context.Context, caller *reqctx.Caller, node string,
	change func([]string) (_ []string, changed bool)) error {
	var err error
	for range maxAttempts {
		var p *Provider
		if p, err = c.ProviderNamed(ctx, caller, node); err != nil {
			return err
		}
		path := "resource_providers/" + p.UUID + "/aggregates"
		var a aggregates
		if err = c.get(ctx, caller, generationsVersion, path, &a); statusOf(err) != 0 {
			return &objects.Error{Class: objects.ErrResourceProviderAggregateRetrievalFailed,
				Message: "Failed to get aggregates for resource provider with UUID " + p.UUID, Cause: err}
		} else if err != nil {
			return err
		}
		all, changed := change(a.UUIDs)
		if !changed {
			return nil
		}
		generation := a.Generation
		err = c.call(ctx, caller, generationsVersion, request{method: http.MethodPut, path: path, body: aggregates{all, generation}})
		switch statusOf(err) {
		case 0:
			return err
		case http.StatusConflict:
			err = &objects.Error{Kind: objects.KindConflict, Class: objects.ErrResourceProviderUpdateConflict, Cause: err,
				Message: fmt.Sprintf("A conflict was encountered attempting to update resource provider %s (generation %d): %s", p.UUID, generation,
					err)}
		default:
			return &objects.Error{Class: objects.ErrResourceProviderUpdateFailed, Cause: err,
				Message: fmt.Sprintf("Failed to update resource provider via URL /%s: %s", path, err)}
		}
	}
	return err
}

// Provider is a resource provider.
type Provider struct {
	UUID       string  `json:"uuid"`
	Name       string  `json:"name"`
	Generation int64   `json:"generation"`
	Parent     *string `json:"parent_provider_uuid"` // nil: a root provider, or not requested
}

// ProviderNamed returns the resource provider with the name of a node, or
// ResourceProviderNotFound.
func (c *Client) ProviderNamed(ctx context.Context, caller *reqctx.Caller, name string) (*Provider, error) {
	var found struct {
		All []Provider `json:"resource_providers"`
	}
	err := c.get(ctx, caller, "1.0", "resource_providers?name="+url.QueryEscape(name), &found)
	if err != nil && statusOf(err) == 0 {
		return nil, err
	}
	if err != nil || len(found.All) != 1 {
		return nil, &objects.Error{Kind: objects.KindNotFound, Class: objects.ErrResourceProviderNotFound,
			Message: "No such resource provider " + name + ".", Cause: err}
	}
	return &found.All[0], nil
}
