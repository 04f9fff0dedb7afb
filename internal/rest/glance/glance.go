// Package glance sends requests about images to Glance, with the callers' tokens.
package glance

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

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
	client, err := c.o.Session.AsUser(ctx, caller)
	if err != nil {
		return nil, err
	}
	base := client.Endpoint
	if !strings.HasSuffix(base, "/v2/") {
		base += "v2/"
	}
	var text json.RawMessage
	_, err = client.Get(ctx, base+"images/"+url.PathEscape(id), &text, &gophercloud.RequestOpts{OkCodes: []int{http.StatusOK}})
	if e, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err); ok && e.Actual == http.StatusNotFound {
		return nil, objects.ErrImageNotFound.Errorf(objects.KindNotFound, "Image %s could not be found.", id)
	}
	if err != nil {
		return nil, err
	}
	return objects.ParseImage(text)
}
