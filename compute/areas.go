package compute

import (
	"net/http"
	"slices"
	"time"

	"github.com/nova-go/nova/compute/api"
	"github.com/nova-go/nova/compute/attachments"
	"github.com/nova-go/nova/compute/build"
	"github.com/nova-go/nova/compute/consoles"
	"github.com/nova-go/nova/compute/flavors"
	"github.com/nova-go/nova/compute/groups"
	"github.com/nova-go/nova/compute/hosts"
	"github.com/nova-go/nova/compute/images"
	"github.com/nova-go/nova/compute/keypairs"
	"github.com/nova-go/nova/compute/networks"
	"github.com/nova-go/nova/compute/quotas"
	"github.com/nova-go/nova/compute/removed"
	"github.com/nova-go/nova/compute/servers"
	"github.com/nova-go/nova/compute/versions"
	"github.com/nova-go/nova/compute/volumes"
	"github.com/nova-go/nova/config"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/ops/aggregate"
	"github.com/nova-go/nova/internal/ops/attachment"
	opsbuild "github.com/nova-go/nova/internal/ops/build"
	"github.com/nova-go/nova/internal/ops/group"
	"github.com/nova-go/nova/internal/ops/host"
	"github.com/nova-go/nova/internal/ops/instance"
	"github.com/nova-go/nova/internal/quota"
	"github.com/nova-go/nova/internal/rest/cinder"
	"github.com/nova-go/nova/internal/rest/glance"
	"github.com/nova-go/nova/internal/rest/keystone"
	"github.com/nova-go/nova/internal/rest/neutron"
	"github.com/nova-go/nova/internal/rest/placement"
	"github.com/nova-go/nova/internal/startup"
)

// areas lists the rows of every area.
func areas(d *deps) []api.Route {
	everywhere := cell.Everywhere{Cells: d.Cells}
	quotaOf := quota.New(d.config.Quota, dbapi.NewQuotas(d.API), everywhere)
	flavorStore := dbapi.NewFlavors(d.API)
	networkClient := neutron.New(d.sessions.neutron, time.Duration(d.config.Neutron.ExtensionSyncInterval)*time.Second)
	projects := keystone.New(d.sessions.keystone, d.log)
	serverArea := serversArea(d, flavorStore, networkClient, quotaOf, (&build.API{
		Builder: builder(d, quotaOf, networkClient), Flavors: flavorStore, ScheduleZone: d.config.Default.DefaultScheduleZone,
		PasswordLength: d.config.Default.PasswordLength, ShowPassword: d.config.API.EnableInstancePassword,
	}).Create)
	attached := &attachments.API{Servers: serverArea.Ops.Reader, Network: networkClient,
		Ops: &attachment.Ops{Ops: serverArea.Ops, Volumes: cinder.New(d.sessions.cinder), Ports: networkClient, Floating: networkClient}}
	return slices.Concat(
		(&versions.API{}).Routes(),
		(&flavors.API{Flavors: flavorStore, Projects: projects}).Routes(),
		(&keypairs.API{Keypairs: dbapi.NewKeypairs(d.API), Quota: quotaOf, Recheck: d.config.Quota.RecheckQuota}).Routes(),
		(&groups.API{Groups: dbapi.NewGroups(d.API), Servers: &group.Members{API: d.API, Cells: d.Cells}, Quota: quotaOf, Recheck: d.config.Quota.RecheckQuota}).Routes(),
		servers.WithBoot(slices.Concat(serverArea.Routes(), migrationsArea(d, serverArea, flavorStore, networkClient, quotaOf).Routes())),
		attached.Routes(),
		(&consoles.API{Servers: serverArea.Servers, Opener: attached.Ops, Tokens: everywhere}).Routes(),
		hostsArea(d, everywhere).Routes(),
		(&quotas.API{
			Quotas: quotaOf, Projects: projects, Usages: everywhere, Audits: cell.Audits{DB: d.Main}, AuditPeriod: d.config.Default.InstanceUsageAuditPeriod, Now: time.Now,
		}).Routes(),
		(&images.API{Glance: glance.New(d.sessions.glance), Quota: quotaOf}).Routes(),
		(&networks.API{Neutron: networkClient, DefaultPool: d.config.Neutron.DefaultFloatingPool, Release: attached.Ops.ReleaseFloatingIP}).Routes(),
		(&volumes.API{Cinder: cinder.New(d.sessions.cinder)}).Routes(),
		removed.Routes(),
	)
}

