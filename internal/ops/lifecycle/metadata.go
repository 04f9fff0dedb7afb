package lifecycle

import (
	"context"
	"maps"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/reqctx"
)

// settledStates are the VM states in which metadata and tags of a server can be changed, with any task state.
var settledStates = []string{"active", "paused", "suspended", "stopped"}

// SetMetadata sets metadata keys of a server; if replace is true, it removes all others. It returns the server's metadata
// after the change.
func (o *Ops) SetMetadata(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, pairs map[string]string,
	replace bool) (map[string]string, error) {
	if err := (server.Guard{VM: settledStates, AnyTask: true}).Check(caller, i, "update metadata"); err != nil {
		return nil, err
	}
	all := map[string]string{}
	if !replace {
		maps.Copy(all, i.Metadata)
	}
	maps.Copy(all, pairs)
	if len(all) > 0 {
		if err := o.Servers.Limits.MetadataItems(ctx, caller, len(all)); err != nil {
			return nil, err
		}
	}
	return all, o.Servers.Save(ctx, i, nil, func(i *objects.Instance) { i.Metadata = all })
}

// RemoveMetadata removes an existing metadata key.
func (o *Ops) RemoveMetadata(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, key string) error {
	if err := (server.Guard{VM: settledStates, AnyTask: true}).Check(caller, i, "delete metadata"); err != nil {
		return err
	}
	return o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error { return cell.RemoveMetadata(ctx, c, i.UUID, key) })
}

// ForgetPassword deletes the password that the guest of a server posted to the metadata service.
func (o *Ops) ForgetPassword(ctx context.Context, i *objects.Instance) error {
	return o.Servers.Save(ctx, i, nil, func(i *objects.Instance) {
		for _, key := range passwordKeys {
			i.SystemMetadata[key] = ""
		}
	})
}

// passwordKeys are the system metadata keys among which a posted password is split.
var passwordKeys = []string{"password_0", "password_1", "password_2", "password_3"}
