package cell

import (
	"context"
	"errors"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
)

// ErrHostChanged corresponds to Nova's ObjectActionError: a server without a host was scheduled
// to one while it was being destroyed.
var ErrHostChanged = errors.New("instance destroy failed because the host changed")

// Destroy marks a server and its rows in other tables as deleted. Without hasHost the server must
// have no host, otherwise the error is ErrHostChanged. If the server is deleted already, the
// error is InstanceNotFound.
func Destroy(ctx context.Context, c *db.Cell, uuid string, hasHost bool) error {
	now := db.Now(ctx)
	return c.DB.InTx(ctx, func(tx bun.Tx) error {
		where := " WHERE uuid = ? AND deleted = 0"
		if !hasHost {
			where += " AND host IS NULL"
		}
		n, err := db.Exec(ctx, tx, "UPDATE instances SET deleted = id, deleted_at = ?"+where, now, uuid)
		if err != nil {
			return err
		}
		if n == 0 {
			if err := checkExists(ctx, tx, uuid); err != nil {
				return err
			}
			return ErrHostChanged
		}
		for _, t := range []struct{ table, key string }{
			{"security_group_instance_association", "instance_uuid"}, {"instance_info_caches", "instance_uuid"},
			{"instance_metadata", "instance_uuid"},
			{"instance_faults", "instance_uuid"}, {"instance_extra", "instance_uuid"}, {"instance_system_metadata", "instance_uuid"},
			{"block_device_mapping", "instance_uuid"}, {"migrations", "instance_uuid"}, {"virtual_interfaces", "instance_uuid"},
			{"instance_id_mappings", "uuid"},
		} {
			if _, err := db.Exec(ctx, tx, "UPDATE ? SET deleted = id, deleted_at = ? WHERE ? = ? AND deleted = 0", bun.Ident(t.table), now,
				bun.Ident(t.key), uuid); err != nil {
				return err
			}
		}
		if _, err := db.Exec(ctx, tx, "DELETE FROM tags WHERE resource_id = ?", uuid); err != nil {
			return err
		}
		_, err = db.Exec(ctx, tx, "DELETE FROM console_auth_tokens WHERE instance_uuid = ?", uuid)
		return err
	})
}

// HostnameTaken tells whether a server of the project, or of any project for "", has the host
// name. Case is ignored.
func HostnameTaken(ctx context.Context, c *db.Cell, hostname, project string) (bool, error) {
	where, args := "deleted = 0 AND LOWER(hostname) = LOWER(?)", []any{hostname}
	if project != "" {
		where, args = where+" AND project_id = ?", append(args, project)
	}
	var n int64
	err := c.DB.One(ctx, []any{&n}, "SELECT COUNT(*) FROM instances WHERE "+where, args...)
	return n > 0, err
}
