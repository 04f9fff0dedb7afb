package api

import (
	"context"
	"database/sql"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// Quotas reads quotas, project_user_quotas and quota_classes, and counts what
// they limit in the API database.
type Quotas struct{ db *db.DB }

// NewQuotas makes the access to quotas.
func NewQuotas(d *db.DB) *Quotas { return &Quotas{d} }

// defaultClass is the class whose limits stand in for those of the configuration.
const defaultClass = "default"

const (
	limitRows = `SELECT 'd', resource, hard_limit, id FROM quota_classes WHERE class_name = ?
UNION ALL SELECT 'p', resource, hard_limit, id FROM quotas WHERE project_id = ?
UNION ALL SELECT 'u', resource, hard_limit, id FROM project_user_quotas WHERE project_id = ? AND user_id = ?`
	groupRows = `
UNION ALL SELECT 'g', NULL, COUNT(*), 0 FROM instance_groups WHERE project_id = ?
UNION ALL SELECT 'm', NULL, COUNT(*), 0 FROM instance_groups WHERE project_id = ? AND user_id = ?`
)

// Limits reads the limits of a project, and of a user in it where user is not
// empty.
func (q *Quotas) Limits(ctx context.Context, project, user string) (objects.QuotaLimits, error) {
	limits, _, err := q.read(ctx, limitRows, defaultClass, project, project, user)
	return limits, err
}

// LimitsAndGroups is Limits together with the number of server groups, in one
// query.
func (q *Quotas) LimitsAndGroups(ctx context.Context, project, user string) (objects.QuotaLimits, objects.Used[int64], error) {
	return q.read(ctx, limitRows+groupRows, defaultClass, project, project, user, project, project, user)
}

func (q *Quotas) read(ctx context.Context, query string, args ...any) (objects.QuotaLimits, objects.Used[int64], error) {
	l := objects.QuotaLimits{Default: map[string]int64{}, Project: map[string]int64{}, User: map[string]int64{}}
	var groups objects.Used[int64]
	var newest int64 // quota_classes may hold a resource twice; Nova takes the last row
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
			groups.Project = limit.Int64
			return nil
		case "m":
			groups.User = limit.Int64
			return nil
		case "d":
			if _, have := l.Default[resource.String]; have && id < newest {
				return nil
			}
			into, newest = l.Default, max(newest, id)
		case "u":
			into = l.User
		}
		if limit.Valid { // nothing writes NULL, and Nova has no meaning for it
			into[resource.String] = limit.Int64
		}
		return nil
	}, query, args...)
	return l, groups, err
}

// Class reads the limits of a class.
func (q *Quotas) Class(ctx context.Context, name string) (map[string]int64, error) {
	l, _, err := q.read(ctx, "SELECT 'd', resource, hard_limit, id FROM quota_classes WHERE class_name = ?", name)
	return l.Default, err
}

// Keypairs counts the keypairs of a user.
func (q *Quotas) Keypairs(ctx context.Context, user string) (int64, error) {
	var n int64
	return n, q.db.One(ctx, []any{&n}, "SELECT COUNT(*) FROM key_pairs WHERE user_id = ?", user)
}
