package compute

import (
	"github.com/nova-go/nova/compute/migrations"
	"github.com/nova-go/nova/compute/servers"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/ops/migration"
	"github.com/nova-go/nova/internal/quota"
	"github.com/nova-go/nova/internal/rest/neutron"
)

// migrationsArea stands on what serves servers: s.
func migrationsArea(d *deps, s *servers.API, f migration.Flavors, n *neutron.Client, q *quota.Quotas) *migrations.API {
	c := d.config
	ops := &migration.Ops{
		Ops: s.Ops, Flavors: f, Ports: n, Aliases: d.aliases, Quota: q, Keypairs: dbapi.NewKeypairs(d.API),
		Contents: builder(d, q, n).CheckContents, SameHost: c.Default.AllowResizeToSameHost,
	}
	if c.Glance.VerifyGlanceSignatures && c.Glance.EnableCertificateValidation {
		ops.DefaultCerts = c.Glance.DefaultTrustedCertificateIDs
	}
	return &migrations.API{
		Servers: s.Ops.Reader, Ops: ops, Migrations: cell.Everywhere{Cells: d.Cells}, Rebuilt: s.Rebuilt,
		PasswordLength: c.Default.PasswordLength, ShowPassword: c.API.EnableInstancePassword,
	}
}
