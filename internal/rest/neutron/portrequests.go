package neutron

import (
	"context"
	"net/url"

	"github.com/nova-go/nova/internal/objects"
)

// PortRequests is what the ports of a server ask of Placement. Neutron shows that
// to Nova's own user alone.
func (c *Client) PortRequests(ctx context.Context, server string) (*objects.NetworkPlacement, error) {
	var out struct {
		Ports []struct {
			ID      string         `json:"id"`
			Request map[string]any `json:"resource_request"`
		} `json:"ports"`
	}
	err := c.service(ctx, "ports", url.Values{"device_id": {server}, "fields": {"id", "resource_request"}}, &out)
	if err != nil {
		return nil, err
	}
	p := &objects.NetworkPlacement{}
	for _, port := range out.Ports {
		if err := p.AddPort(port.ID, port.Request); err != nil {
			return nil, err
		}
	}
	return p, nil
}
