package conductorrpc

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/versioned"
)

// Build has the arguments of schedule_and_build_instances.
type Build struct {
	Servers  []*objects.Build
	Image    map[string]any
	Password string
	Files    [][2]string              // path and content
	Networks *objects.NetworkRequests // nil: the request has no networks
	Devices  []*objects.BlockDevice
	Tags     []string
}

// ScheduleAndBuild lets the conductor find hosts for new servers and build them there.
func (c *Client) ScheduleAndBuild(ctx context.Context, caller *reqctx.Caller, b Build) error {
	specs := make([]*objects.RequestSpec, len(b.Servers))
	for n, one := range b.Servers {
		specs[n] = one.Spec
	}
	return c.cast(ctx, caller, "schedule_and_build_instances", "1.17", args{"build_requests": b.Servers, "request_specs": specs,
		"image":          b.Image,
		"admin_password": b.Password, "injected_files": b.Files, "requested_networks": b.Networks,
		"block_device_mapping": versioned.NewBlockDevices(b.Devices, ""),
		"tags":                 versioned.Tags(b.Tags, "")})
}
