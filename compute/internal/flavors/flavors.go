// Package flavors serves flavors, their extra specs and their access lists.
package flavors

import (
	"context"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/notify"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/reqctx"
)

// Store is the part of the API database that the area uses; *dbapi.Flavors implements it.
type Store interface {
	List(context.Context, dbapi.FlavorQuery) ([]*objects.Flavor, error)
	Get(ctx context.Context, id, project string, all bool) (*objects.Flavor, error)
	Create(context.Context, *objects.Flavor) error
	Delete(ctx context.Context, flavorID string) error
	SetDescription(ctx context.Context, id int64, description *string) error
	SetExtraSpecs(ctx context.Context, f *objects.Flavor, specs map[string]string) error
	DeleteExtraSpec(ctx context.Context, f *objects.Flavor, key string) error
	AddAccess(ctx context.Context, f *objects.Flavor, project string) error
	RemoveAccess(ctx context.Context, f *objects.Flavor, project string) error
}

// Projects checks that a project exists. It returns nil also if Keystone is unreachable, or
// does not allow the caller to read projects.
type Projects interface {
	VerifyProject(ctx context.Context, caller *reqctx.Caller, id string) error
}

// API holds the dependencies of the handlers.
type API struct {
	Flavors  Store
	Projects Projects
	Notify   *notify.Notifier
}

// notifyUpdate sends the update notification of a flavor.
func (a *API) notifyUpdate(r *api.Request, f *objects.Flavor) {
	a.Notify.Flavor(r.Context(), r.Caller, "update", f)
}

// get finds a flavor by id, among those that the caller may see.
func (a *API) get(r *api.Request, id string) (*objects.Flavor, error) {
	return a.Flavors.Get(r.Context(), id, r.Caller.ProjectID, r.Caller.IsAdmin)
}

// showsExtraSpecs reports whether the answer contains the extra specs of flavors.
func showsExtraSpecs(r *api.Request) bool {
	return r.Since(mv.V61FlavorExtraSpecs) && r.Allowed(policy.FlavorExtraSpecsIndex, r.Own())
}

// flavorDoc writes one flavor as {"flavor": {…}}.
func flavorDoc(r *api.Request, f *objects.Flavor) api.Encoder {
	specs, links := showsExtraSpecs(r), r.Links()
	return api.Doc(func(o *api.Object) {
		o.Obj("flavor", func(o *api.Object) { writeDetail(r, links, o, f, specs) })
	})
}

// writeBrief writes a flavor as in GET /flavors.
func writeBrief(r *api.Request, l *api.Links, o *api.Object, f *objects.Flavor) {
	o.Str("id", f.FlavorID)
	o.Str("name", f.Name)
	l.Write(o, "flavors", f.FlavorID)
	if r.Since(mv.V55FlavorDescription) {
		o.Opt("description", f.Description)
	}
}

// writeDetail writes all fields of a flavor.
func writeDetail(r *api.Request, l *api.Links, o *api.Object, f *objects.Flavor, specs bool) {
	o.Str("id", f.FlavorID)
	o.Str("name", f.Name)
	o.Int("ram", f.MemoryMB)
	o.Int("disk", f.RootGB)
	if f.Swap == 0 && !r.Since(mv.V75Strict) {
		o.Str("swap", "")
	} else {
		o.Int("swap", f.Swap)
	}
	o.Int("OS-FLV-EXT-DATA:ephemeral", f.EphemeralGB)
	if !r.Since(mv.V102NoRxtxFactor) {
		o.Bool("OS-FLV-DISABLED:disabled", f.Disabled)
		if f.RxtxFactor == 0 {
			o.Str("rxtx_factor", "")
		} else {
			o.Float("rxtx_factor", f.RxtxFactor)
		}
	}
	o.Int("vcpus", f.VCPUs)
	o.Bool("os-flavor-access:is_public", f.IsPublic)
	l.Write(o, "flavors", f.FlavorID)
	if r.Since(mv.V55FlavorDescription) {
		o.Opt("description", f.Description)
	}
	if specs {
		o.StrMap("extra_specs", f.ExtraSpecs)
	}
}
