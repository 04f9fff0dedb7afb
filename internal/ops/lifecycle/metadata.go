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

// settled are the vm states in which a server's metadata may be changed; any task
// may be under way.
var settled = []string{"active", "paused", "suspended", "stopped"}

// SetMetadata gives a server keys, over what they were; replace takes all others
// away. It answers all that the server has then.
func (o *Ops) SetMetadata(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, pairs map[string]string,
	replace bool) (map[string]string, error) {
	if err := (server.Guard{VM: settled, AnyTask: true}).Check(caller, i, "update metadata"); err != nil {
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

// RemoveMetadata takes a key from a server, which is there.
func (o *Ops) RemoveMetadata(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, key string) error {
	if err := (server.Guard{VM: settled, AnyTask: true}).Check(caller, i, "delete metadata"); err != nil {
		return err
	}
	return o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error { return cell.RemoveMetadata(ctx, c, i.UUID, key) })
}

// ForgetPassword empties the password that a server's guest stored.
func (o *Ops) ForgetPassword(ctx context.Context, i *objects.Instance) error {
	return o.Servers.Save(ctx, i, nil, func(i *objects.Instance) {
		for _, key := range passwordKeys {
			i.SystemMetadata[key] = ""
		}
	})
}

// passwordKeys hold a stored password, in pieces.
var passwordKeys = []string{"password_0", "password_1", "password_2", "password_3"}
