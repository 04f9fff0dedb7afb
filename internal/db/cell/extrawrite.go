package cell

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pyjson"
	"github.com/nova-go/nova/internal/versioned"
)

// SaveKeypairs writes the key pairs of a server.
func SaveKeypairs(ctx context.Context, c *db.Cell, server string, list []objects.Keypair) error {
	return saveExtra(ctx, c, server, "keypairs", versioned.Keypairs(list))
}

// SaveTrustedCerts writes the ids of the certificates that verify a server's images. Without ids
// it sets the column to NULL.
func SaveTrustedCerts(ctx context.Context, c *db.Cell, server string, ids []string) error {
	return saveExtra(ctx, c, server, "trusted_certs", versioned.TrustedCerts(ids))
}

func saveExtra(ctx context.Context, c *db.Cell, server, column string, v *versioned.Object) error {
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
	_, err := db.Exec(ctx, c.DB, "UPDATE instance_extra SET ? = ?, updated_at = ? WHERE instance_uuid = ?", bun.Ident(column), text,
		db.Now(ctx), server)
	return err
}
