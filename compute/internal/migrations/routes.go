package migrations

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/policy"
)

// Routes lists resizes, migrations, evacuations, rebuilds, and the records of migrations.
func (a *API) Routes() []api.Route {
	return []api.Route{
		{Do: a.index, Op: "migrations.index", Method: "GET", Path: "/os-migrations", OK: 200, Until: mv.V59MigrationPaging,
			Query: api.At(mv.Legacy),
			Authz: api.Early(policy.MigrationsIndex).Asks(policy.MigrationsIndexAllProjects, policy.MigrationsIndexHost), Errors: []int{}},
		{Do: a.index, Op: "migrations.index", Method: "GET", Path: "/os-migrations", OK: 200, From: mv.V59MigrationPaging,
			Query: api.At(mv.V59MigrationPaging, mv.V66ChangesBefore, mv.V80MigrationOwner),
			Authz: api.Early(policy.MigrationsIndex).Asks(policy.MigrationsIndexAllProjects, policy.MigrationsIndexHost), Errors: []int{400}},
		{On: api.Record(api.WithFlavor, a.confirm), Op: "servers.confirm_resize", Method: "POST", Path: "/servers/{id}/action",
			Action: "confirmResize", OK: 204,
			Body:  api.At(mv.Legacy),
			Authz: api.Late(policy.ServersConfirmResize), Errors: []int{400, 404, 409}},
		{On: api.Record(objects.UsualParts|evacuateParts, a.evacuate), Op: "evacuate.evacuate", Method: "POST", Path: "/servers/{id}/action",
			Action: "evacuate", OK: 200,
			Body:  api.At(mv.Legacy, mv.V14EvacuateSharedStorage, mv.V29EvacuateForce, mv.V68NoForce, mv.V95EvacuateStopped),
			Authz: api.Late(policy.Evacuate), Errors: []int{400, 403, 404, 409}},
		{On: api.On(ofProject(objects.UsualParts|objects.PartFlavor|objects.PartServices), a.migrate), Op: "migrate_server.migrate",
			Method: "POST", Path: "/servers/{id}/action", Action: "migrate", OK: 202,
			Body:   api.At(mv.V56MigrateHost),
			Authz:  api.Late(policy.MigrateServerMigrateHost).Or(policy.MigrateServerMigrate, migratesAnywhere).Asks(policy.ServersResizeCrossCell),
			Errors: []int{400, 403, 404, 409}},
		{On: api.On(ofProject(api.WithFlavor), a.liveMigrate), Op: "migrate_server.migrate_live", Method: "POST",
			Path: "/servers/{id}/action", Action: "os-migrateLive", OK: 202,
			Body:   api.At(mv.Legacy, mv.V25BlockMigrationAuto, mv.V30LiveMigrateForce, mv.V68NoForce),
			Authz:  api.Late(policy.MigrateServerMigrateLiveHost).Or(policy.MigrateServerMigrateLive, liveMigratesAnywhere),
			Errors: []int{400, 403, 404, 409}},
		{On: api.Record(api.WithFlavor|evacuateParts, a.rebuild), Op: "servers.rebuild", Method: "POST", Path: "/servers/{id}/action",
			Action: "rebuild", OK: 202,
			Body: api.At(mv.Legacy, mv.V1Base, mv.V19Description, mv.V54RebuildKeypair, mv.V57NoPersonality, mv.V63TrustedCerts, mv.V90Hostname,
				mv.V94FQDN),
			Authz: api.Late(policy.ServersRebuild).Asks(policy.ServersRebuildTrustedCerts,
				policy.ServersCreateZeroDiskFlavor).Asks(policy.ServerFields...), Errors: []int{400, 403, 404, 409}},
		{On: api.Record(resizeParts, a.resize), Op: "servers.resize", Method: "POST", Path: "/servers/{id}/action", Action: "resize", OK: 202,
			Body:   api.At(mv.Legacy),
			Authz:  api.Late(policy.ServersResize).Asks(policy.ServersResizeCrossCell, policy.ServersCreateZeroDiskFlavor),
			Errors: []int{400, 401, 403, 404, 409}},
		{On: api.Record(api.WithFlavor, a.revert), Op: "servers.revert_resize", Method: "POST", Path: "/servers/{id}/action",
			Action: "revertResize", OK: 202,
			Body:  api.At(mv.Legacy),
			Authz: api.Late(policy.ServersRevertResize), Errors: []int{400, 404, 409}},
		{On: api.Server(cell.Load{}, a.ofServer), Op: "server_migrations.index", Method: "GET", Path: "/servers/{server_id}/migrations",
			OK: 200, From: mv.V23ServerMigrations,
			Query: api.At(mv.V23ServerMigrations, mv.V102NoRxtxFactor),
			Authz: api.Late(policy.ServersMigrationsIndex).Asks(policy.ServersMigrationsIndexHost), Errors: []int{404}},
		{On: api.Record(objects.UsualParts, a.abort), Op: "server_migrations.delete", Method: "DELETE",
			Path: "/servers/{server_id}/migrations/{id}", OK: 202, From: mv.V24AbortMigration,
			Authz: api.Late(policy.ServersMigrationsDelete), Errors: []int{400, 404, 409}},
		{On: api.Server(cell.Load{}, a.show), Op: "server_migrations.show", Method: "GET", Path: "/servers/{server_id}/migrations/{id}",
			OK: 200, From: mv.V23ServerMigrations,
			Query: api.At(mv.V23ServerMigrations, mv.V102NoRxtxFactor),
			Authz: api.Late(policy.ServersMigrationsShow), Errors: []int{404}},
		{On: api.Record(objects.UsualParts, a.forceComplete), Op: "server_migrations.force_complete", Method: "POST",
			Path: "/servers/{server_id}/migrations/{id}/action", Action: "force_complete", OK: 202, From: mv.V22ForceComplete,
			Body:  api.At(mv.Legacy),
			Authz: api.Late(policy.ServersMigrationsForceComplete), Errors: []int{400, 403, 404, 409}},
	}
}
