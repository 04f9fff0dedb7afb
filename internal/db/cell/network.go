package cell

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
)

// ForgetNetwork marks the virtual interfaces of a server as deleted and empties its info cache.
func ForgetNetwork(ctx context.Context, c *db.Cell, server string) error {
	now := db.Now(ctx)
	return c.DB.InTx(ctx, func(tx bun.Tx) error {
		if _, err := db.Exec(ctx, tx, "UPDATE virtual_interfaces SET deleted = id, deleted_at = ? WHERE instance_uuid = ? AND deleted = 0", now,
			server); err != nil {
			return err
		}
		_, err := db.Exec(ctx, tx, "UPDATE instance_info_caches SET network_info = '[]', updated_at = ? WHERE instance_uuid = ? AND deleted = "+
			"0", now, server)
		return err
	})
}

// SaveNetwork writes the info cache of a server.
func SaveNetwork(ctx context.Context, c *db.Cell, server, networkInfo string) error {
	_, err := db.Exec(ctx, c.DB, "UPDATE instance_info_caches SET network_info = ?, updated_at = ? WHERE instance_uuid = ? AND deleted = 0",
		networkInfo, db.Now(ctx), server)
	return err
}
