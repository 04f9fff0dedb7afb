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

// Deallocate deletes the ports of a server; those of keep, which were there before
// it, are freed by Nova's own user. What is gone already is no error.
func (c *Client) Deallocate(ctx context.Context, caller *reqctx.Context, server string, keep []string) error {
	ports, err := c.Ports(ctx, caller, server)
	if err != nil {
		return err
	}
	for _, id := range keep {
		if err := c.unbind(ctx, id); err != nil {
			return err
		}
	}
	var failed error
	for _, p := range ports {
		if slices.Contains(keep, p.ID) {
			continue
		}
		if err := c.send(ctx, caller, http.MethodDelete, "ports/"+p.ID, nil, nil); err != nil && refused(err).Status != http.StatusNotFound {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// ofHost are the keys of a port's binding profile that are about the host it was
// bound to.
var ofHost = []string{"pci_vendor_info", "pci_slot", "allocation", "arq_uuid", "physical_network", "card_serial_number", "vf_num", "pf_mac_address", "device_mac_address"}

// unbind takes a port from its server.
func (c *Client) unbind(ctx context.Context, id string) error {
	client, err := c.session.AsService(ctx)
	if err != nil {
		return err
	}
	place := root(client.Endpoint) + "ports/" + url.PathEscape(id)
	var out struct {
		Port struct {
			Profile   map[string]any `json:"binding:profile"`
			NetworkID string         `json:"network_id"`
		} `json:"port"`
	}
	if _, err := client.Get(ctx, place, &out, nil); status(err) == http.StatusNotFound {
		return nil
	} else if err != nil {
		return err
	}
	for _, key := range ofHost {
		delete(out.Port.Profile, key)
	}
	if out.Port.Profile == nil {
		out.Port.Profile = map[string]any{}
	}
	port := map[string]any{"device_id": "", "device_owner": "", "binding:host_id": nil, "binding:profile": out.Port.Profile}
	if err := c.forgetName(ctx, client, out.Port.NetworkID, port); err != nil {
		return err
	}
	_, err = client.Put(ctx, place, map[string]any{"port": port}, nil, &gophercloud.RequestOpts{OkCodes: []int{http.StatusOK}})
	if status(err) == http.StatusNotFound {
		return nil
	}
	return err
}

// forgetName takes the name of its server from a port, where names are given to
// ports and not to those of a domain.
func (c *Client) forgetName(ctx context.Context, client *gophercloud.ServiceClient, network string, port map[string]any) error {
	has, err := c.serviceHas(ctx, client, "dns-integration")
	if err != nil || !has {
		return err
	}
	var out struct {
		Network struct {
			Domain string `json:"dns_domain"`
		} `json:"network"`
	}
	if _, err := client.Get(ctx, root(client.Endpoint)+"networks/"+network, &out, nil); err != nil {
		return err
	}
	if out.Network.Domain == "" {
		port["dns_name"] = ""
	}
	return nil
}

func (c *Client) serviceHas(ctx context.Context, client *gophercloud.ServiceClient, alias string) (bool, error) {
	_, err := client.Get(ctx, root(client.Endpoint)+"extensions/"+alias, nil, &gophercloud.RequestOpts{OkCodes: []int{http.StatusOK}})
	if status(err) == http.StatusNotFound {
		return false, nil
	}
	return err == nil, err
}
