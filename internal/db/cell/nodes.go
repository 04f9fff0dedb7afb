package cell

import (
	"context"
	"database/sql"
	"errors"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// NodeUUID returns the UUID of a compute node, or the error ComputeHostNotFound.
func NodeUUID(ctx context.Context, c *db.Cell, host, node string) (string, error) {
	var uuid sql.NullString
	err := c.DB.One(ctx, []any{&uuid}, "SELECT uuid FROM compute_nodes WHERE deleted = 0 AND host = ? AND hypervisor_hostname = ?", host, node)
	if errors.Is(err, sql.ErrNoRows) {
		err = objects.ErrComputeHostNotFound.Errorf(objects.KindNotFound, "Compute host %s could not be found.", host)
	}
	return uuid.String, err
}

// HostHasNode tells whether a host of the cell has a compute node.
func HostHasNode(ctx context.Context, c *db.Cell, host string) (bool, error) {
	var n int64
	err := c.DB.One(ctx, []any{&n}, "SELECT COUNT(*) FROM compute_nodes WHERE deleted = 0 AND host = ?", host)
	return n > 0, err
}

// FirstNode returns the UUID of the first compute node of a host, or the error
// ComputeHostNotFound.
func FirstNode(ctx context.Context, c *db.Cell, host string) (string, error) {
	var uuid sql.NullString
	err := c.DB.One(ctx, []any{&uuid}, "SELECT uuid FROM compute_nodes WHERE deleted = 0 AND host = ? ORDER BY id LIMIT 1", host)
	if errors.Is(err, sql.ErrNoRows) {
		err = objects.ErrComputeHostNotFound.Errorf(0, "Compute host %s could not be found.", host)
	}
	return uuid.String, err
}
