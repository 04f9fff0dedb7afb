package migrations

import (
	"slices"
	"strconv"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/policy"
)

func (a *API) ofServer(r *api.Request, i *objects.Instance) (any, error) {
	hosts := r.Allowed(policy.ServersMigrationsIndexHost, api.OwnerOf(i))
	list, err := a.Servers.LiveMigrations(r.Context(), i)
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.List("migrations", len(list), func(n int, arr *api.Array) {
			arr.Obj(func(o *api.Object) { writeLiveMigration(r, o, list[n], hosts) })
		})
	}), nil
}

func (a *API) show(r *api.Request, i *objects.Instance) (any, error) {
	id := r.Var("id")
	var m *objects.Migration
	if n, err := strconv.ParseInt(id, 10, 64); err == nil {
		if m, err = a.Servers.Migration(r.Context(), i, n); err != nil {
			return nil, err
		}
	}
	switch {
	case m == nil:
		return nil, api.NotFound("In-progress live migration %s is not found for server %s.", id, i.UUID)
	case objects.OrZero(m.Type) != "live-migration":
		return nil, api.NotFound("Migration %s for server %s is not live-migration.", id, i.UUID)
	case !slices.Contains(inProgress(), objects.OrZero(m.Status)):
		return nil, api.NotFound("Live migration %s for server %s is not in progress.", id, i.UUID)
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("migration", func(o *api.Object) { writeLiveMigration(r, o, m, true) })
	}), nil
}

func writeLiveMigration(r *api.Request, o *api.Object, m *objects.Migration, hosts bool) {
	o.Time("created_at", m.CreatedAt, microTime)
	migrationEnds(o, m, hosts)
	o.OptInt("disk_processed_bytes", m.DiskDone)
	o.OptInt("disk_remaining_bytes", m.DiskLeft)
	o.OptInt("disk_total_bytes", m.DiskTotal)
	o.Int("id", m.ID)
	o.OptInt("memory_processed_bytes", m.MemoryDone)
	o.OptInt("memory_remaining_bytes", m.MemoryLeft)
	o.OptInt("memory_total_bytes", m.MemoryTotal)
	o.Str("server_uuid", m.InstanceUUID)
	o.Opt("status", m.Status)
	o.Time("updated_at", m.UpdatedAt, microTime)
	if r.Since(mv.V59MigrationPaging) {
		o.Opt("uuid", m.UUID)
	}
	if r.Since(mv.V80MigrationOwner) {
		o.Opt("user_id", m.UserID)
		o.Opt("project_id", m.ProjectID)
	}
}

// inProgress returns the statuses of a live migration in progress.
func inProgress() []string { return []string{"queued", "preparing", "running", "post-migrating"} }

// migrationEnds writes source and destination of a migration, or nulls for callers who may not
// see hosts.
func migrationEnds(o *api.Object, m *objects.Migration, hosts bool) {
	for _, f := range []struct {
		name  string
		value *string
	}{
		{"dest_compute", m.DestCompute}, {"dest_host", m.DestHost}, {"dest_node", m.DestNode},
		{"source_compute", m.SourceCompute}, {"source_node", m.SourceNode},
	} {
		if hosts {
			o.Opt(f.name, f.value)
		} else {
			o.Null(f.name)
		}
	}
}
