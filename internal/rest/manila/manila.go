// Package manila asks Manila about shares, in the name of callers.
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

// version is of Manila's API: the first one with locks on access rules, which
// Nova's computes need.
const version = "2.82"

// Client asks Manila. It is safe for concurrent use.
type Client struct{ session *rest.Session }

// New makes a client of a session with the options of [manila].
func New(s *rest.Session) *Client { return &Client{s} }

// Share is a file system that servers mount.
type Share struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Protocol string `json:"share_proto"` // NFS, CEPHFS, …
	// Location is where it is mounted from: the preferred export, else the first
	// one; nil where there is none.
	Location *string `json:"-"`
}

// Share answers a share that the caller may see. Errors: ShareNotFound, Forbidden,
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
	if err := get(ctx, client, path, &one); err != nil {
		return nil, translate(err, id, path)
	}
	path += "/export_locations"
	if err := get(ctx, client, path, &exports); err != nil {
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

func get(ctx context.Context, client *gophercloud.ServiceClient, address string, out any) error {
	_, err := client.Get(ctx, address, out, &gophercloud.RequestOpts{MoreHeaders: map[string]string{"X-OpenStack-Manila-API-Version": version}})
	return err
}

func away(err error) error {
	return &objects.Error{Class: objects.ErrManilaConnectionFailed, Message: "Connection to manila service failed: " + err.Error(), Cause: err}
}

// translate gives an error Nova's meaning: an id that Manila finds wrong is one of
// no share, too.
func translate(err error, id, address string) error {
	e, answered := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err)
	switch {
	case !answered && rest.IsNetwork(err):
		return away(err)
	case !answered:
		return err
	case e.Actual == http.StatusNotFound || e.Actual == http.StatusBadRequest:
		return objects.ShareNotFound(id)
	case e.Actual == http.StatusForbidden:
		return &objects.Error{Kind: objects.KindForbidden, Class: objects.ErrForbidden, Cause: err,
			Message: fmt.Sprintf("ForbiddenException: 403: Client Error for url: %s, %s", address, said(e.Body))}
	}
	return err
}

// said is the message of a fault of Manila.
func said(body []byte) string {
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
