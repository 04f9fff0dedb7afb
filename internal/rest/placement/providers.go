package placement

import (
	"context"
	"errors"
	"net/http"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Tree answers the resource providers of the tree that one is in, parents before
// their children; none if there is no such provider.
func (c *Client) Tree(ctx context.Context, caller *reqctx.Caller, uuid string) ([]Provider, error) {
	var found struct {
		All []Provider `json:"resource_providers"`
	}
	if err := c.get(ctx, caller, nested, "resource_providers?in_tree="+uuid, &found); err != nil {
		if status(err) == 0 {
			return nil, err
		}
		return nil, &objects.Error{Class: objects.ErrResourceProviderRetrievalFailed, Message: "Failed to get resource provider with UUID " + uuid, Cause: err}
	}
	return topDown(found.All), nil
}

// topDown orders providers so that each one comes after its parent.
func topDown(all []Provider) []Provider {
	known := map[string]bool{}
	for _, p := range all {
		known[p.UUID] = true
	}
	children := map[string][]Provider{}
	var ordered []Provider
	for _, p := range all {
		if p.Parent == nil || !known[*p.Parent] {
			ordered = append(ordered, p)
		} else {
			children[*p.Parent] = append(children[*p.Parent], p)
		}
	}
	for n := 0; n < len(ordered); n++ {
		ordered = append(ordered, children[ordered[n].UUID]...)
	}
	return ordered
}

// DeleteTree removes the resource providers of a compute node, children first.
// As in Nova, those that are still in use stay, and are no error.
func (c *Client) DeleteTree(ctx context.Context, caller *reqctx.Caller, uuid string) error {
	tree, err := c.Tree(ctx, caller, uuid)
	if err != nil {
		return err
	}
	for n := len(tree) - 1; n >= 0; n-- {
		err := c.call(ctx, caller, "1.0", request{method: http.MethodDelete, path: "resource_providers/" + tree[n].UUID})
		if err != nil && status(err) == 0 {
			return err
		}
	}
	return nil
}

// DeleteAllocations removes all allocations of a consumer, whatever its
// generation. A consumer without any is no error; what Placement refuses is an
// AllocationDeleteFailed.
func (c *Client) DeleteAllocations(ctx context.Context, caller *reqctx.Caller, consumer string) error {
	err := c.call(ctx, caller, "1.0", request{method: http.MethodDelete, path: "allocations/" + consumer})
	if e, ok := errors.AsType[*statusError](err); ok {
		if e.status == http.StatusNotFound {
			return nil
		}
		return &objects.Error{Class: objects.ErrAllocationDeleteFailed, Message: "Failed to delete allocations for consumer " + consumer + ". Error: " + e.text, Cause: err}
	}
	return err
}

// Allocations are what a consumer holds, by the provider's UUID.
type Allocations struct {
	ByProvider map[string]Allocation `json:"allocations"`
	ProjectID  string                `json:"project_id"`
	UserID     string                `json:"user_id"`
	// Generation is nil for a consumer that nothing was ever allocated to.
	Generation *int64 `json:"consumer_generation"`
}

// Allocation is what is held of one provider, by resource class.
type Allocation struct {
	Resources map[string]int64 `json:"resources"`
}

// Of reads the allocations of a consumer. None are an empty map.
func (c *Client) Of(ctx context.Context, caller *reqctx.Caller, consumer string) (*Allocations, error) {
	a := &Allocations{}
	if err := c.get(ctx, caller, consumers, "allocations/"+consumer, a); err != nil {
		if status(err) == 0 {
			return nil, err
		}
		return nil, &objects.Error{Class: objects.ErrConsumerAllocationRetrievalFailed, Message: "Failed to retrieve allocations for consumer " + consumer + ": " + err.Error(), Cause: err}
	}
	return a, nil
}

// Put replaces the allocations of a consumer, whose generation must be the one
// that Of answered. A conflict is an error of KindConflict.
func (c *Client) Put(ctx context.Context, caller *reqctx.Caller, consumer string, a *Allocations) error {
	err := c.call(ctx, caller, consumers, request{method: http.MethodPut, path: "allocations/" + consumer, body: a})
	if e, ok := errors.AsType[*statusError](err); ok {
		kind := objects.Kind(0)
		if e.status == http.StatusConflict {
			kind = objects.KindConflict
		}
		return &objects.Error{Kind: kind, Class: objects.ErrAllocationUpdateFailed, Message: "Failed to update allocations for consumer " + consumer + ". Error: " + e.text, Cause: err}
	}
	return err
}

// LeaveTree gives back what a consumer holds of the tree of a compute node, and
// keeps the rest: what an evacuated server left behind on its first host.
func (c *Client) LeaveTree(ctx context.Context, caller *reqctx.Caller, consumer, root string) error {
	held, err := c.Of(ctx, caller, consumer)
	if err != nil || len(held.ByProvider) == 0 {
		return err
	}
	tree, err := c.Tree(ctx, caller, root)
	if err != nil {
		return err
	}
	before := len(held.ByProvider)
	for _, p := range tree {
		delete(held.ByProvider, p.UUID)
	}
	if len(held.ByProvider) == before {
		return nil
	}
	return c.Put(ctx, caller, consumer, held)
}
