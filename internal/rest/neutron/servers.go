package neutron

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-go/nova/internal/reqctx"
)

// Deallocate deletes the ports of a server. The ports in keep, which existed before the server,
// are unbound as Nova's own user; Deallocate returns their accelerator requests. Missing ports
// are not errors.
func (c *Client) Deallocate(ctx context.Context, caller *reqctx.Caller, server string, keep []string) (requests []string, err error) {
	ports, err := c.Ports(ctx, caller, server)
	if err != nil {
		return nil, err
	}
	for _, id := range keep {
		request, err := c.unbind(ctx, id)
		if request != "" {
			requests = append(requests, request)
		}
		if err != nil {
			return requests, err
		}
	}
	var failed error
	for _, p := range ports {
		if slices.Contains(keep, p.ID) {
			continue
		}
		if err := c.send(ctx, caller, http.MethodDelete, "ports/"+p.ID, nil, nil); err != nil && faultIn(err).Status != http.StatusNotFound {
			failed = errors.Join(failed, err)
		}
	}
	return requests, failed
}

// hostProfileKeys are the keys of a port's binding profile that describe the host.
var hostProfileKeys = []string{"pci_vendor_info", "pci_slot", "allocation", "arq_uuid", "physical_network", "card_serial_number",
	"vf_num", "pf_mac_address", "device_mac_address"}

// unbind removes the binding of a port to its server. It returns the accelerator request of the
// port, or "".
func (c *Client) unbind(ctx context.Context, id string) (request string, err error) {
	client, err := c.session.AsService(ctx)
	if err != nil {
		return "", err
	}
	place := apiRoot(client.Endpoint) + "ports/" + url.PathEscape(id)
	var out struct {
		Port struct {
			Profile   map[string]any `json:"binding:profile"`
			NetworkID string         `json:"network_id"`
		} `json:"port"`
	}
	if _, err := client.Get(ctx, place, &out, nil); statusOf(err) == http.StatusNotFound {
		return "", nil
	} else if err != nil {
		return "", err
	}
	request, _ = out.Port.Profile["arq_uuid"].(string)
	for _, key := range hostProfileKeys {
		delete(out.Port.Profile, key)
	}
	if out.Port.Profile == nil {
		out.Port.Profile = map[string]any{}
	}
	port := map[string]any{"device_id": "", "device_owner": "", "binding:host_id": nil, "binding:profile": out.Port.Profile}
	if err := c.clearDNSName(ctx, client, out.Port.NetworkID, port); err != nil {
		return request, err
	}
	_, err = client.Put(ctx, place, map[string]any{"port": port}, nil, &gophercloud.RequestOpts{OkCodes: []int{http.StatusOK}})
	if statusOf(err) == http.StatusNotFound {
		err = nil
	}
	return request, err
}

// clearDNSName removes the DNS name from a port. It does so only in networks without a DNS
// domain, where Nova sets the name of the port.
func (c *Client) clearDNSName(ctx context.Context, client *gophercloud.ServiceClient, network string, port map[string]any) error {
	has, err := c.serviceHas(ctx, client, "dns-integration")
	if err != nil || !has {
		return err
	}
	var out struct {
		Network struct {
			Domain string `json:"dns_domain"`
		} `json:"network"`
	}
	if _, err := client.Get(ctx, apiRoot(client.Endpoint)+"networks/"+network, &out, nil); err != nil {
		return err
	}
	if out.Network.Domain == "" {
		port["dns_name"] = ""
	}
	return nil
}

func (c *Client) serviceHas(ctx context.Context, client *gophercloud.ServiceClient, alias string) (bool, error) {
	_, err := client.Get(ctx, apiRoot(client.Endpoint)+"extensions/"+alias, nil, &gophercloud.RequestOpts{OkCodes: []int{http.StatusOK}})
	if statusOf(err) == http.StatusNotFound {
		return false, nil
	}
	return err == nil, err
}
