package neutron

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pytext"
	"github.com/nova-go/nova/internal/reqctx"
)

// Network is a network in the view of the proxies.
type Network struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// FloatingIP is a floating IP with its port and network.
type FloatingIP struct {
	ID        string   `json:"id"`
	Address   string   `json:"floating_ip_address"`
	FixedIP   *string  `json:"fixed_ip_address"`
	NetworkID string   `json:"floating_network_id"`
	PortID    *string  `json:"port_id"`
	Port      *PortOf  `json:"port_details"`
	Network   *Network `json:"-"`
}

// PortOf is the port of a floating IP.
type PortOf struct {
	DeviceID *string `json:"device_id"`
}

// Networks returns the networks that the caller may see, or those that query selects.
func (c *Client) Networks(ctx context.Context, caller *reqctx.Caller, query url.Values) ([]Network, error) {
	var out struct{ Networks []Network }
	return out.Networks, c.get(ctx, caller, "networks", query, &out)
}

// Network returns one network, or NetworkNotFound.
func (c *Client) Network(ctx context.Context, caller *reqctx.Caller, id string) (*Network, error) {
	out := struct{ Network *Network }{Network: &Network{}}
	err := c.get(ctx, caller, "networks/"+url.PathEscape(id), nil, &out)
	if faultIn(err).Status == http.StatusNotFound {
		return nil, objects.ErrNetworkNotFound.Errorf(objects.KindNotFound, "Network %s could not be found.", id)
	}
	return out.Network, err
}

// Pools returns the networks of floating IPs.
func (c *Client) Pools(ctx context.Context, caller *reqctx.Caller) ([]Network, error) {
	return c.Networks(ctx, caller, url.Values{"router:external": {"True"}})
}

// FloatingIPs returns the floating IPs of the caller's project.
func (c *Client) FloatingIPs(ctx context.Context, caller *reqctx.Caller) ([]*FloatingIP, error) {
	return c.floatingIPs(ctx, caller, url.Values{"tenant_id": {caller.ProjectID}})
}

func (c *Client) floatingIPs(ctx context.Context, caller *reqctx.Caller, query url.Values) ([]*FloatingIP, error) {
	var out struct {
		List []*FloatingIP `json:"floatingips"`
	}
	err := c.get(ctx, caller, "floatingips", query, &out)
	if faultIn(err).Status == http.StatusNotFound {
		return nil, nil // a Neutron without the router extension
	}
	if err != nil {
		return nil, err
	}
	return out.List, c.completeIPs(ctx, caller, out.List)
}

// completeIPs reads the networks and ports of floating IPs.
func (c *Client) completeIPs(ctx context.Context, caller *reqctx.Caller, list []*FloatingIP) error {
	if len(list) == 0 {
		return nil
	}
	var ids, ports []string
	for _, f := range list {
		if !slices.Contains(ids, f.NetworkID) {
			ids = append(ids, f.NetworkID)
		}
		if f.PortID != nil && f.Port == nil {
			ports = append(ports, *f.PortID)
		}
	}
	networks, err := c.Networks(ctx, caller, url.Values{"id": ids})
	if err != nil {
		return err
	}
	for _, f := range list {
		n := slices.IndexFunc(networks, func(n Network) bool { return n.ID == f.NetworkID })
		if n < 0 {
			return objects.ErrNetworkNotFound.Errorf(objects.KindNotFound, "Network %s could not be found.", f.NetworkID)
		}
		f.Network = &networks[n]
	}
	for chunk := range slices.Chunk(ports, searchIDs) { // for a Neutron that does not return port_details
		found, err := c.ports(ctx, caller, url.Values{"id": chunk})
		if err != nil {
			return err
		}
		for _, f := range list {
			for _, p := range found {
				if f.PortID != nil && p.ID == *f.PortID {
					f.Port = &PortOf{DeviceID: &p.DeviceID}
				}
			}
		}
	}
	return nil
}

// FloatingIP returns one floating IP, or FloatingIpNotFound.
func (c *Client) FloatingIP(ctx context.Context, caller *reqctx.Caller, id string) (*FloatingIP, error) {
	out := struct {
		IP *FloatingIP `json:"floatingip"`
	}{IP: &FloatingIP{}}
	err := c.get(ctx, caller, "floatingips/"+url.PathEscape(id), nil, &out)
	if faultIn(err).Status == http.StatusNotFound {
		return nil, objects.ErrFloatingIPNotFound.Errorf(objects.KindNotFound, "Floating IP not found for ID %s", id)
	}
	if err != nil {
		return nil, err
	}
	return out.IP, c.completeIPs(ctx, caller, []*FloatingIP{out.IP})
}

