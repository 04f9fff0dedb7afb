package neutron

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/objects"
)

// sriov maps the VNIC types that use PCI devices of the host to the required device type; ""
// means any.
var sriov = map[string]string{"direct": "", "macvtap": "", "direct-physical": "type-PF", "virtio-forwarder": "", remoteManaged: "",
	"vdpa": "vdpa"}

// remoteManaged is the VNIC type of interfaces that a SmartNIC manages.
const remoteManaged = "remote-managed"

// tunneled are the types of networks without a physical network.
var tunneled = []string{"vxlan", "gre", "geneve"}

// Placement returns the requirements of the interfaces for the placement of a server. It adds
// PCI requests of ports to those of the server, and stores their ids and the device profiles of
// ports in the network requests. Errors: PortNotFound, DeviceProfileError.
func (c *Client) Placement(ctx context.Context, n *objects.NetworkRequests, devices objects.PortDevices) (*objects.NetworkPlacement,
	error) {
	physical := []string{}
	tunnel := false
	p := &objects.NetworkPlacement{}
	for _, r := range n.List {
		id := ""
		var port portBinding
		switch {
		case r.PortID != nil:
			var err error
			if port, err = c.binding(ctx, *r.PortID); err != nil {
				return nil, err
			}
			id = port.NetworkID
		case r.NetworkID != nil:
			id = *r.NetworkID
		}
		where, tunneled, err := c.physical(ctx, id)
		if err != nil {
			return nil, err
		}
		tunnel = tunnel || tunneled
		if where != nil && *where != "" && !slices.Contains(physical, *where) {
			physical = append(physical, *where)
		}
		if err := c.addResources(ctx, p, r, port, devices); err != nil {
			return nil, err
		}
		if device, isPCI := sriov[port.VNICType]; isPCI {
			request := port.pciRequest(r, device, devices.NUMAPolicy, where)
			devices.Requests.Requests = append(devices.Requests.Requests, request)
			r.PCIRequestID = request.RequestID
		}
		p.RemoteManaged = p.RemoteManaged || port.VNICType == remoteManaged
	}
	slices.Sort(physical)
	p.Metadata = objects.NetworkMetadata{PhysicalNetworks: physical, Tunneled: tunnel}
	if len(p.Resources) == 0 {
		return p, nil
	}
	var err error
	p.Grouped, err = c.Grouped(ctx)
	return p, err
}

// addResources adds the resource request of a port and of its device profile.
func (c *Client) addResources(ctx context.Context, p *objects.NetworkPlacement, r *objects.NetworkRequest, port portBinding,
	devices objects.PortDevices) error {
	if objects.AcceleratorPort(port.VNICType) {
		if port.DeviceProfile == nil || *port.DeviceProfile == "" {
			none := "None"
			if port.DeviceProfile != nil {
				none = ""
			}
			return objects.ErrDeviceProfileError.Errorf(objects.KindInvalid, "Device profile name %s: No device profile for port %s.", none,
				*r.PortID)
		}
		groups, err := devices.OfProfile(ctx, *port.DeviceProfile, *r.PortID)
		if err != nil {
			return err
		}
		r.DeviceProfile = port.DeviceProfile
		p.Resources = append(p.Resources, groups...)
	}
	if port.Request.Empty() {
		return nil
	}
	grouped, err := c.Grouped(ctx)
	if err != nil {
		return err
	}
	p.AddPort(*r.PortID, port.Request, grouped)
	return nil
}

// Grouped reports whether ports may have resource requests with several groups.
func (c *Client) Grouped(ctx context.Context) (bool, error) {
	return c.has(ctx, nil, "port-resource-request-groups")
}

// portBinding has the binding attributes of a port.
type portBinding struct {
	NetworkID     string                   `json:"network_id"`
	VNICType      string                   `json:"binding:vnic_type"`
	Profile       map[string]any           `json:"binding:profile"`
	NUMAPolicy    *string                  `json:"numa_affinity_policy"`
	Request       *objects.ResourceRequest `json:"resource_request"`
	DeviceProfile *string                  `json:"device_profile"`
}

func (c *Client) binding(ctx context.Context, id string) (portBinding, error) {
	var out struct {
		Port portBinding `json:"port"`
	}
	err := c.service(ctx, "ports/"+url.PathEscape(id), url.Values{"fields": {"binding:vnic_type", "binding:profile", "network_id",
		"resource_request", "numa_affinity_policy", "device_profile"}}, &out)
	if statusOf(err) == http.StatusNotFound {
		err = objects.ErrPortNotFound.Errorf(objects.KindInvalid, "Port id %s could not be found.", id)
	}
	if out.Port.VNICType == "" {
		out.Port.VNICType = "normal"
	}
	return out.Port, err
}

// pciRequest returns the PCI request of a port: a device of a type, "" for any. policy is the
// NUMA policy for ports without one.
func (b portBinding) pciRequest(r *objects.NetworkRequest, device, policy string, physical *string) objects.PCIRequest {
	managed := "False"
	if b.VNICType == remoteManaged {
		managed = "True"
	}
	spec := map[string]any{"physical_network": physical, "remote_managed": managed}
	if device != "" {
		spec["dev_type"] = device
	}
	if trusted, ok := b.Profile["trusted"].(bool); ok {
		spec["trusted"] = map[bool]string{true: "True", false: "False"}[trusted]
	}
	request := objects.PCIRequest{Count: 1, Spec: []map[string]any{spec}, RequestID: new(uuid.NewString()), RequesterID: r.PortID}
	if b.NUMAPolicy != nil && *b.NUMAPolicy != "" {
		policy = *b.NUMAPolicy
	}
	if policy != "" {
		request.NUMAPolicy = &policy
	}
	return request
}

// physical returns the physical network of a network, and whether the network is tunneled.
func (c *Client) physical(ctx context.Context, id string) (where *string, tunnel bool, err error) {
	if id == "" {
		return nil, false, nil
	}
	var out struct {
		Network network `json:"network"`
	}
	err = c.service(ctx, "networks/"+url.PathEscape(id), url.Values{"fields": {"provider:physical_network", "provider:network_type",
		"segments"}}, &out)
	if err != nil {
		return nil, false, err
	}
	for _, s := range out.Network.Segments {
		if s.Physical != nil && *s.Physical != "" {
			return s.Physical, false, nil
		}
	}
	if len(out.Network.Segments) > 0 {
		return nil, false, &objects.Error{Class: objects.ErrNovaException,
			Message: "None of the segments of network " + id + " provides a physical_network"}
	}
	kind := out.Network.Type
	return out.Network.Physical, kind != nil && slices.Contains(tunneled, *kind), nil
}
