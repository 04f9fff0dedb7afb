package compute

import (
	"slices"
	"time"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/attachments"
	"github.com/nova-go/nova/compute/internal/consoles"
	"github.com/nova-go/nova/compute/internal/flavors"
	"github.com/nova-go/nova/compute/internal/groups"
	"github.com/nova-go/nova/compute/internal/hosts"
	"github.com/nova-go/nova/compute/internal/images"
	"github.com/nova-go/nova/compute/internal/keypairs"
	"github.com/nova-go/nova/compute/internal/migrations"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/compute/internal/networks"
	"github.com/nova-go/nova/compute/internal/openapi"
	"github.com/nova-go/nova/compute/internal/quotas"
	"github.com/nova-go/nova/compute/internal/removed"
	"github.com/nova-go/nova/compute/internal/servers"
	"github.com/nova-go/nova/compute/internal/servers/creation"
	"github.com/nova-go/nova/compute/internal/versions"
	"github.com/nova-go/nova/compute/internal/volumes"
	"github.com/nova-go/nova/config"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/ops/aggregate"
	"github.com/nova-go/nova/internal/ops/attach"
	"github.com/nova-go/nova/internal/ops/console"
	"github.com/nova-go/nova/internal/ops/group"
	"github.com/nova-go/nova/internal/ops/host"
	"github.com/nova-go/nova/internal/ops/lifecycle"
	"github.com/nova-go/nova/internal/ops/move"
	"github.com/nova-go/nova/internal/rest/ironic"
	"github.com/nova-go/nova/internal/rest/manila"
)

// areas returns the rows of all areas.
func areas(p *parts) []api.Route {
	d, c := p.deps, p.config
	attached := &attachments.API{Servers: p.servers.Reader, Network: p.neutron,
		Ops: &attach.Ops{Servers: p.servers, Volumes: p.cinder, Ports: p.neutron, Floating: p.neutron, Manila: manila.New(d.sessions.Manila)}}
	serverArea := p.serversArea()
	return slices.Concat(
		(&versions.API{Release: p.release}).Routes(),
		(&flavors.API{Flavors: p.flavors, Notify: d.notify, Projects: p.keystone}).Routes(),
		(&keypairs.API{Keypairs: p.keypairs, Notify: d.notify, Quota: p.quota, Recheck: c.Quota.RecheckQuota}).Routes(),
		(&groups.API{Groups: dbapi.NewGroups(d.API), Notify: d.notify, Servers: &group.Members{API: d.API, Cells: d.Cells},
			OldestCompute: p.servers.OldestCompute, Quota: p.quota, Recheck: c.Quota.RecheckQuota}).Routes(),
		servers.WithBoot(slices.Concat(serverArea.Routes(), p.migrationsArea(serverArea).Routes())),
		attached.Routes(),
		(&consoles.API{Opener: &console.Opener{Compute: p.computes}, Tokens: p.everywhere}).Routes(),
		p.hostsArea().Routes(),
		(&quotas.API{
			Quotas: p.quota, Projects: p.keystone, Usages: p.everywhere, Audits: cell.Audits{DB: d.Main},
			AuditPeriod: c.Default.InstanceUsageAuditPeriod, Now: p.now,
		}).Routes(),
		(&images.API{Glance: p.glance, Quota: p.quota}).Routes(),
		(&networks.API{Neutron: p.neutron, DefaultPool: c.Neutron.DefaultFloatingPool, Release: attached.Ops.ReleaseFloatingIP}).Routes(),
		(&volumes.API{Cinder: p.cinder, Assisted: attached.Ops}).Routes(),
		removed.Routes(),
	)
}

