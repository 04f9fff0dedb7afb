package computerpc

import (
	"context"
	"encoding/json"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/versioned"
)

// AttachInterface attaches a port, or a new port on a network, to a server and returns the id of
// the port.
func (c *Client) AttachInterface(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, network, port, address,
	tag *string) (string, error) {
	var vif json.RawMessage
	if err := c.call(ctx, caller, i, "attach_interface", args{"instance": i, "network_id": network, "port_id": port, "requested_ip": address,
		"tag": tag}, &vif); err != nil {
		return "", err
	}
	var made struct {
		ID string `json:"id"`
	}
	err := json.Unmarshal(vif, &made)
	return made.ID, err
}

// DetachInterface detaches a port from a server.
func (c *Client) DetachInterface(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, port string) error {
	return c.cast(ctx, caller, i, "", "detach_interface", args{"instance": i, "port_id": port})
}

// DetachVolume detaches a volume from a server. attachment is the id of Cinder's attachment, or
// nil for an attachment of the old API.
func (c *Client) DetachVolume(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, volume string, attachment *string) error {
	return c.cast(ctx, caller, i, "", "detach_volume", args{"instance": i, "volume_id": volume, "attachment_id": attachment})
}

// Reservation describes the device of a volume that a host reserves.
type Reservation struct {
	Volume      string
	Device, Tag *string // the name that the client asks for, or nil
	Multiattach bool
}

// ReserveDevice has the host of a server choose the name of a volume's device and create its block
// device mapping, which it returns.
func (c *Client) ReserveDevice(ctx context.Context, caller *reqctx.Caller, i *objects.Instance,
	r Reservation) (*objects.BlockDevice, error) {
	if objects.OrZero(i.Host) == "" {
		return nil, noHost(i)
	}
	var made json.RawMessage
	a := args{"instance": i, "device": r.Device, "volume_id": r.Volume, "disk_bus": nil, "device_type": nil, "tag": r.Tag,
		"multiattach": r.Multiattach}
	if err := c.callHost(ctx, caller, i.Cell, *i.Host, "reserve_block_device_name", a, &made, true); err != nil {
		return nil, err
	}
	return versioned.ParseBlockDevice(made)
}

// AttachVolume attaches the volume of a block device mapping of a server.
func (c *Client) AttachVolume(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, d *objects.BlockDevice) error {
	return c.cast(ctx, caller, i, "", "attach_volume", args{"instance": i, "bdm": d})
}

// SwapVolume replaces an attached volume by another one.
func (c *Client) SwapVolume(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, old, next, attachment string) error {
	return c.cast(ctx, caller, i, "", "swap_volume", args{"instance": i, "old_volume_id": old, "new_volume_id": next,
		"new_attachment_id": attachment})
}

// Console opens a console and returns the host's description of it: host, port, token, access_url
// and others. method is "get_vnc_console" or the method of another protocol, kind its type
// ("novnc").
func (c *Client) Console(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, method, kind string) (map[string]any, error) {
	var out map[string]any
	err := c.call(ctx, caller, i, method, args{"instance": i, "console_type": kind}, &out)
	return out, err
}
