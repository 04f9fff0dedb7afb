package cell

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"time"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// ConsoleToken returns the console of a token that has not expired, or nil. Its TLS port is read only
// if tls is set, because databases before 2025.1 do not have the column.
func ConsoleToken(ctx context.Context, c *db.Cell, token string, tls bool, now time.Time) (*objects.ConsoleToken, error) {
	hash := sha256.Sum256([]byte(token))
	t := &objects.ConsoleToken{}
	column := "NULL"
	if tls {
		column = "tls_port"
	}
	err := c.DB.One(ctx, []any{&t.Kind, &t.Host, &t.Port, &t.InternalAccessPath, &t.InstanceUUID, &t.TLSPort},
		"SELECT console_type, host, port, internal_access_path, instance_uuid, "+column+" FROM console_auth_tokens WHERE token_hash = ? AND "+
			"expires > ?",
		hex.EncodeToString(hash[:]), now.Unix())
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return t, err
}

// ConsoleToken returns the console of a token in any cell, or nil.
func (e Everywhere) ConsoleToken(ctx context.Context, token string, tls bool) (*objects.ConsoleToken, error) {
	found, err := everywhere(ctx, e.Cells, func(ctx context.Context, c *db.Cell) (*objects.ConsoleToken, error) {
		return ConsoleToken(ctx, c, token, tls, db.Now(ctx))
	})
	for _, t := range found {
		if t != nil {
			return t, nil
		}
	}
	return nil, err
}
