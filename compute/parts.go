package compute

import (
	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/db"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/ops/create"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/quota"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/rest/barbican"
	"github.com/nova-go/nova/internal/rest/cinder"
	"github.com/nova-go/nova/internal/rest/cyborg"
	"github.com/nova-go/nova/internal/rest/glance"
	"github.com/nova-go/nova/internal/rest/keystone"
	"github.com/nova-go/nova/internal/rest/neutron"
	"github.com/nova-go/nova/internal/rest/placement"
	"github.com/nova-go/nova/internal/rpc/computerpc"
	"github.com/nova-go/nova/internal/rpc/conductorrpc"
	"github.com/nova-go/nova/internal/rpc/schedulerrpc"
	"github.com/nova-go/nova/internal/servicegroup"
	"github.com/nova-go/nova/internal/startup"
	"time"
)

// parts are the components that several areas use, created once per application.
type parts struct {
	*deps

	keystone  *keystone.Client
	glance    *glance.Client
	neutron   *neutron.Client
	cinder    *cinder.Client
	placement *placement.Client
	cyborg    *cyborg.Client

	computes   *computerpc.Client
	conductor  *conductorrpc.Client
	schedulers *schedulerrpc.Client

	flavors    *dbapi.Flavors
	keypairs   *dbapi.Keypairs
	zones      *dbapi.Zones
	everywhere cell.Everywhere
	quota      *quota.Quotas

	group   *servicegroup.Group
	builder *create.Builder
	servers *server.Core
}

func newParts(d *deps) *parts {
	c := d.config
	p := &parts{
		deps:       d,
		keystone:   keystone.New(d.sessions.Keystone, d.log),
		glance:     glance.New(glanceOptions(d)),
		neutron:    neutron.New(d.sessions.Neutron, seconds(c.Neutron.ExtensionSyncInterval)),
		cinder:     cinder.New(d.sessions.Cinder),
		placement:  placement.New(d.sessions.Placement),
		cyborg:     cyborg.New(d.sessions.Cyborg, d.release),
		computes:   d.computeRPC(),
		conductor:  d.conductorRPC(),
		schedulers: d.schedulerRPC(),
		flavors:    dbapi.NewFlavors(d.API),
		keypairs:   dbapi.NewKeypairs(d.API),
		zones:      dbapi.NewZones(d.API, c.Default.DefaultAvailabilityZone),
		everywhere: cell.Everywhere{Cells: d.Cells},
	}
	p.quota = quota.New(quota.Options{
		Config: c.Quota, Store: dbapi.NewQuotas(d.API), Usage: p.everywhere, Placement: p.placement,
		Keystone:       keystone.NewLimits(d.sessions.Limits, c.OsloLimit),
		PinnedAsShared: c.Workarounds.UnifiedLimitsCountPCPUAsVCPU, Release: d.release, Log: log.Named(d.log, "nova.quota"),
	})
	var keys create.Keys
	if d.sessions.Barbican != nil {
		keys = barbican.New(d.sessions.Barbican, c.Barbican.NumberOfRetries, time.Duration(c.Barbican.RetryDelay)*time.Second)
	}
	p.builder = create.New(create.Options{
		Keys: keys, Cipher: c.EphemeralStorageEncryption.Cipher, KeySize: c.EphemeralStorageEncryption.KeySize,
		API: d.API, Cells: d.Cells, Keypairs: p.keypairs, Zones: p.zones, Quota: p.quota, Notify: d.notify,
		Images: p.glance, Network: p.neutron, Volumes: p.cinder, Conductor: p.conductor, Placement: p.placement, Accelerators: p.cyborg,
		DefaultZone: c.Default.DefaultAvailabilityZone, InternalZone: c.Default.InternalServiceAvailabilityZone,
		EphemeralFormat: c.Default.DefaultEphemeralFormat, MaxLocalDevices: c.Default.MaxLocalBlockDevices,
		CrossZoneAttach: c.Cinder.CrossAZAttach, DefaultCerts: defaultCerts(c), RecheckQuota: c.Quota.RecheckQuota, Aliases: d.aliases,
		PCIInPlacement: c.FilterScheduler.PCIInPlacement, Release: d.release,
	})
	p.group = &servicegroup.Group{DownTime: startup.ServiceDownTime(c, d.log), Now: d.now, Cached: d.reports}
	p.servers = &server.Core{
		Reader: &server.Reader{
			API: d.API, Cells: d.Cells, HostZones: p.zones,
			PerProject: c.API.InstanceListPerProjectCells, SkipDown: c.API.ListRecordsBySkippingDownCells,
			BatchSize: batchSize(c.API),
		},
		Services: server.Services{Images: p.glance, Network: p.neutron, Volumes: p.cinder, Allocations: p.placement, Accelerators: p.cyborg},
		Compute:  p.computes, Conductor: p.conductor, Limits: p.quota, Notify: d.notify, AuditPeriod: c.Default.InstanceUsageAuditPeriod,
		Host: c.Default.Host, Release: d.release,
		Up: p.group.Up, CrossZoneAttach: c.Cinder.CrossAZAttach, Log: d.log, Now: d.now,
	}
	if !d.release.Has(release.FaultsOfAllCells) {
		p.servers.Reader.Faults = &db.Cell{DB: d.Main}
	}
	return p
}

// batchSize returns the number of servers that lists first read from each cell; 0: it depends on
// the number of cells.
func batchSize(o config.API) int {
	if o.InstanceListCellsBatchStrategy == "fixed" {
		return o.InstanceListCellsBatchFixedSize
	}
	return 0
}

func glanceOptions(d *deps) glance.Options {
	o := glance.Options{Session: d.sessions.Glance, Override: d.config.Glance.EndpointOverride, Release: d.release}
	if servers := d.config.Glance.APIServers; len(servers) > 0 {
		o.Server = servers[0]
	}
	return o
}

// defaultCerts returns the trusted certificates of servers that name none.
func defaultCerts(c *config.Config) []string {
	if c.Glance.VerifyGlanceSignatures && c.Glance.EnableCertificateValidation {
		return c.Glance.DefaultTrustedCertificateIDs
	}
	return nil
}
