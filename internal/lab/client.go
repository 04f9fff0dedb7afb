package main

import (
	"context"
	"io"
	"net/http"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
)

// client speaks with the lab's services as its administrator.
type client struct{ provider *gophercloud.ProviderClient }

// login asks Keystone for a token, once for all who ask here: passwords are checked slowly.
func (l *Lab) login(ctx context.Context) (*client, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.client != nil {
		return l.client, nil
	}
	p, err := openstack.AuthenticatedClient(ctx, gophercloud.AuthOptions{
		IdentityEndpoint: l.URL("keystone") + "/v3", Username: admin, Password: password, DomainName: "Default",
		Scope: &gophercloud.AuthScope{ProjectName: admin, DomainName: "Default"},
	})
	if err != nil {
		return nil, err
	}
	l.client = &client{p}
	return l.client, nil
}

// do sends a request with a JSON body, if there is one, and decodes the answer. An
// answer that is an error is one: gophercloud.ResponseCodeIs tells which.
func (c *client) do(ctx context.Context, method, url string, body, into any) error {
	return c.send(ctx, method, url, &gophercloud.RequestOpts{JSONBody: body, JSONResponse: into})
}

// upload sends bytes.
func (c *client) upload(ctx context.Context, method, url string, data io.Reader) error {
	return c.send(ctx, method, url, &gophercloud.RequestOpts{RawBody: data, MoreHeaders: map[string]string{"Content-Type": "application/octet-stream"}})
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
