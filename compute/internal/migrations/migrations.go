// Package migrations serves resizes, migrations, evacuations and rebuilds of servers.
package migrations

import (
	"context"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/create"
	"github.com/nova-go/nova/internal/ops/move"
)

// Servers finds servers and their migrations; *server.Reader implements it.
type Servers interface {
	api.Servers
	Migration(ctx context.Context, i *objects.Instance, id int64) (*objects.Migration, error)
	LiveMigrations(ctx context.Context, i *objects.Instance) ([]*objects.Migration, error)
}

// API holds the dependencies of the handlers.
type API struct {
	Servers    Servers
	Ops        *move.Ops
	Migrations Migrations
	// Rebuilt returns the answer to a rebuild, which compute/internal/servers writes. password
	// is nil if the answer does not contain it.
	Rebuilt        func(r *api.Request, password, userData *string) (any, error)
	PasswordLength int  // [DEFAULT] password_length
	ShowPassword   bool // [api] enable_instance_password: the answer contains the password
}

const microTime = "2006-01-02T15:04:05.000000"

// password returns the password of the body, or a generated one.
func (a *API) password(given *string) string {
	if given != nil {
		return *given
	}
	return create.Password(a.PasswordLength)
}
