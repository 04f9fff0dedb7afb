// Package migrations serves what moves servers between hosts or makes them anew:
// resizes, migrations, evacuations, rebuilds.
package migrations

import (
	"context"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/create"
	"github.com/nova-go/nova/internal/ops/move"
)

// Servers finds servers and their migrations; *server.Reader does.
type Servers interface {
	api.Servers
	Migration(ctx context.Context, i *objects.Instance, id int64) (*objects.Migration, error)
	LiveMigrations(ctx context.Context, i *objects.Instance) ([]*objects.Migration, error)
}

// API holds what the handlers work with.
type API struct {
	Servers    Servers
	Ops        *move.Ops
	Migrations Migrations
	// Rebuilt answers what clients see of a server that is being rebuilt; of
	// compute/servers. password is nil where answers do not tell passwords.
	Rebuilt        func(r *api.Request, password, userData *string) (any, error)
	PasswordLength int  // [DEFAULT] password_length
	ShowPassword   bool // [api] enable_instance_password: answers tell them
}

const microTime = "2006-01-02T15:04:05.000000"

// password is the one of the body, or a new one.
func (a *API) password(given *string) string {
	if given != nil {
		return *given
	}
	return create.Password(a.PasswordLength)
}
