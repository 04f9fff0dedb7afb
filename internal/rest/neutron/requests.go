package neutron

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// network is a network with the fields that the creation of servers uses.
type network struct {
	ID           string    `json:"id"`
	Subnets      []string  `json:"subnets"`
	Physical     *string   `json:"provider:physical_network"`
	Type         *string   `json:"provider:network_type"`
	Segments     []segment `json:"segments"`
	External     bool      `json:"router:external"`
	Shared       bool      `json:"shared"`
	AdminStateUp bool      `json:"admin_state_up"`
}

type segment struct {
	Physical *string `json:"provider:physical_network"`
}

func (c *Client) networks(ctx context.Context, caller *reqctx.Caller, query url.Values) ([]network, error) {
	var out struct {
		Networks []network `json:"networks"`
	}
	err := c.get(ctx, caller, "networks", query, &out)
	return out.Networks, err
}

// available returns the networks of the caller's project and the shared networks.
func (c *Client) available(ctx context.Context, caller *reqctx.Caller) ([]network, error) {
	own, err := c.networks(ctx, caller, url.Values{"tenant_id": {caller.ProjectID}, "shared": {"False"}})
	if err != nil {
		return nil, err
	}
	shared, err := c.networks(ctx, caller, url.Values{"shared": {"True"}})
	return append(own, shared...), err
}

// Validate checks the requested interfaces, and returns how many of count servers the port
// quota allows. Errors are Nova's: NetworkAmbiguous, NetworkNotFound, NetworkRequiresSubnet,
// PortNotFound, PortInUse, PortRequiresFixedIP, FixedIpAlreadyInUse,
// UnableToAutoAllocateNetwork, PortLimitExceeded.
func (c *Client) Validate(ctx context.Context, caller *reqctx.Caller, n *objects.NetworkRequests, count int) (int, error) {
	needed, err := c.portsNeeded(ctx, caller, n)
	if err != nil || needed == 0 {
		return count, err
	}
	var quota struct {
		Quota struct {
			Port *int `json:"port"`
		} `json:"quota"`
	}
	if err := c.get(ctx, caller, "quotas/"+url.PathEscape(caller.ProjectID), nil, &quota); err != nil {
		return 0, err
	}
	if quota.Quota.Port == nil || *quota.Quota.Port == -1 {
		return count, nil
	}
	var used struct {
		Ports []struct{} `json:"ports"` // only counted
	}
	if err := c.get(ctx, caller, "ports", url.Values{"tenant_id": {caller.ProjectID}, "fields": {"id"}}, &used); err != nil {
		return 0, err
	}
	free := *quota.Quota.Port - len(used.Ports)
	if free < 0 {
		return 0, objects.ErrPortLimitExceeded.Errorf(objects.KindOverQuota, "The number of defined ports: %d is over the limit: %d",
			len(used.Ports), *quota.Quota.Port)
	}
	return min(count, free/needed), nil
}

// portsNeeded returns how many ports must be created per server.
func (c *Client) portsNeeded(ctx context.Context, caller *reqctx.Caller, n *objects.NetworkRequests) (int, error) {
	if n == nil || n.Auto || len(n.List) == 0 {
		nets, err := c.available(ctx, caller)
		switch {
		case err != nil:
			return 0, err
		case len(nets) > 1:
			return 0, objects.ErrNetworkAmbiguous.Errorf(objects.KindConflict,
				"Multiple possible networks found, use a Network ID to be more specific.")
		case len(nets) == 0 && n != nil && n.Auto:
			if err := c.canAllocate(ctx, caller); err != nil {
				return 0, err
			}
		}
		return 1, nil
	}
	needed := 0
	var ids []string
	for _, r := range n.List {
		if r.PortID != nil {
			if err := c.checkPort(ctx, caller, *r.PortID); err != nil {
				return 0, err
			}
			continue
		}
		needed++
		ids = append(ids, *r.NetworkID)
		if r.Address == nil {
			continue
		}
		ports, err := c.ports(ctx, caller, url.Values{"network_id": {*r.NetworkID}, "fixed_ips": {"ip_address=" + *r.Address},
			"fields": {"device_id"}})
		if err != nil {
			return 0, err
		}
		if len(ports) > 0 {
			return 0, objects.ErrFixedIPAlreadyInUse.Errorf(objects.KindInvalid, "Fixed IP address %s is already in use on instance %s.",
				*r.Address, ports[0].DeviceID)
		}
	}
	return needed, c.checkNetworks(ctx, caller, ids)
}

