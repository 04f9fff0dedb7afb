//go:build unix

package main

import (
	"context"
	"io"
	"net/http"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
)

// client sends requests to the lab's services as administrator.
type client struct{ provider *gophercloud.ProviderClient }

// login gets a token from Keystone, which all callers share, because Keystone checks passwords
// slowly.
func (l *Lab) login(ctx context.Context) (*client, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.client != nil {
		return l.client, nil
	}
	p, err := openstack.AuthenticatedClient(ctx, gophercloud.AuthOptions{
		IdentityEndpoint: l.URL("keystone") + "/v3", Username: adminUser, Password: password, DomainName: "Default",
		Scope: &gophercloud.AuthScope{ProjectName: adminUser, DomainName: "Default"},
	})
	if err != nil {
		return nil, err
	}
	l.client = &client{p}
	return l.client, nil
}

// do sends a request with an optional JSON body, and decodes the answer. Statuses of 400 and
// above are errors, which gophercloud.ResponseCodeIs distinguishes.
func (c *client) do(ctx context.Context, method, url string, body, into any) error {
	return c.send(ctx, method, url, &gophercloud.RequestOpts{JSONBody: body, JSONResponse: into})
}

// upload sends bytes.
func (c *client) upload(ctx context.Context, method, url string, data io.Reader) error {
	return c.send(ctx, method, url, &gophercloud.RequestOpts{RawBody: data,
		MoreHeaders: map[string]string{"Content-Type": "application/octet-stream"}})
}

func (c *client) send(ctx context.Context, method, url string, o *gophercloud.RequestOpts) error {
	o.OkCodes = []int{http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent}
	o.KeepResponseBody = o.JSONResponse == nil
	resp, err := c.provider.Request(ctx, method, url, o)
	if err == nil && o.KeepResponseBody {
		return resp.Body.Close()
	}
	return err
}
