package migrations

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/policy"
)

// Migrations lists the migrations of all cells; cell.Everywhere implements it.
type Migrations interface {
	Migrations(ctx context.Context, q cell.MigrationQuery, marker string) ([]*objects.Migration, error)
}

// index answers GET /os-migrations with the migrations of all servers.
func (a *API) index(r *api.Request) (any, error) {
	if project, _ := r.Query().Get("project_id"); project == "" || project != r.Caller.ProjectID {
		if err := r.Can(policy.MigrationsIndexAllProjects, r.Own()); err != nil {
			return nil, err
		}
	}
	hosts := r.Allowed(policy.MigrationsIndexHost, r.Own())
	q, marker, err := migrationQuery(r)
	if err != nil {
		return nil, err
	}
	var list []*objects.Migration
	if hidden, given := q.Match["hidden"].(string); !given || isZero(hidden) { // hidden migrations are never shown
		if given {
			q.Match["hidden"] = false
		}
		if list, err = a.Migrations.Migrations(r.Context(), q, marker); err != nil {
			return nil, err
		}
	}
	list = slices.DeleteFunc(list, func(m *objects.Migration) bool { return m.Hidden })
	links := r.Links()
	return api.Doc(func(o *api.Object) {
		o.List("migrations", len(list), func(n int, arr *api.Array) {
			arr.Obj(func(o *api.Object) { anyMigration(r, o, list[n], hosts, links) })
		})
		if n := len(list); q.Sorted && n > 0 {
			r.Next(links, o, "migrations", "os-migrations", n, objects.OrZero(list[n-1].UUID))
		}
	}), nil
}

// isZero reports whether MySQL converts a text to the number 0. It does so for every text that
// does not begin with another number; Nova passes the filter hidden to it.
func isZero(s string) bool {
	n, err := strconv.ParseInt(s, 10, 64)
	return n == 0 || errors.Is(err, strconv.ErrSyntax)
}

// migrationQuery reads the filters and, since 2.59, the page. Parameters that are no filters in
// the microversion are ignored.
func migrationQuery(r *api.Request) (q cell.MigrationQuery, marker string, err error) {
	q.Match, q.Limit = map[string]any{}, -1
	for name := range r.Query() {
		q.Match[name], _ = r.Query().Get(name)
	}
	if !r.Since(mv.V59MigrationPaging) {
		return q, "", nil
	}
	if s, given := r.Query().Get("changes-since"); given {
		t, ok := api.Time(s)
		if !ok {
			return q, "", api.BadRequest("Invalid changes-since %s", s)
		}
		q.ChangesSince = &t
	}
	if s, given := r.Query().Get("changes-before"); given && r.Since(mv.V66ChangesBefore) {
		t, ok := api.Time(s)
		if !ok {
			return q, "", api.BadRequest("Invalid changes-before %s", s)
		}
		q.ChangesBefore = &t
		if q.ChangesSince != nil && t.Before(*q.ChangesSince) {
			return q, "", api.BadRequest("The value of changes-since must be less than or equal to changes-before.")
		}
	}
	if api.BeyondPython(q.ChangesSince) || api.BeyondPython(q.ChangesBefore) {
		q.ChangesSince = new(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)) // none is that new
		q.ChangesBefore = nil
	}
	q.Sorted = true
	q.Limit, marker, err = r.Page()
	return q, marker, err
}

func anyMigration(r *api.Request, o *api.Object, m *objects.Migration, hosts bool, links *api.Links) {
	o.Time("created_at", m.CreatedAt, microTime)
	o.Time("updated_at", m.UpdatedAt, microTime)
	o.Int("id", m.ID)
	if r.Since(mv.V59MigrationPaging) {
		o.Opt("uuid", m.UUID)
	}
	migrationEnds(o, m, hosts)
	o.OptInt("old_instance_type_id", m.OldInstanceTypeID)
	o.OptInt("new_instance_type_id", m.NewInstanceTypeID)
	o.Str("instance_uuid", m.InstanceUUID)
	o.Opt("status", m.Status)
	if r.Since(mv.V80MigrationOwner) {
		o.Opt("user_id", m.UserID)
		o.Opt("project_id", m.ProjectID)
	}
	if !r.Since(mv.V23ServerMigrations) {
		return
	}
	o.Str("migration_type", m.Kind())
	if m.Kind() == "live-migration" && slices.Contains(inProgress(), objects.OrZero(m.Status)) {
		links.Write(o, "servers/"+m.InstanceUUID+"/migrations", strconv.FormatInt(m.ID, 10))
	}
}
