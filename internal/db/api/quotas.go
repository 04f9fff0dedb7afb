package api

import (
	"context"
	"database/sql"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// Quotas reads and writes the tables quotas, project_user_quotas and quota_classes, and counts
// the resources of the API database that quotas limit.
type Quotas struct{ db *db.DB }

// NewQuotas returns the access to the quotas of d.
func NewQuotas(d *db.DB) *Quotas { return &Quotas{d} }

// defaultClass is the quota class whose limits override those of the configuration.
const defaultClass = "default"

const (
	limitRows = `SELECT 'd', resource, hard_limit, id FROM quota_classes WHERE class_name = ?
UNION ALL SELECT 'p', resource, hard_limit, id FROM quotas WHERE project_id = ?
UNION ALL SELECT 'u', resource, hard_limit, id FROM project_user_quotas WHERE project_id = ? AND user_id = ?`
	// groupRows counts in one query, because no index has the project: the database reads all groups.
	groupRows = `
UNION ALL SELECT 'g', NULL, COUNT(*), COALESCE(SUM(CASE WHEN user_id = ? THEN 1 ELSE 0 END), 0) FROM instance_groups WHERE project_id = ?`
)

// Limits returns the limits of a project, and of a user in it unless user is "".
func (q *Quotas) Limits(ctx context.Context, project, user string) (objects.QuotaLimits, error) {
	limits, _, err := q.read(ctx, limitRows, defaultClass, project, project, user)
	return limits, err
}

// LimitsAndGroups returns the limits and the number of server groups in one query.
func (q *Quotas) LimitsAndGroups(ctx context.Context, project, user string) (objects.QuotaLimits, objects.Used[int64], error) {
	return q.read(ctx, limitRows+groupRows, defaultClass, project, project, user, user, project)
}

func (q *Quotas) read(ctx context.Context, query string, args ...any) (objects.QuotaLimits, objects.Used[int64], error) {
	l := objects.QuotaLimits{Default: map[string]int64{}, Project: map[string]int64{}, User: map[string]int64{}}
	var groups objects.Used[int64]
	var newest int64 // quota_classes may have two rows for a resource; Nova uses the last one
	err := q.db.Each(ctx, func(r *sql.Rows) error {
		var kind string
		var resource sql.NullString
		var limit sql.NullInt64
		var id int64
		if err := r.Scan(&kind, &resource, &limit, &id); err != nil {
			return err
		}
		into := l.Project
		switch kind {
		case "g":
			groups.Project, groups.User = limit.Int64, id
			return nil
		case "d":
			if _, have := l.Default[resource.String]; have && id < newest {
				return nil
			}
			into, newest = l.Default, max(newest, id)
		case "u":
			into = l.User
		}
		if limit.Valid { // Nova never writes NULL
			into[resource.String] = limit.Int64
		}
		return nil
	}, query, args...)
	return l, groups, err
}

// ProjectLimits returns the limits of all projects that have their own, by project and resource.
func (q *Quotas) ProjectLimits(ctx context.Context) (map[string]map[string]int64, error) {
	all := map[string]map[string]int64{}
	return all, q.db.Each(ctx, func(r *sql.Rows) error {
		var project, resource sql.NullString
		var limit sql.NullInt64
		if err := r.Scan(&project, &resource, &limit); err != nil {
			return err
		}
		if all[project.String] == nil {
			all[project.String] = map[string]int64{}
		}
		all[project.String][resource.String] = limit.Int64
		return nil
	}, "SELECT project_id, resource, hard_limit FROM quotas")
}

// Class returns the limits of a quota class.
func (q *Quotas) Class(ctx context.Context, name string) (map[string]int64, error) {
	l, _, err := q.read(ctx, "SELECT 'd', resource, hard_limit, id FROM quota_classes WHERE class_name = ?", name)
	return l.Default, err
}

// Keypairs returns the number of key pairs of a user.
func (q *Quotas) Keypairs(ctx context.Context, user string) (int64, error) {
	var n int64
	return n, q.db.One(ctx, []any{&n}, "SELECT COUNT(*) FROM key_pairs WHERE user_id = ?", user)
}

// UserLimitSums returns the sums of the limits of a project's users, by resource.
func (q *Quotas) UserLimitSums(ctx context.Context, project string) (map[string]int64, error) {
	sums := map[string]int64{}
	return sums, q.db.Each(ctx, func(r *sql.Rows) error {
		var resource string
		var sum sql.NullInt64
		err := r.Scan(&resource, &sum)
		sums[resource] = sum.Int64
		return err
	}, "SELECT resource, SUM(hard_limit) FROM project_user_quotas WHERE project_id = ? GROUP BY resource", project)
}

// SetLimit inserts or updates a limit of a project, or of a user in it unless user is "".
func (q *Quotas) SetLimit(ctx context.Context, project, user, resource string, limit int64) error {
	var err error
	if user == "" {
		_, err = q.db.Insert(ctx, q.db, "INSERT INTO quotas (created_at, project_id, resource, hard_limit) VALUES (?, ?, ?, ?)", db.Now(ctx),
			project, resource, limit)
	} else {
		_, err = q.db.Insert(ctx, q.db, "INSERT INTO project_user_quotas (created_at, user_id, project_id, resource, hard_limit) VALUES (?, "+
			"?, ?, ?, ?)", db.Now(ctx), user, project, resource, limit)
	}
	if _, there := db.Duplicate(err); !there {
		return err
	}
	if user == "" {
		_, err = db.Exec(ctx, q.db, "UPDATE quotas SET updated_at = ?, hard_limit = ? WHERE project_id = ? AND resource = ?", db.Now(ctx), limit,
			project, resource)
	} else {
		_, err = db.Exec(ctx, q.db, "UPDATE project_user_quotas SET updated_at = ?, hard_limit = ? WHERE project_id = ? AND resource = ? AND "+
			"user_id = ?", db.Now(ctx), limit, project, resource, user)
	}
	return err
}

// DeleteLimits deletes the limits of a project and of all its users, or only those of user unless
// it is "".
func (q *Quotas) DeleteLimits(ctx context.Context, project, user string) error {
	return q.db.InTx(ctx, func(tx bun.Tx) error {
		if user != "" {
			_, err := db.Exec(ctx, tx, "DELETE FROM project_user_quotas WHERE project_id = ? AND user_id = ?", project, user)
			return err
		}
		if _, err := db.Exec(ctx, tx, "DELETE FROM quotas WHERE project_id = ?", project); err != nil {
			return err
		}
		_, err := db.Exec(ctx, tx, "DELETE FROM project_user_quotas WHERE project_id = ?", project)
		return err
	})
}

// SetClass inserts or updates a limit of a quota class. The table has no unique constraint; if it
// has several rows for the resource, all are updated.
func (q *Quotas) SetClass(ctx context.Context, class, resource string, limit int64) error {
	return q.db.InTx(ctx, func(tx bun.Tx) error {
		var n int64
		if err := db.One(ctx, tx, []any{&n}, "SELECT COUNT(*) FROM quota_classes WHERE class_name = ? AND resource = ?", class,
			resource); err != nil {
			return err
		}
		if n > 0 {
			_, err := db.Exec(ctx, tx, "UPDATE quota_classes SET updated_at = ?, hard_limit = ? WHERE class_name = ? AND resource = ?", db.Now(ctx),
				limit, class, resource)
			return err
		}
		_, err := q.db.Insert(ctx, tx, "INSERT INTO quota_classes (created_at, class_name, resource, hard_limit) VALUES (?, ?, ?, ?)",
			db.Now(ctx),
			class, resource, limit)
		return err
	})
}

// Migrated tells whether the instance mappings of a project (of all projects for "") have the
// columns user_id and queued_for_delete set. Mappings of releases before Train may not have them.
func (q *Quotas) Migrated(ctx context.Context, project string) (bool, error) {
	query, args := "SELECT COUNT(*) FROM (SELECT 1 FROM instance_mappings WHERE (queued_for_delete IS NULL OR user_id IS NULL AND "+
		"queued_for_delete = ?)", []any{false}
	if project != "" {
		query, args = query+" AND project_id = ?", append(args, project)
	}
	var n int64
	err := q.db.One(ctx, []any{&n}, query+" LIMIT 1) x", args...)
	return n == 0, err
}

// Mapped returns the number of servers of a project, and of a user in it unless user is "", from
// their instance mappings. Servers that are being deleted do not count.
func (q *Quotas) Mapped(ctx context.Context, project, user string) (objects.Used[int64], error) {
	var n objects.Used[int64]
	return n, q.db.One(ctx, []any{&n.Project, &n.User}, "SELECT COUNT(*), COALESCE(SUM(CASE WHEN user_id = ? THEN 1 ELSE 0 END), 0) FROM "+
		"instance_mappings WHERE project_id = ? AND queued_for_delete = ?",
		user, project, false)
}

// MappedMembers returns how many servers among uuids belong to a user, from their instance
// mappings. Servers that are being deleted do not count.
func (q *Quotas) MappedMembers(ctx context.Context, uuids []string, user string) (int64, error) {
	var n int64
	return n, q.db.One(ctx, []any{&n}, "SELECT COUNT(*) FROM instance_mappings WHERE instance_uuid IN (?) AND user_id = ? AND "+
		"queued_for_delete = ?", db.In(uuids), user, false)
}

// Building returns the servers among uuids that belong to a user and have a build request.
func (q *Quotas) Building(ctx context.Context, uuids []string, user string) ([]string, error) {
	list, err := buildRequests(ctx, q.db, "instance_uuid IN (?)", db.In(uuids))
	var building []string
	for _, i := range list {
		if i.UserID == user {
			building = append(building, i.UUID)
		}
	}
	return building, err
}

// Members returns the number of members of a server group.
func (q *Quotas) Members(ctx context.Context, group int64) (int64, error) {
	var n int64
	return n, q.db.One(ctx, []any{&n}, "SELECT COUNT(*) FROM instance_group_member WHERE group_id = ?", group)
}
