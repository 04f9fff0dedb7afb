package neutron

import (
	"context"
	"net/url"
	"slices"

	"github.com/nova-go/nova/internal/objects"
)

// portRequest is the resource request of a port.
type portRequest struct {
	ID      string                   `json:"id"`
	Request *objects.ResourceRequest `json:"resource_request"`
}

// requestsOf reads the resource requests of all ports of a server, which only administrators
// can see.
func (c *Client) requestsOf(ctx context.Context, server string) ([]portRequest, error) {
	var out struct {
		Ports []portRequest `json:"ports"`
	}
	err := c.service(ctx, "ports", url.Values{"device_id": {server}, "fields": {"id", "resource_request"}}, &out)
	return out.Ports, err
}

// PortRequests returns the resource requests of the ports of a server.
func (c *Client) PortRequests(ctx context.Context, server string) (*objects.NetworkPlacement, error) {
	ports, err := c.requestsOf(ctx, server)
	if err != nil {
		return nil, err
	}
	p := &objects.NetworkPlacement{}
	for _, port := range ports {
		if port.Request.Empty() {
			continue
		}
		if p.Grouped, err = c.Grouped(ctx); err != nil {
			return nil, err
		}
		p.AddPort(port.ID, port.Request, p.Grouped)
	}
	return p, nil
}

// AsksForGroups reports whether a port of a server has a resource request with several groups.
func (c *Client) AsksForGroups(ctx context.Context, server string) (bool, error) {
	grouped, err := c.Grouped(ctx)
	if err != nil || !grouped {
		return false, err
	}
	ports, err := c.requestsOf(ctx, server)
	return slices.ContainsFunc(ports, func(p portRequest) bool { return p.Request != nil && len(p.Request.Groups) > 0 }), err
}
