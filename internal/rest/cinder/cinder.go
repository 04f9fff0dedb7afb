// Package cinder sends requests about volumes, snapshots and attachments to Cinder, with the
// callers' tokens. Its errors are Nova's: VolumeNotFound, SnapshotNotFound,
// VolumeAttachmentNotFound, InvalidInput for other invalid requests, Forbidden, OverQuota,
// CinderConnectionFailed, CinderAPIVersionNotAvailable.
package cinder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest"
)

// Client is a client of Cinder. It is safe for concurrent use.
type Client struct {
	session *rest.Session
	newest  newestVersion
}

// New returns a client that uses a session.
func New(s *rest.Session) *Client { return &Client{session: s} }

// baseVersion is the microversion of requests that need no higher one.
const baseVersion = "3.0"

// call is one request to Cinder.
type call struct {
	version   string // microversion; "" means base
	method    string
	path      string // relative to the endpoint, or a whole URL
	body, out any
}

// do sends a request. Its errors are those of gophercloud, for translate.
func (c *Client) do(ctx context.Context, caller *reqctx.Caller, q call) error {
	client, err := c.client(ctx, caller)
	if err != nil {
		return err
	}
	if q.version == "" {
		q.version = baseVersion
	}
	address := q.path
	if !strings.Contains(address, "://") {
		address = client.Endpoint + q.path
	}
	_, err = client.Request(ctx, q.method, address, &gophercloud.RequestOpts{
		JSONBody: q.body, JSONResponse: q.out, OkCodes: []int{http.StatusOK, http.StatusAccepted, http.StatusNoContent},
		MoreHeaders: map[string]string{"OpenStack-API-Version": "volume " + q.version},
	})
	return err
}

// client returns a service client for the caller; for an administrator without a token, as in
// periodic tasks, it is that of Nova's own user.
func (c *Client) client(ctx context.Context, caller *reqctx.Caller) (*gophercloud.ServiceClient, error) {
	if caller.IsAdmin && caller.AuthToken == "" {
		return c.session.AsService(ctx)
	}
	return c.session.AsUser(ctx, caller)
}

// translate converts an error to Nova's. missing is the error for a 404; nil means that the
// text of Cinder determines it.
func translate(err error, missing error) error {
	if err == nil {
		return nil
	}
	e, answered := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err)
	if !answered {
		if rest.IsNetwork(err) {
			return &objects.Error{Class: objects.ErrCinderConnectionFailed, Message: "Connection to cinder host failed: " + err.Error(), Cause: err}
		}
		return err
	}
	message := faultMessage(&e)
	full := fmt.Sprintf("%s (HTTP %d)", message, e.Actual)
	if id := e.ResponseHeader.Get("X-Openstack-Request-Id"); id != "" {
		full += " (Request-ID: " + id + ")"
	}
	switch e.Actual {
	case http.StatusNotFound:
		if missing != nil {
			return missing
		}
		return &objects.Error{Kind: objects.KindNotFound, Class: objects.ErrNotFound, Message: message, Cause: err}
	case http.StatusBadRequest:
		return &objects.Error{Kind: objects.KindInvalid, Class: objects.ErrInvalidInput, Message: "Invalid input received: " + full, Cause: err}
	case http.StatusForbidden:
		return &objects.Error{Kind: objects.KindForbidden, Class: objects.ErrForbidden, Message: full, Cause: err}
	case http.StatusRequestEntityTooLarge:
		return &objects.Error{Kind: objects.KindOverQuota, Class: objects.ErrOverQuota, Message: message, Cause: err}
	}
	return err
}

// faultMessage returns the message of a fault of Cinder.
func faultMessage(e *gophercloud.ErrUnexpectedResponseCode) string {
	var faults map[string]json.RawMessage
	if json.Unmarshal(e.Body, &faults) == nil {
		for _, text := range faults {
			var f struct{ Message string }
			if json.Unmarshal(text, &f) == nil && f.Message != "" {
				return f.Message
			}
		}
	}
	return http.StatusText(e.Actual)
}

// list reads all pages of a collection.
func list[T any](ctx context.Context, c *Client, caller *reqctx.Caller, collection, path string) ([]T, error) {
	var all []T
	for path != "" {
		var page map[string]json.RawMessage
		if err := c.do(ctx, caller, call{method: http.MethodGet, path: path, out: &page}); err != nil {
			return nil, translate(err, nil)
		}
		var items []T
		if err := json.Unmarshal(page[collection], &items); err != nil {
			return nil, fmt.Errorf("%s of cinder: %w", collection, err)
		}
		all = append(all, items...)
		path = nextPage(page[collection+"_links"])
	}
	return all, nil
}

func nextPage(links json.RawMessage) string {
	var list []struct{ Rel, Href string }
	if json.Unmarshal(links, &list) == nil {
		for _, l := range list {
			if l.Rel == "next" {
				return l.Href
			}
		}
	}
	return ""
}

// versionCacheTime is the time for which Cinder's newest microversion is cached.
const versionCacheTime = 5 * time.Minute

// newestVersion is the cached newest microversion of Cinder.
type newestVersion struct {
	mu      sync.Mutex
	version string
	read    time.Time
}

// Supports returns CinderAPIVersionNotAvailable if Cinder does not support a microversion
// ("3.44").
func (c *Client) Supports(ctx context.Context, caller *reqctx.Caller, version string) error {
	c.newest.mu.Lock()
	defer c.newest.mu.Unlock()
	if time.Since(c.newest.read) > versionCacheTime {
		v, err := c.newestVersion(ctx, caller)
		if err != nil {
			return translate(err, nil)
		}
		c.newest.version, c.newest.read = v, time.Now()
	}
	if !atLeast(c.newest.version, version) {
		return &objects.Error{Class: objects.ErrCinderAPIVersionNotAvailable,
			Message: fmt.Sprintf("Cinder API version %s is not available.", version)}
	}
	return nil
}

func (c *Client) newestVersion(ctx context.Context, caller *reqctx.Caller) (string, error) {
	client, err := c.client(ctx, caller)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(client.Endpoint)
	if err != nil {
		return "", err
	}
	if before, _, found := strings.Cut(u.Path, "/v3/"); found {
		u.Path = before + "/"
	}
	var out struct {
		Versions []struct{ Version string } `json:"versions"`
	}
	_, err = client.Get(ctx, u.String(), &out, &gophercloud.RequestOpts{OkCodes: []int{http.StatusOK, http.StatusMultipleChoices}})
	for _, v := range out.Versions {
		if strings.HasPrefix(v.Version, "3.") {
			return v.Version, nil
		}
	}
	return "2.0", err
}

// atLeast compares versions such as "3.9" and "3.44" numerically.
func atLeast(have, want string) bool {
	var hm, hn, wm, wn int
	_, _ = fmt.Sscanf(have, "%d.%d", &hm, &hn)
	_, _ = fmt.Sscanf(want, "%d.%d", &wm, &wn)
	return hm > wm || hm == wm && hn >= wn
}
