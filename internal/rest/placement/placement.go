// Package placement keeps Placement consistent with Nova's operations: resource providers and
// their aggregates, and the allocations of servers. All requests are sent as Nova's own user,
// with the caller's request id.
package placement

import (
	"context"
	"errors"
	"net/http"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest"
)

// The microversions of Placement that the requests need.
const (
	nestedVersion      = "1.14" // adds in_tree
	generationsVersion = "1.19" // adds generations of aggregates
	consumersVersion   = "1.28" // adds generations of consumers
)

// Client is a client of Placement. It is safe for concurrent use.
type Client struct{ session *rest.Session }

// New returns a client that uses a session with the options of [placement].
func New(s *rest.Session) *Client { return &Client{s} }

// connectFailure returns Nova's PlacementAPIConnectFailure.
func connectFailure(cause error) error {
	return &objects.Error{Class: objects.ErrPlacementAPIConnectFailure, Message: "Unable to communicate with the Placement API.", Cause: cause}
}

// statusError is an error answer of Placement.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return e.text }

// statusOf returns the HTTP status of an error, or 0 if Placement did not answer.
func statusOf(err error) int {
	if e, ok := errors.AsType[*statusError](err); ok {
		return e.status
	}
	return 0
}

// call sends one request. Its errors are *statusError and PlacementAPIConnectFailure.
func (c *Client) call(ctx context.Context, caller *reqctx.Caller, version string, q request) error {
	client, err := c.session.AsService(ctx)
	if err != nil {
		return connectFailure(err)
	}
	headers := map[string]string{"OpenStack-API-Version": "placement " + version}
	if caller != nil {
		headers["X-OpenStack-Request-ID"] = caller.RequestID
		if caller.GlobalRequestID != "" {
			headers["X-OpenStack-Request-ID"] = caller.GlobalRequestID
		}
	}
	o := &gophercloud.RequestOpts{MoreHeaders: headers, OkCodes: []int{200, 201, 204}}
	if q.body != nil {
		o.JSONBody = q.body
	}
	if q.into != nil {
		o.JSONResponse = q.into
	}
	resp, err := client.Request(ctx, q.method, client.Endpoint+q.path, o)
	if resp != nil && resp.Body != nil && q.into == nil {
		_ = resp.Body.Close()
	}
	if e, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err); ok {
		return &statusError{e.Actual, string(e.Body)}
	}
	if err != nil {
		return connectFailure(err)
	}
	return nil
}

// request is a request, and the destination of its answer.
type request struct {
	method, path string
	body, into   any
}

func (c *Client) get(ctx context.Context, caller *reqctx.Caller, version, path string, into any) error {
	return c.call(ctx, caller, version, request{method: http.MethodGet, path: path, into: into})
}
