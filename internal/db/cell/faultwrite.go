package cell

import (
	"context"
	"strings"

	"github.com/nova-go/nova/internal/db"
)

// AddFault inserts a fault of a server with code 500.
func AddFault(ctx context.Context, c *db.Cell, server, host, message string) error {
	const most = 255
	if len(message) > most {
		message = strings.ToValidUTF8(message[:most], "")
	}
	_, err := c.DB.Insert(ctx, c.DB, "INSERT INTO instance_faults (created_at, instance_uuid, code, message, details, host, deleted) "+
		"VALUES (?, ?, 500, ?, '', ?, 0)",
		db.Now(ctx), server, message, host)
	return err
}
