package notify

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/versioned"
)

// Flavor sends the notification of an event of a flavor: "create", "update" or "delete". For "delete" the payload has
// neither extra specs nor projects, as in Nova.
func (n *Notifier) Flavor(ctx context.Context, caller *reqctx.Caller, event string, f *objects.Flavor) {
	if !n.Versioned() {
		return
	}
	p := flavorPayload(f)
	if event == "delete" {
		p.Data["extra_specs"], p.Data["projects"] = nil, nil
	} else {
		p.Data["projects"] = listOrEmpty(f.Projects)
	}
	n.announce(ctx, caller, "flavor."+event, p)
}

// flavorPayload returns the payload of a flavor without its projects.
func flavorPayload(f *objects.Flavor) *versioned.Object {
	specs := f.ExtraSpecs
	if specs == nil {
		specs = map[string]string{}
	}
	return versioned.Loaded("FlavorPayload", map[string]any{"flavorid": f.FlavorID, "memory_mb": f.MemoryMB, "vcpus": f.VCPUs,
		"root_gb":      f.RootGB,
		"ephemeral_gb": f.EphemeralGB, "name": f.Name, "swap": f.Swap, "rxtx_factor": versioned.Float(f.RxtxFactor), "vcpu_weight": f.VCPUWeight,
		"disabled": f.Disabled, "is_public": f.IsPublic, "extra_specs": specs, "projects": nil, "description": f.Description})
}