// CreateFloatingIP allocates a floating IP from a pool, which is given by name or id. Its
// errors are FloatingIpPoolNotFound, NoMoreFloatingIps, FloatingIpLimitExceeded and
// FloatingIpBadRequest.
func (c *Client) CreateFloatingIP(ctx context.Context, caller *reqctx.Caller, pool string) (*FloatingIP, error) {
	query := url.Values{"router:external": {"True"}, "fields": {"id"}}
	if pytext.IsUUID(pool) {
		query.Set("id", pool)
	} else {
		query.Set("name", pool)
	}
	pools, err := c.Networks(ctx, caller, query)
	switch {
	case err != nil:
		return nil, err
	case len(pools) == 0:
		return nil, objects.ErrFloatingIPPoolNotFound.Errorf(objects.KindNotFound, "Floating IP pool not found.")
	case len(pools) > 1:
		return nil, &objects.Error{Class: objects.ErrNovaException,
			Message: fmt.Sprintf("Multiple floating IP pools matches found for name '%s'", pool)}
	}
	out := struct {
		IP *FloatingIP `json:"floatingip"`
	}{IP: &FloatingIP{}}
	err = c.send(ctx, caller, http.MethodPost, "floatingips",
		map[string]any{"floatingip": map[string]any{"floating_network_id": pools[0].ID}}, &out)
	switch f := faultIn(err); {
	case f.Type == "IpAddressGenerationFailure" || f.Type == "ExternalIpAddressExhausted":
		return nil, &objects.Error{Kind: objects.KindNotFound, Class: objects.ErrNoMoreFloatingIPs, Message: f.Message, Cause: err}
	case f.Type == "OverQuota":
		return nil, &objects.Error{Kind: objects.KindOverQuota, Class: objects.ErrFloatingIPLimitExceeded, Message: f.Message, Cause: err}
	case f.Status == http.StatusBadRequest:
		return nil, &objects.Error{Kind: objects.KindInvalid, Class: objects.ErrFloatingIPBadRequest, Message: f.Message, Cause: err}
	case err != nil:
		return nil, err
	}
	return out.IP, c.completeIPs(ctx, caller, []*FloatingIP{out.IP})
}

// FloatingIPAt returns the floating IP with an address, and the device of its port. Errors:
// FloatingIpNotFoundForAddress, FloatingIpMultipleFoundForAddress.
func (c *Client) FloatingIPAt(ctx context.Context, caller *reqctx.Caller, address string) (*FloatingIP, error) {
	list, err := c.floatingIPs(ctx, caller, url.Values{"floating_ip_address": {address}})
	switch {
	case err != nil:
		return nil, err
	case len(list) == 0:
		return nil, objects.ErrFloatingIPNotFoundForAddress.Errorf(objects.KindNotFound, "Floating IP not found for address %s.", address)
	case len(list) > 1:
		return nil, objects.ErrFloatingIPMultipleFoundForAddress.Errorf(objects.KindConflict,
			"Multiple floating IPs are found for address %s.", address)
	}
	return list[0], nil
}

// BindFloatingIP associates a floating IP with a fixed IP of a port; nil disassociates it. Its
// error is a *Fault if Neutron rejects the request.
func (c *Client) BindFloatingIP(ctx context.Context, caller *reqctx.Caller, id string, port, fixed *string) error {
	change := map[string]any{"port_id": port}
	if port != nil {
		change["fixed_ip_address"] = fixed
	}
	return c.send(ctx, caller, http.MethodPut, "floatingips/"+url.PathEscape(id), map[string]any{"floatingip": change}, nil)
}

// DeleteFloatingIP deletes a floating IP.
func (c *Client) DeleteFloatingIP(ctx context.Context, caller *reqctx.Caller, ip *FloatingIP) error {
	err := c.send(ctx, caller, http.MethodDelete, "floatingips/"+url.PathEscape(ip.ID), nil, nil)
	if faultIn(err).Status == http.StatusNotFound {
		return objects.ErrFloatingIPNotFoundForAddress.Errorf(objects.KindNotFound, "Floating IP not found for address %s.", ip.Address)
	}
	return err
}
