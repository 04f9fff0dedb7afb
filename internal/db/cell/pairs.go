package cell

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
)

// pairTable is a table of instances' keys and values.
type pairTable struct {
	name string
	// keepDeleted marks removed keys as deleted instead of deleting their rows. It is not set for
	// system metadata, which Nova also reads of deleted instances, so that removed keys must not
	// remain.
	keepDeleted bool
}

var (
	instanceMetadata = pairTable{"instance_metadata", true}
	systemMetadata   = pairTable{"instance_system_metadata", false}
)

// changedPairs returns the keys with different values in was and now; nil stands for a removed
// key. It returns nil if there is no difference, or if one of the maps is not loaded.
func changedPairs(was, now map[string]string) map[string]*string {
	if was == nil || now == nil {
		return nil
	}
	var changed map[string]*string
	set := func(k string, v *string) {
		if changed == nil {
			changed = map[string]*string{}
		}
		changed[k] = v
	}
	for k, v := range now {
		if old, had := was[k]; !had || old != v {
			set(k, &v)
		}
	}
	for k := range was {
		if _, has := now[k]; !has {
			set(k, nil)
		}
	}
	return changed
}

func savePairs(ctx context.Context, tx bun.Tx, t pairTable, uuid string, changed map[string]*string) error {
	set, gone := map[string]string{}, []string(nil)
	for k, v := range changed {
		if v == nil {
			gone = append(gone, k)
		} else {
			set[k] = *v
		}
	}
	if len(set) > 0 {
		if err := setPairs(ctx, tx, t, uuid, set); err != nil {
			return err
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return removePairs(ctx, tx, t, uuid, gone)
}

func removePairs(ctx context.Context, tx bun.Tx, t pairTable, uuid string, keys []string) error {
	where := " WHERE instance_uuid = ? AND deleted = 0 AND ? IN (?)"
	args := []any{uuid, bun.Ident("key"), db.In(keys)}
	var err error
	if t.keepDeleted {
		now := db.Now(ctx)
		_, err = db.Exec(ctx, tx, "UPDATE ? SET deleted = id, deleted_at = ?, updated_at = ?"+where,
			append([]any{bun.Ident(t.name), now, now}, args...)...)
	} else {
		_, err = db.Exec(ctx, tx, "DELETE FROM ?"+where, append([]any{bun.Ident(t.name)}, args...)...)
	}
	return err
}

// RemoveMetadata removes one key of an instance's metadata. As in Nova, updated_at does not
// change, neither of the instance nor of the key's row.
func RemoveMetadata(ctx context.Context, c *db.Cell, uuid, key string) error {
	_, err := db.Exec(ctx, c.DB, "UPDATE instance_metadata SET deleted = id, deleted_at = ? WHERE instance_uuid = ? AND deleted = 0 AND ? "+
		"= ?", db.Now(ctx), uuid, bun.Ident("key"), key)
	return err
}
