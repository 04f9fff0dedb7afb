// Package glance sends requests about images to Glance, with the callers' tokens.
package glance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest"
)

// Client is a client of Glance. It is safe for concurrent use.
type Client struct{ o Options }

// Options are the parameters of New.
type Options struct {
	Session *rest.Session
	// Server is the first of [glance] api_servers, Override is endpoint_override; "" for the
	// endpoint of the catalog.
	Server, Override string
	Release          release.Release // of Nova
}

// New returns a client.
func New(o Options) *Client { return &Client{o} }

// Image returns one image, or Nova's ImageNotFound.
func (c *Client) Image(ctx context.Context, caller *reqctx.Caller, id string) (*objects.Image, error) {
	var text json.RawMessage
	err := c.do(ctx, caller, http.MethodGet, "images/"+url.PathEscape(id), nil, &text)
	if err != nil {
		return nil, imageError(err, id)
	}
	return objects.ParseImage(text)
}

// imageError converts an error about an image that an operation on servers reads to Nova's exception. Most operations
// do not expect ImageNotAuthorized: it has no kind.
func imageError(err error, id string) error {
	e, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err)
	if !ok {
		return err
	}
	switch e.Actual {
	case http.StatusUnauthorized, http.StatusForbidden:
		return &objects.Error{Class: objects.ErrImageNotAuthorized, Message: fmt.Sprintf("Not authorized for image %s.", id), Cause: err}
	case http.StatusNotFound:
		return objects.ErrImageNotFound.Errorf(objects.KindNotFound, "Image %s could not be found.", id)
	case http.StatusBadRequest:
		return objects.ErrImageBadRequest.Errorf(objects.KindInvalid, "Request of image %s got BadRequest response: %s", id, faultMessage(&e))
	}
	return err
}
