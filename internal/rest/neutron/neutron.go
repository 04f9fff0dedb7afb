// Package neutron sends requests about networks, ports and security groups to Neutron, with the
// callers' tokens.
package neutron

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest"
)

// Client is a client of Neutron. It is safe for concurrent use.
type Client struct {
	session    *rest.Session
	syncEvery  time.Duration
	extensions atomic.Pointer[extensions]
	groups     *groupNames
}

// extensions are the extensions of Neutron with the time of their lookup.
type extensions struct {
	aliases map[string]bool
	read    time.Time
}

// New returns a client. syncEvery is [neutron] extension_sync_interval.
func New(s *rest.Session, syncEvery time.Duration) *Client {
	return &Client{session: s, syncEvery: syncEvery, groups: newGroupNames(s.Metrics().Cache("security_groups"))}
}

// get reads a collection or resource below /v2.0 into out.
func (c *Client) get(ctx context.Context, caller *reqctx.Caller, path string, query url.Values, out any) error {
	client, err := c.session.AsUser(ctx, caller)
	if err != nil {
		return err
	}
	return refused(caller, read(ctx, client, path, query, out))
}

// service reads as Nova's own user, which can see provider attributes of networks.
func (c *Client) service(ctx context.Context, path string, query url.Values, out any) error {
	client, err := c.session.AsService(ctx)
	if err != nil {
		return err
	}
	return refused(nil, read(ctx, client, path, query, out))
}

func read(ctx context.Context, client *gophercloud.ServiceClient, path string, query url.Values, out any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	_, err := client.Get(ctx, apiRoot(client.Endpoint)+path, out, &gophercloud.RequestOpts{OkCodes: []int{http.StatusOK}})
	return faultOf(err)
}

func statusOf(err error) int { return faultIn(faultOf(err)).Status }

// Ports returns the ports of a server.
func (c *Client) Ports(ctx context.Context, caller *reqctx.Caller, server string) ([]objects.Port, error) {
	return c.ports(ctx, caller, url.Values{"device_id": {server}})
}

func (c *Client) ports(ctx context.Context, caller *reqctx.Caller, query url.Values) ([]objects.Port, error) {
	var out struct {
		Ports []objects.Port `json:"ports"`
	}
	err := c.get(ctx, caller, "ports", query, &out)
	return out.Ports, err
}

// Port returns one port, or Nova's PortNotFound.
func (c *Client) Port(ctx context.Context, caller *reqctx.Caller, id string) (*objects.Port, error) {
	var out struct {
		Port *objects.Port `json:"port"`
	}
	err := c.get(ctx, caller, "ports/"+url.PathEscape(id), nil, &out)
	if statusOf(err) == http.StatusNotFound || err == nil && out.Port == nil {
		return nil, objects.ErrPortNotFound.Errorf(objects.KindNotFound, "Port id %s could not be found.", id)
	}
	if f := faultIn(err); f.Status != 0 && f.Status != http.StatusUnauthorized && f.Status != http.StatusForbidden {
		return nil, &objects.Error{Class: objects.ErrNovaException, Cause: err,
			Message: fmt.Sprintf("Failed to access port %s: %s", id, f.Message)}
	}
	return out.Port, err
}

// ServersByAddress returns the devices whose ports have an address that contains part.
// supported is false if Neutron lacks the extension ip-substring-filtering.
func (c *Client) ServersByAddress(ctx context.Context, caller *reqctx.Caller, part string) (devices []string, supported bool, err error) {
	has, err := c.has(ctx, caller, "ip-substring-filtering")
	if err != nil || !has {
		return nil, false, err
	}
	ports, err := c.ports(ctx, caller, url.Values{"fixed_ips": {"ip_address_substr=" + part}, "fields": {"device_id"}})
	for _, p := range ports {
		devices = append(devices, p.DeviceID)
	}
	return devices, true, err
}

// has reports whether Neutron has an extension. A nil caller means Nova's own user.
func (c *Client) has(ctx context.Context, caller *reqctx.Caller, alias string) (bool, error) {
	known := c.extensions.Load()
	if known == nil || time.Since(known.read) > c.syncEvery {
		var out struct {
			Extensions []struct {
				Alias string `json:"alias"`
			} `json:"extensions"`
		}
		err := error(nil)
		if caller == nil {
			err = c.service(ctx, "extensions", nil, &out)
		} else {
			err = c.get(ctx, caller, "extensions", nil, &out)
		}
		if err != nil {
			return false, err
		}
		known = &extensions{aliases: map[string]bool{}, read: time.Now()}
		for _, e := range out.Extensions {
			known.aliases[e.Alias] = true
		}
		c.extensions.Store(known)
	}
	return known.aliases[alias], nil
}
