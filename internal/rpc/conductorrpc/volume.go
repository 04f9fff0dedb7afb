package conductorrpc

import (
	"context"
	"encoding/json"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Volume is a volume that is to be attached.
type Volume struct {
	Instance            *objects.Instance
	Volume              map[string]any // as Nova's services know volumes
	Device, Tag         *string
	Multiattach         bool // the caller knows of multiattach volumes
	DeleteOnTermination any  // a truth value, or a word, which the conductor takes for true
}

func (v Volume) args() args {
	return args{"instance": v.Instance, "volume": v.Volume, "device": v.Device, "disk_bus": nil, "device_type": nil, "tag": v.Tag,
		"supports_multiattach": v.Multiattach, "delete_on_termination": v.DeleteOnTermination}
}

// AttachVolume attaches a volume and answers the name of its device. StartAttach does
// not wait for it.
func (c *Client) AttachVolume(ctx context.Context, caller *reqctx.Caller, v Volume) (device *string, err error) {
	answer, err := c.call(ctx, caller, "attach_volume", "1.26", v.args())
	if err != nil {
		return nil, err
	}
	return device, json.Unmarshal(answer, &device)
}

// StartAttach begins to attach a volume.
func (c *Client) StartAttach(ctx context.Context, caller *reqctx.Caller, v Volume) error {
	return c.cast(ctx, caller, "attach_volume", "1.26", v.args())
}