func (p *parts) serversArea() *servers.API {
	c := p.config
	create := &creation.API{
		Builder: p.builder, Flavors: p.flavors, ScheduleZone: c.Default.DefaultScheduleZone,
		PasswordLength: c.Default.PasswordLength, ShowPassword: c.API.EnableInstancePassword,
	}
	return &servers.API{
		Servers: p.servers.Reader,
		Ops: &lifecycle.Ops{Servers: p.servers, DropProperties: c.Default.NonInheritableImageProperties,
			UniqueNames: c.Default.UniqueServerNameScope},
		Flavors:      p.flavors,
		Images:       p.glance,
		Network:      p.neutron,
		Create:       create.Create,
		NameTemplate: c.Default.InstanceNameTemplate,
		Up:           p.servers.Up,
		ImageURL:     p.glance.URL,
		SoftDelete:   c.Default.ReclaimInstanceInterval != 0,
		Passwords:    servers.Passwords{Length: c.Default.PasswordLength, Shown: c.API.EnableInstancePassword},
		Now:          p.now,
	}
}

// migrationsArea builds the area of moves and rebuilds, whose answers to a rebuild use the
// views of s.
func (p *parts) migrationsArea(s *servers.API) *migrations.API {
	c := p.config
	return &migrations.API{
		Servers: p.servers.Reader, Migrations: p.everywhere, Rebuilt: s.Rebuilt,
		Ops: &move.Ops{
			Servers: p.servers, Flavors: p.flavors, Ports: p.neutron, Aliases: p.aliases, Quota: p.quota, Keypairs: p.keypairs,
			Contents: p.builder.CheckContents, SameHost: c.Default.AllowResizeToSameHost, DefaultCerts: defaultCerts(c),
		},
		PasswordLength: c.Default.PasswordLength, ShowPassword: c.API.EnableInstancePassword,
	}
}

func (p *parts) hostsArea() *hosts.API {
	c := p.config
	all := &host.Hosts{Cells: p.Cells, Release: p.release, Computes: p.computes, Placement: p.placement, Group: p.group,
		Now: p.now, Zones: p.zones, InternalZone: c.Default.InternalServiceAvailabilityZone, Notify: p.notify, Log: p.log}
	aggregates := &aggregate.Aggregates{
		Store: dbapi.NewAggregates(p.API), Cells: p.Cells, Hosts: all, Placement: p.placement, Images: p.glance,
		Schedulers: p.schedulers, Conductor: p.conductor, Notify: p.notify, Log: p.log,
	}
	all.Aggregates = aggregates
	return &hosts.API{
		Services: p.everywhere, Zones: p.zones, Hosts: all, Aggregates: aggregates, Machines: ironic.New(p.sessions.Ironic), Notify: p.notify,
		InternalZone: c.Default.InternalServiceAvailabilityZone, NameTemplate: c.Default.InstanceNameTemplate,
	}
}

// writeTimeout is the maximum duration of a writing operation. It is longer than any timeout of
// a call that such an operation makes.
func writeTimeout(c *config.Config) time.Duration {
	return max(time.Hour, 2*seconds(c.Default.LongRPCTimeout), 2*seconds(c.Default.RPCResponseTimeout))
}

func newRouter(p *parts, writes *api.Writes) (*api.API, error) {
	check, reject := answerCheck(p.config)
	return api.New(api.Config{
		Policy: p.policy, Servers: p.servers.Reader, Log: p.log, MaxLimit: p.config.API.MaxLimit,
		LinkPrefix: p.config.API.ComputeLinkPrefix, ImageLinks: p.config.API.GlanceLinkPrefix, Metrics: p.metrics,
		WriteTimeout: writeTimeout(p.config), Writes: writes, Release: p.release,
		CheckAnswer: check, RejectAnswers: reject,
	}, areas(p))
}

// answerCheck returns what [api] response_validation says. Answers are only checked if the option is set: Nova's default, warn, would
// have every answer read again to find mistakes of this program.
func answerCheck(c *config.Config) (check func(string, mv.Version, []byte) error, reject bool) {
	set := slices.ContainsFunc(c.Options(), func(o config.Option) bool {
		return o.Group == "api" && o.Name == "response_validation" && o.Set()
	})
	if !set || c.API.ResponseValidation == "ignore" {
		return nil, false
	}
	return openapi.CheckAnswer, c.API.ResponseValidation == "error"
}
