// Package barbican has Barbican create keys, with the callers' tokens, as Castellan does.
package barbican

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest"
)

// Client is a client of Barbican. It is safe for concurrent use.
type Client struct {
	session *rest.Session
	// retries is the number of looks at an order that is not complete, delay the time between them.
	retries int
	delay   time.Duration
}

// New returns a client that uses a session with the options of [barbican].
func New(s *rest.Session, retries int, delay time.Duration) *Client {
	return &Client{s, retries, delay}
}

// order is an order of Barbican's: keys are created in the background.
type order struct {
	Status      string `json:"status"`
	SecretRef   string `json:"secret_ref"`
	ErrorStatus string `json:"error_status_code"`
	ErrorReason string `json:"error_reason"`
}

// CreateKey creates a symmetric key of a number of bits and returns its UUID. It orders the key, waits until the order is complete,
// and deletes the order. Errors: KeyManagerError.
func (c *Client) CreateKey(ctx context.Context, caller *reqctx.Caller, algorithm string, bits int) (string, error) {
	client, err := c.session.AsUser(ctx, caller)
	if err != nil {
		return "", failed(err, "%v", err)
	}
	base := client.Endpoint
	if path.Base(base) != "v1" {
		base = gophercloud.NormalizeURL(base) + "v1/"
	}
	call := func(method, url string, body, into any) error {
		resp, err := client.Request(ctx, method, url, &gophercloud.RequestOpts{OkCodes: []int{200, 201, 202, 204}, JSONBody: body,
			JSONResponse: into, KeepResponseBody: into == nil, MoreHeaders: map[string]string{"OpenStack-API-Version": "key-manager 1.1"}})
		if into == nil && resp != nil && resp.Body != nil {
			_ = resp.Body.Close()
		}
		return err
	}
	var made struct {
		Ref string `json:"order_ref"`
	}
	meta := map[string]any{"algorithm": algorithm, "bit_length": bits}
	if err := call(http.MethodPost, base+"orders/", map[string]any{"type": "key", "meta": meta}, &made); err != nil {
		return "", failed(err, "%v", err)
	}
	// The address in the answer may be one that only others can reach.
	url := base + "orders/" + lastPart(made.Ref)
	var o order
	for n := 0; ; n++ {
		o = order{}
		if err := call(http.MethodGet, url, nil, &o); err != nil {
			return "", failed(err, "%v", err)
		}
		if o.Status == "ERROR" {
			return "", failed(nil, "Order is in ERROR status - status code: %s, status reason: %s", o.ErrorStatus, o.ErrorReason)
		}
		if o.Status == "ACTIVE" {
			break
		}
		if n >= c.retries {
			return "", failed(nil, "Exceeded retries: Failed to find 'ACTIVE' status within %d retries", c.retries)
		}
		select {
		case <-time.After(c.delay):
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	_ = call(http.MethodDelete, url, nil, nil) // an order that remains does no harm
	return lastPart(o.SecretRef), nil
}

// lastPart returns what follows the last slash of a reference.
func lastPart(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

func failed(cause error, format string, a ...any) error {
	return &objects.Error{Class: objects.ErrKeyManagerError, Message: "Key manager error: " + fmt.Sprintf(format, a...), Cause: cause}
}
