package cell

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pyjson"
)

// SaveExtra writes an object into a column of a server's instance_extra, such as
// "keypairs" or "trusted_certs"; nil empties it.
func SaveExtra(ctx context.Context, c *db.Cell, server, column string, v *objects.Versioned) error {
	var text any
	if v != nil {
		plain, err := v.MarshalJSON()
		if err != nil {
			return err
		}
		if plain, err = pyjson.Reform(nil, plain); err != nil {
			return err
		}
		text = string(plain)
	}
	_, err := db.Exec(ctx, c.DB, "UPDATE instance_extra SET ? = ?, updated_at = ? WHERE instance_uuid = ?", bun.Ident(column), text, db.Now(), server)
	return err
}
