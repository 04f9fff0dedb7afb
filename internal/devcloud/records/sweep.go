package records

import (
	"context"
	"database/sql"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/versioned"
)

// Request is a build request.
type Request struct {
	Server                  string
	Instance, Devices, Tags *versioned.Object
}

// Requests returns all build requests.
func (r *Records) Requests(ctx context.Context) ([]Request, error) {
	var list []Request
	err := r.API.Each(ctx, func(rows *sql.Rows) error {
		var q Request
		var texts [3]sql.NullString
		if err := rows.Scan(&q.Server, &texts[0], &texts[1], &texts[2]); err != nil {
			return err
		}
		for n, to := range []**versioned.Object{&q.Instance, &q.Devices, &q.Tags} {
			v, err := versioned.Parse([]byte(texts[n].String))
			if err != nil {
				return err
			}
			*to = v
		}
		list = append(list, q)
		return nil
	}, "SELECT instance_uuid, instance, block_device_mappings, tags FROM build_requests ORDER BY id")
	return list, err
}

// Forget deletes the rows of a server in the API database that is not built.
func (r *Records) Forget(ctx context.Context, server string) error {
	return r.API.InTx(ctx, func(tx bun.Tx) error {
		for _, table := range []string{"build_requests", "request_specs", "instance_mappings"} {
			if _, err := db.Exec(ctx, tx, "DELETE FROM "+table+" WHERE instance_uuid = ?", server); err != nil {
				return err
			}
		}
		return nil
	})
}

// InCell0 tells whether a server is in cell0.
func (r *Records) InCell0(ctx context.Context, server string) (bool, error) {
	var n int64
	err := r.Cell0.DB.One(ctx, []any{&n}, "SELECT COUNT(*) FROM instances WHERE uuid = ?", server)
	return n > 0, err
}

// UnderWay returns the servers of cell1 with a task.
func (r *Records) UnderWay(ctx context.Context) ([]string, error) {
	var list []string
	err := db.Each(ctx, r.cell(), func(rows *sql.Rows) error {
		var uuid string
		err := rows.Scan(&uuid)
		list = append(list, uuid)
		return err
	}, "SELECT uuid FROM instances WHERE deleted = 0 AND (task_state IS NOT NULL OR vm_state = 'building') ORDER BY id")
	return list, err
}

// FailMigrations sets migrations that are in progress to a failed status.
func (r *Records) FailMigrations(ctx context.Context) error {
	_, err := exec(ctx, r.cell(), "UPDATE migrations SET status = 'error', updated_at = ? WHERE deleted = 0 AND status IN (?)", db.Now(ctx),
		db.In([]string{"accepted", "queued", "preparing", "pre-migrating", "migrating", "running", "post-migrating", "confirming", "reverting"}))
	return err
}

// Holds tells whether a consumer of Placement is an existing server, or a migration that waits
// for confirmation.
func (r *Records) Holds(ctx context.Context, consumer string) (bool, error) {
	var servers, migrations int64
	if err := db.One(ctx, r.cell(), []any{&servers}, "SELECT COUNT(*) FROM instances WHERE uuid = ? AND deleted = 0", consumer); err != nil {
		return false, err
	}
	err := db.One(ctx, r.cell(), []any{&migrations},
		"SELECT COUNT(*) FROM migrations WHERE uuid = ? AND deleted = 0 AND status = 'finished'", consumer)
	return servers+migrations > 0, err
}
