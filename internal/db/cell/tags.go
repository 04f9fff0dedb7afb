package cell

import (
	"context"
	"database/sql"
	"slices"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// Tags returns the tags of a server, sorted.
func Tags(ctx context.Context, c *db.Cell, server string) ([]string, error) {
	return tags(ctx, c.DB, server)
}

func tags(ctx context.Context, q bun.IDB, server string) ([]string, error) {
	var list []string
	err := db.Each(ctx, q, func(r *sql.Rows) error {
		var tag string
		err := r.Scan(&tag)
		list = append(list, tag)
		return err
	}, "SELECT tag FROM tags WHERE resource_id = ? ORDER BY tag", server)
	return list, err
}

// AddTag adds a tag to a server. It does nothing if the server has the tag.
func AddTag(ctx context.Context, c *db.Cell, server, tag string) error {
	_, err := db.Exec(ctx, c.DB, "INSERT INTO tags (resource_id, tag) VALUES (?, ?)", server, tag)
	if _, ok := db.Duplicate(err); ok {
		return nil
	}
	return err
}

// SetTags replaces the tags of a server.
func SetTags(ctx context.Context, c *db.Cell, server string, want []string) error {
	return c.DB.InTx(ctx, func(tx bun.Tx) error {
		have, err := tags(ctx, tx, server)
		if err != nil {
			return err
		}
		gone := slices.DeleteFunc(slices.Clone(have), func(t string) bool { return slices.Contains(want, t) })
		if len(gone) > 0 {
			if _, err := db.Exec(ctx, tx, "DELETE FROM tags WHERE resource_id = ? AND tag IN (?)", server, db.In(gone)); err != nil {
				return err
			}
		}
		for _, t := range want {
			if slices.Contains(have, t) {
				continue
			}
			have = append(have, t)
			if _, err := db.Exec(ctx, tx, "INSERT INTO tags (resource_id, tag) VALUES (?, ?)", server, t); err != nil {
				return err
			}
		}
		return nil
	})
}

// RemoveTag removes a tag of a server. If the server does not have it, the error is
// InstanceTagNotFound.
func RemoveTag(ctx context.Context, c *db.Cell, server, tag string) error {
	n, err := db.Exec(ctx, c.DB, "DELETE FROM tags WHERE resource_id = ? AND tag = ?", server, tag)
	if err == nil && n == 0 {
		err = objects.ErrInstanceTagNotFound.Errorf(objects.KindNotFound, "Instance %s has no tag '%s'", server, tag)
	}
	return err
}

// RemoveTags removes all tags of a server.
func RemoveTags(ctx context.Context, c *db.Cell, server string) error {
	_, err := db.Exec(ctx, c.DB, "DELETE FROM tags WHERE resource_id = ?", server)
	return err
}