// builder makes servers.
func builder(d *deps, q *quota.Quotas, n *neutron.Client) *opsbuild.Builder {
	c := d.config
	var certs []string
	if c.Glance.VerifyGlanceSignatures && c.Glance.EnableCertificateValidation {
		certs = c.Glance.DefaultTrustedCertificateIDs
	}
	return opsbuild.New(opsbuild.Options{
		API: d.API, Cells: d.Cells, Keypairs: dbapi.NewKeypairs(d.API), Zones: dbapi.NewZones(d.API, c.Default.DefaultAvailabilityZone), Quota: q,
		Images: glance.New(d.sessions.glance), Network: n, Volumes: cinder.New(d.sessions.cinder), Conductor: d.conductorRPC(), Placement: placement.New(d.sessions.placement), DefaultZone: c.Default.DefaultAvailabilityZone,
		InternalZone: c.Default.InternalServiceAvailabilityZone, EphemeralFormat: c.Default.DefaultEphemeralFormat,
		MaxLocalDevices: c.Default.MaxLocalBlockDevices, CrossZoneAttach: c.Cinder.CrossAZAttach, DefaultCerts: certs, RecheckQuota: c.Quota.RecheckQuota, Aliases: d.aliases,
	})
}

func serversArea(d *deps, f servers.Flavors, n *neutron.Client, limits *quota.Quotas, create func(*api.Request) (any, error)) *servers.API {
	c := d.config
	reader := &instance.Reader{API: d.API, Cells: d.Cells, HostZones: dbapi.NewZones(d.API, c.Default.DefaultAvailabilityZone),
		PerProject: c.API.InstanceListPerProjectCells, SkipDown: c.API.ListRecordsBySkippingDownCells}
	images := glance.New(d.sessions.glance)
	downTime := time.Duration(c.Default.ServiceDownTime) * time.Second
	return &servers.API{
		Servers: reader,
		Ops: &instance.Ops{
			Reader: reader, Neighbours: instance.Neighbours{Images: images, Network: n, Volumes: cinder.New(d.sessions.cinder), Allocations: placement.New(d.sessions.placement)}, Compute: d.computeRPC(), Conductor: d.conductorRPC(),
			Limits: limits, Host: c.Default.Host, DownTime: downTime, DropProperties: c.Default.NonInheritableImageProperties,
			UniqueNames: c.Default.UniqueServerNameScope, CrossZoneAttach: c.Cinder.CrossAZAttach, Log: d.log, Now: time.Now,
		},
		Flavors:      f,
		Images:       images,
		Network:      n,
		Create:       create,
		NameTemplate: c.Default.InstanceNameTemplate,
		DownTime:     downTime,
		ImageURL:     images.URL,
		SoftDelete:   c.Default.ReclaimInstanceInterval != 0,
		Passwords:    servers.Passwords{Length: c.Default.PasswordLength, Shown: c.API.EnableInstancePassword},
		Now:          time.Now,
	}
}

func hostsArea(d *deps, everywhere cell.Everywhere) *hosts.API {
	c := d.config
	provider := placement.New(d.sessions.placement)
	all := &host.Hosts{Cells: d.Cells, Computes: d.computeRPC(), Placement: provider, DownTime: seconds(c.Default.ServiceDownTime), Now: time.Now, Log: d.log}
	aggregates := &aggregate.Aggregates{
		Store: dbapi.NewAggregates(d.API), Cells: d.Cells, Hosts: all, Placement: provider, Images: glance.New(d.sessions.glance),
		Schedulers: d.schedulerRPC(), Conductor: d.conductorRPC(), Log: d.log,
	}
	all.Aggregates = aggregates
	return &hosts.API{
		Services: everywhere, Zones: dbapi.NewZones(d.API, c.Default.DefaultAvailabilityZone), Hosts: all, Aggregates: aggregates,
		InternalZone: c.Default.InternalServiceAvailabilityZone, DownTime: seconds(c.Default.ServiceDownTime), NameTemplate: c.Default.InstanceNameTemplate,
	}
}

// Routes lists every operation of the API, for the table that nova-api prints.
func Routes() []api.Route {
	return areas(&deps{config: &config.Config{}, Databases: &startup.Databases{}})
}

func router(d *deps) (http.Handler, error) {
	return api.New(api.Config{
		Policy: d.policy, Log: d.log, MaxLimit: d.config.API.MaxLimit,
		LinkPrefix: d.config.API.ComputeLinkPrefix, ImageLinks: d.config.API.GlanceLinkPrefix,
	}, areas(d))
}