func (c *Client) checkNetworks(ctx context.Context, caller *reqctx.Caller, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	nets, err := c.networks(ctx, caller, url.Values{"id": ids})
	if err != nil {
		return err
	}
	for _, id := range ids { // in the order of the request
		for _, n := range nets {
			if n.ID == id && len(n.Subnets) == 0 {
				return objects.ErrNetworkRequiresSubnet.Errorf(objects.KindInvalid, "Network %s requires a subnet in order to boot instances on.", n.ID)
			}
		}
	}
	var lost []string
	for _, id := range ids {
		if !slices.ContainsFunc(nets, func(n network) bool { return n.ID == id }) && !slices.Contains(lost, id) {
			lost = append(lost, id)
		}
	}
	if lost != nil {
		return objects.ErrNetworkNotFound.Errorf(objects.KindInvalid, "Network %s could not be found.", strings.Join(lost, ", "))
	}
	return nil
}

func (c *Client) checkPort(ctx context.Context, caller *reqctx.Caller, id string) error {
	var out struct {
		Port struct {
			DeviceID     string           `json:"device_id"`
			IPAllocation string           `json:"ip_allocation"`
			FixedIPs     []map[string]any `json:"fixed_ips"`
		} `json:"port"`
	}
	err := c.get(ctx, caller, "ports/"+url.PathEscape(id), nil, &out)
	switch p := out.Port; {
	case statusOf(err) == http.StatusNotFound:
		return objects.ErrPortNotFound.Errorf(objects.KindInvalid, "Port id %s could not be found.", id)
	case err != nil:
		return err
	case p.DeviceID != "":
		return objects.ErrPortInUse.Errorf(objects.KindConflict, "Port %s is still in use.", id)
	case p.IPAllocation != "deferred" && p.IPAllocation != "none" && len(p.FixedIPs) == 0:
		return objects.ErrPortRequiresFixedIP.Errorf(objects.KindInvalid, "Port %s requires a FixedIP in order to be used.", id)
	}
	return nil
}

// canAllocate checks that Neutron can automatically allocate a network for the project.
func (c *Client) canAllocate(ctx context.Context, caller *reqctx.Caller) error {
	has, err := c.has(ctx, caller, "auto-allocated-topology")
	if err == nil && has {
		err = c.get(ctx, caller, "auto-allocated-topology/"+url.PathEscape(caller.ProjectID), url.Values{"fields": {"dry-run"}}, nil)
	}
	if !has && err == nil || statusOf(err) == http.StatusConflict || statusOf(err) == http.StatusNotFound ||
		statusOf(err) == http.StatusBadRequest {
		return objects.ErrUnableToAutoAllocateNetwork.Errorf(objects.KindInvalid, "Unable to automatically allocate a network for project %s",
			caller.ProjectID)
	}
	return err
}

// GroupID finds a security group of the caller's project by id or name. Errors:
// SecurityGroupNotFound, NoUniqueMatch.
func (c *Client) GroupID(ctx context.Context, caller *reqctx.Caller, name string) (string, error) {
	for _, by := range []string{"id", "name"} {
		if by == "id" && uuid.Validate(name) != nil {
			continue
		}
		query := url.Values{by: {name}, "fields": {"id"}}
		if by == "name" {
			query.Set("tenant_id", caller.ProjectID)
		}
		var out struct {
			Groups []struct {
				ID string `json:"id"`
			} `json:"security_groups"`
		}
		if err := c.get(ctx, caller, "security-groups", query, &out); err != nil {
			return "", err
		}
		switch {
		case len(out.Groups) > 1:
			return "", objects.ErrNoUniqueMatch.Errorf(objects.KindConflict,
				"Multiple security_group matches found for name '%s', use an ID to be more specific.", name)
		case len(out.Groups) == 1:
			return out.Groups[0].ID, nil
		}
	}
	return "", objects.ErrSecurityGroupNotFound.Errorf(objects.KindInvalid, "Unable to find security_group with name or id '%s'", name)
}
