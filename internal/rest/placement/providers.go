package placement

import (
	"context"
	"errors"
	"net/http"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Tree returns the resource providers of a provider's tree, parents before their children; none
// if the provider does not exist.
func (c *Client) Tree(ctx context.Context, caller *reqctx.Caller, uuid string) ([]Provider, error) {
	var found struct {
		All []Provider `json:"resource_providers"`
	}
	if err := c.get(ctx, caller, nestedVersion, "resource_providers?in_tree="+uuid, &found); err != nil {
		if statusOf(err) == 0 {
			return nil, err
		}
		return nil, &objects.Error{Class: objects.ErrResourceProviderRetrievalFailed,
			Message: "Failed to get resource provider with UUID " + uuid, Cause: err}
	}
	return topDown(found.All), nil
}

// topDown sorts providers so that parents precede their children.
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

// DeleteTree deletes the resource providers of a compute node, children first. As in Nova,
// providers that are in use remain, which is not an error.
func (c *Client) DeleteTree(ctx context.Context, caller *reqctx.Caller, uuid string) error {
	tree, err := c.Tree(ctx, caller, uuid)
	if err != nil {
		return err
	}
	for n := len(tree) - 1; n >= 0; n-- {
		err := c.call(ctx, caller, "1.0", request{method: http.MethodDelete, path: "resource_providers/" + tree[n].UUID})
		if err != nil && statusOf(err) == 0 {
			return err
		}
	}
	return nil
}

// DeleteAllocations deletes all allocations of a consumer, independent of its generation. A
// consumer without allocations is not an error; if Placement rejects the request, the error is
// AllocationDeleteFailed.
func (c *Client) DeleteAllocations(ctx context.Context, caller *reqctx.Caller, consumer string) error {
	err := c.call(ctx, caller, "1.0", request{method: http.MethodDelete, path: "allocations/" + consumer})
	if e, ok := errors.AsType[*statusError](err); ok {
		if e.status == http.StatusNotFound {
			return nil
		}
		return &objects.Error{Class: objects.ErrAllocationDeleteFailed,
			Message: "Failed to delete allocations for consumer " + consumer + ". Error: " + e.text, Cause: err}
	}
	return err
}

// Allocations are the allocations of a consumer, by the provider's UUID.
type Allocations struct {
	ByProvider map[string]Allocation `json:"allocations"`
	ProjectID  string                `json:"project_id"`
	UserID     string                `json:"user_id"`
	// Generation is nil for a consumer that has never had allocations.
	Generation *int64 `json:"consumer_generation"`
}

// Allocation is the allocated amounts of one provider, by resource class.
type Allocation struct {
	Resources map[string]int64 `json:"resources"`
}

// Of returns the allocations of a consumer; the map is empty if there are none.
func (c *Client) Of(ctx context.Context, caller *reqctx.Caller, consumer string) (*Allocations, error) {
	a := &Allocations{}
	if err := c.get(ctx, caller, consumersVersion, "allocations/"+consumer, a); err != nil {
		if statusOf(err) == 0 {
			return nil, err
		}
		return nil, &objects.Error{Class: objects.ErrConsumerAllocationRetrievalFailed,
			Message: "Failed to retrieve allocations for consumer " + consumer + ": " + err.Error(), Cause: err}
	}
	return a, nil
}

// Put replaces the allocations of a consumer, whose generation must be that of Of. A conflict
// is an error of KindConflict.
func (c *Client) Put(ctx context.Context, caller *reqctx.Caller, consumer string, a *Allocations) error {
	err := c.call(ctx, caller, consumersVersion, request{method: http.MethodPut, path: "allocations/" + consumer, body: a})
	if e, ok := errors.AsType[*statusError](err); ok {
		kind := objects.Kind(0)
		if e.status == http.StatusConflict {
			kind = objects.KindConflict
		}
		return &objects.Error{Kind: kind, Class: objects.ErrAllocationUpdateFailed,
			Message: "Failed to update allocations for consumer " + consumer + ". Error: " + e.text, Cause: err}
	}
	return err
}

// LeaveTree removes the allocations of a consumer in the tree of a compute node, and keeps all
// others: those that an evacuated server has left on its source host.
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
