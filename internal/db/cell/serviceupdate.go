package cell

import (
	"context"
	"strings"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// ServiceUpdate has the changes of an administrator to a service; nil leaves a field unchanged.
type ServiceUpdate struct {
	Disabled   *bool
	Reason     *string // written with Disabled; nil then clears it
	ForcedDown *bool
}

// Empty tells whether the update changes nothing.
func (u *ServiceUpdate) Empty() bool { return u.Disabled == nil && u.ForcedDown == nil }

// UpdateService changes a service and its row. As with SQLAlchemy, updated_at does not change if
// no column does.
func UpdateService(ctx context.Context, c *db.Cell, s *objects.Service, u ServiceUpdate) error {
	var set []string
	var args []any
	if u.Disabled != nil {
		if s.Disabled != *u.Disabled {
			set, args = append(set, "disabled = ?"), append(args, *u.Disabled)
		}
		if (s.DisabledReason == nil) != (u.Reason == nil) || u.Reason != nil && *s.DisabledReason != *u.Reason {
			set, args = append(set, "disabled_reason = ?"), append(args, u.Reason)
		}
		s.Disabled, s.DisabledReason = *u.Disabled, u.Reason
	}
	if u.ForcedDown != nil && s.ForcedDown != *u.ForcedDown {
		set, args = append(set, "forced_down = ?"), append(args, *u.ForcedDown)
		s.ForcedDown = *u.ForcedDown
	}
	if len(set) == 0 {
		return nil
	}
	now := db.Now(ctx)
	s.UpdatedAt = &now
	set, args = append(set, "updated_at = ?"), append(args, now, s.ID)
	_, err := db.Exec(ctx, c.DB, "UPDATE services SET "+strings.Join(set, ", ")+" WHERE id = ?", args...)
	return err
}

// DeleteService marks a service as deleted. With a nova-compute it also marks its compute nodes,
// so that a new service of the host creates them again; unmap says that they are then discovered
// again, too.
func DeleteService(ctx context.Context, c *db.Cell, s *objects.Service, unmap bool) error {
	now := db.Now(ctx)
	return c.DB.InTx(ctx, func(tx bun.Tx) error {
		if _, err := db.Exec(ctx, tx, "UPDATE services SET deleted = id, deleted_at = ? WHERE id = ? AND deleted = 0", now, s.ID); err != nil {
			return err
		}
		if s.Binary != "nova-compute" {
			return nil
		}
		set := "deleted = id, deleted_at = ?"
		if unmap {
			set += ", mapped = 0"
		}
		_, err := db.Exec(ctx, tx, "UPDATE compute_nodes SET "+set+" WHERE deleted = 0 AND (service_id = ? OR host = ?)", now, s.ID, s.Host)
		return err
	})
}
