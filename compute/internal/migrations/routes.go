package migrations

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/policy"
)

// Routes lists what moves servers between hosts or makes them anew, and what became
// of it.
func (a *API) Routes() []api.Route {
	return []api.Route{
		{Do: a.index, Op: "migrations.index", Method: "GET", Path: "/os-migrations", OK: 200, Until: mv.V59MigrationPaging,
			Query: api.Since{mv.Legacy: "migrations.index.query.2.0"},
			Authz: api.Early(policy.MigrationsIndex).Asks(policy.MigrationsIndexAllProjects, policy.MigrationsIndexHost), Errors: []int{}},
		{Do: a.index, Op: "migrations.index", Method: "GET", Path: "/os-migrations", OK: 200, From: mv.V59MigrationPaging,
			Query: api.Since{mv.V59MigrationPaging: "migrations.index.query.2.59", mv.V66ChangesBefore: "migrations.index.query.2.66", mv.V80MigrationOwner: "migrations.index.query.2.80"},
			Authz: api.Early(policy.MigrationsIndex).Asks(policy.MigrationsIndexAllProjects, policy.MigrationsIndexHost), Errors: []int{400}},
		{On: api.Record(api.WithFlavor, a.confirm), Op: "servers.confirm_resize", Method: "POST", Path: "/servers/{id}/action", Action: "confirmResize", OK: 204,
			Body:  api.Since{mv.Legacy: "servers.confirm_resize.body"},
			Authz: api.Late(policy.ServersConfirmResize), Errors: []int{400, 404, 409}},
		{On: api.Record(cell.Usual|remade, a.evacuate), Op: "evacuate.evacuate", Method: "POST", Path: "/servers/{id}/action", Action: "evacuate", OK: 200,
			Body:  api.Since{mv.Legacy: "evacuate.evacuate.body.2.0", mv.V14EvacuateSharedStorage: "evacuate.evacuate.body.2.14", mv.V29EvacuateForce: "evacuate.evacuate.body.2.29", mv.V68NoForce: "evacuate.evacuate.body.2.68", mv.V95EvacuateStopped: "evacuate.evacuate.body.2.95"},
			Authz: api.Late(policy.Evacuate), Errors: []int{400, 403, 404, 409}},
		{On: api.On(ofProject(cell.Usual|cell.PartFlavor|cell.PartServices), a.migrate), Op: "migrate_server.migrate", Method: "POST", Path: "/servers/{id}/action", Action: "migrate", OK: 202,
			Body:  api.Since{mv.V56MigrateHost: "migrate_server.migrate.body.2.56"},
			Authz: api.Late(policy.MigrateServerMigrateHost).Or(policy.MigrateServerMigrate, migratesAnywhere).Asks(policy.ServersResizeCrossCell), Errors: []int{400, 403, 404, 409}},
		{On: api.On(ofProject(api.WithFlavor), a.liveMigrate), Op: "migrate_server.migrate_live", Method: "POST", Path: "/servers/{id}/action", Action: "os-migrateLive", OK: 202,
			Body:  api.Since{mv.Legacy: "migrate_server.migrate_live.body.2.0", mv.V25BlockMigrationAuto: "migrate_server.migrate_live.body.2.25", mv.V30LiveMigrateForce: "migrate_server.migrate_live.body.2.30", mv.V68NoForce: "migrate_server.migrate_live.body.2.68"},
			Authz: api.Late(policy.MigrateServerMigrateLiveHost).Or(policy.MigrateServerMigrateLive, liveMigratesAnywhere), Errors: []int{400, 403, 404, 409}},
		{On: api.Record(api.WithFlavor|remade, a.rebuild), Op: "servers.rebuild", Method: "POST", Path: "/servers/{id}/action", Action: "rebuild", OK: 202,
			Body:  api.Since{mv.Legacy: "servers.rebuild.body.2.0", mv.V1Base: "servers.rebuild.body.2.1", mv.V19Description: "servers.rebuild.body.2.19", mv.V54RebuildKeypair: "servers.rebuild.body.2.54", mv.V57NoPersonality: "servers.rebuild.body.2.57", mv.V63TrustedCerts: "servers.rebuild.body.2.63", mv.V90Hostname: "servers.rebuild.body.2.90", mv.V94FQDN: "servers.rebuild.body.2.94"},
			Authz: api.Late(policy.ServersRebuild).Asks(policy.ServersRebuildTrustedCerts, policy.ServersCreateZeroDiskFlavor).Asks(policy.ServerFields...), Errors: []int{400, 403, 404, 409}},
		{On: api.Record(toResize, a.resize), Op: "servers.resize", Method: "POST", Path: "/servers/{id}/action", Action: "resize", OK: 202,
			Body:  api.Since{mv.Legacy: "servers.resize.body"},
			Authz: api.Late(policy.ServersResize).Asks(policy.ServersResizeCrossCell, policy.ServersCreateZeroDiskFlavor), Errors: []int{400, 401, 403, 404, 409}},
		{On: api.Record(api.WithFlavor, a.revert), Op: "servers.revert_resize", Method: "POST", Path: "/servers/{id}/action", Action: "revertResize", OK: 202,
			Body:  api.Since{mv.Legacy: "servers.revert_resize.body"},
			Authz: api.Late(policy.ServersRevertResize), Errors: []int{400, 404, 409}},
		{On: api.Server(cell.Load{}, a.ofServer), Op: "server_migrations.index", Method: "GET", Path: "/servers/{server_id}/migrations", OK: 200, From: mv.V23ServerMigrations,
			Query: api.Since{mv.V23ServerMigrations: "server_migrations.index.query.2.23", mv.V102NoRxtxFactor: "server_migrations.index.query.2.102"},
			Authz: api.Late(policy.ServersMigrationsIndex).Asks(policy.ServersMigrationsIndexHost), Errors: []int{404}},
		{On: api.Record(cell.Usual, a.abort), Op: "server_migrations.delete", Method: "DELETE", Path: "/servers/{server_id}/migrations/{id}", OK: 202, From: mv.V24AbortMigration,
			Authz: api.Late(policy.ServersMigrationsDelete), Errors: []int{400, 404, 409}},
		{On: api.Server(cell.Load{}, a.show), Op: "server_migrations.show", Method: "GET", Path: "/servers/{server_id}/migrations/{id}", OK: 200, From: mv.V23ServerMigrations,
			Query: api.Since{mv.V23ServerMigrations: "server_migrations.show.query.2.23", mv.V102NoRxtxFactor: "server_migrations.show.query.2.102"},
			Authz: api.Late(policy.ServersMigrationsShow), Errors: []int{404}},
		{On: api.Record(cell.Usual, a.forceComplete), Op: "server_migrations.force_complete", Method: "POST", Path: "/servers/{server_id}/migrations/{id}/action", Action: "force_complete", OK: 202, From: mv.V22ForceComplete,
			Body:  api.Since{mv.Legacy: "server_migrations.force_complete.body"},
			Authz: api.Late(policy.ServersMigrationsForceComplete), Errors: []int{400, 403, 404, 409}},
	}
}
