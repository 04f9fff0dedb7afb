// Package manila sends requests about shares to Manila, with the callers' tokens.
package manila

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest"
)

// apiVersion is the first microversion of Manila with locks of access rules, which nova-compute
// needs.
const apiVersion = "2.82"

// Client is a client of Manila. It is safe for concurrent use.
type Client struct{ session *rest.Session }

// New returns a client that uses a session with the options of [manila].
func New(s *rest.Session) *Client { return &Client{s} }

// Share is a file system that servers can mount.
type Share struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Protocol string `json:"share_proto"` // NFS, CEPHFS, …
	// Location is the preferred export location, otherwise the first one; nil if there is none.
	Location *string `json:"-"`
}

// Share returns a share that the caller may see. Errors: ShareNotFound, Forbidden,
// ManilaConnectionFailed.
func (c *Client) Share(ctx context.Context, caller *reqctx.Caller, id string) (*Share, error) {
	client, err := c.session.AsUser(ctx, caller)
	if err != nil {
		if _, missing := errors.AsType[*rest.NoEndpoint](err); missing {
			err = &objects.Error{Class: objects.ErrEndpointNotFound, Message: err.Error(), Cause: err}
		}
		return nil, err
	}
	var one struct {
		Share Share `json:"share"`
	}
	var exports struct {
		Locations []struct {
			Path      string `json:"path"`
			Preferred bool   `json:"preferred"`
		} `json:"export_locations"`
	}
	path := client.Endpoint + "shares/" + url.PathEscape(id)
	if err := getDocument(ctx, client, path, &one); err != nil {
		return nil, translate(err, id, path)
	}
	path += "/export_locations"
	if err := getDocument(ctx, client, path, &exports); err != nil {
		return nil, translate(err, id, path)
	}
	for n := range exports.Locations {
		if l := &exports.Locations[n]; one.Share.Location == nil || l.Preferred {
			one.Share.Location = &l.Path
			if l.Preferred {
				break
			}
		}
	}
	return &one.Share, nil
}

func getDocument(ctx context.Context, client *gophercloud.ServiceClient, address string, out any) error {
	_, err := client.Get(ctx, address, out,
		&gophercloud.RequestOpts{MoreHeaders: map[string]string{"X-OpenStack-Manila-API-Version": apiVersion}})
	return err
}

func connectionError(err error) error {
	return &objects.Error{Class: objects.ErrManilaConnectionFailed, Message: "Connection to manila service failed: " + err.Error(), Cause: err}
}

// translate converts an error to Nova's. An id that Manila rejects as invalid is a share that
// does not exist.
func translate(err error, id, address string) error {
	e, answered := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err)
	switch {
	case !answered && rest.IsNetwork(err):
		return connectionError(err)
	case !answered:
		return err
	case e.Actual == http.StatusNotFound || e.Actual == http.StatusBadRequest:
		return objects.ShareNotFound(id)
	case e.Actual == http.StatusForbidden:
		return &objects.Error{Kind: objects.KindForbidden, Class: objects.ErrForbidden, Cause: err,
			Message: fmt.Sprintf("ForbiddenException: 403: Client Error for url: %s, %s", address, faultMessage(e.Body))}
	}
	return err
}

// faultMessage returns the message of a fault of Manila.
func faultMessage(body []byte) string {
	var faults map[string]struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &faults) == nil {
		for _, f := range faults {
			return f.Message
		}
	}
	return string(body)
}
