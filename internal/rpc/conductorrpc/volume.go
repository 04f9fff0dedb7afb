package conductorrpc

import (
	"context"
	"encoding/json"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Volume has the arguments of the attachment of a volume.
type Volume struct {
	Instance            *objects.Instance
	Volume              map[string]any // Cinder's volume in the form of nova.volume.cinder
	Device, Tag         *string
	Multiattach         bool // the request's microversion supports multiattach volumes
	DeleteOnTermination any  // a boolean, or a string, which the conductor takes for true
}

func (v Volume) args() args {
	return args{"instance": v.Instance, "volume": v.Volume, "device": v.Device, "disk_bus": nil, "device_type": nil, "tag": v.Tag,
		"supports_multiattach": v.Multiattach, "delete_on_termination": v.DeleteOnTermination}
}

// AttachVolume attaches a volume and returns the name of its device. StartAttach does the same
// without waiting for it.
func (c *Client) AttachVolume(ctx context.Context, caller *reqctx.Caller, v Volume) (device *string, err error) {
	answer, err := c.call(ctx, caller, "attach_volume", "1.26", v.args())
	if err != nil {
		return nil, err
	}
	return device, json.Unmarshal(answer, &device)
}

// StartAttach sends a request to attach a volume, and returns once the broker has confirmed it.
func (c *Client) StartAttach(ctx context.Context, caller *reqctx.Caller, v Volume) error {
	return c.cast(ctx, caller, "attach_volume", "1.26", v.args())
}
