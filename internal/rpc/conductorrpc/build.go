package conductorrpc

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Build is what the conductor is told to build.
type Build struct {
	Requests []*objects.Versioned // BuildRequest
	Specs    []*objects.Versioned // RequestSpec, in the same order
	Image    map[string]any
	Password string
	Files    [][2]string // path and content
	Networks any         // NetworkRequestList, or nil
	Devices  *objects.Versioned
	Tags     *objects.Versioned
}

// ScheduleAndBuild finds hosts for servers and builds them there.
func (c *Client) ScheduleAndBuild(ctx context.Context, caller *reqctx.Caller, b Build) error {
	return c.cast(ctx, caller, "schedule_and_build_instances", "1.17", args{"build_requests": b.Requests, "request_specs": b.Specs, "image": b.Image,
		"admin_password": b.Password, "injected_files": b.Files, "requested_networks": b.Networks, "block_device_mapping": b.Devices, "tags": b.Tags})
}
