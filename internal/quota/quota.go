// Package quota computes limits and usage as Nova's quota drivers do. DbQuotaDriver takes the
// limits from the API database, then from the class "default", then from the configuration, and
// counts usage in the cells' rows or in Placement. UnifiedLimitsDriver takes the limits from
// Keystone and counts in Placement. NoopQuotaDriver has no limits.
//
// It uses internal/db only to share reads; packages below internal/db implement its interfaces.
package quota

import (
	"context"
	"sync/atomic"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/release"
)

// Store is the part of the API database that the quotas use; *dbapi.Quotas implements it. An
// empty user means the project only.
type Store interface {
	Limits(ctx context.Context, project, user string) (objects.QuotaLimits, error)
	LimitsAndGroups(ctx context.Context, project, user string) (objects.QuotaLimits, objects.Used[int64], error)
	Class(ctx context.Context, name string) (map[string]int64, error)
	// ProjectLimits returns the limits of all projects that have their own.
	ProjectLimits(ctx context.Context) (map[string]map[string]int64, error)
	Keypairs(ctx context.Context, user string) (int64, error)
	UserLimitSums(ctx context.Context, project string) (map[string]int64, error)
	SetLimit(ctx context.Context, project, user, resource string, limit int64) error
	DeleteLimits(ctx context.Context, project, user string) error
	SetClass(ctx context.Context, class, resource string, limit int64) error
	// Migrated reports whether servers can be counted by instance mappings; an empty project
	// means all projects.
	Migrated(ctx context.Context, project string) (bool, error)
	Mapped(ctx context.Context, project, user string) (objects.Used[int64], error)
	// Members counts the members of a server group.
	Members(ctx context.Context, group int64) (int64, error)
	// MappedMembers counts the servers of a user among uuids by instance mappings. Building
	// counts those of them that have only a build request.
	MappedMembers(ctx context.Context, uuids []string, user string) (int64, error)
	Building(ctx context.Context, uuids []string, user string) ([]string, error)
}

// Usage counts instances in all cells; cell.Everywhere implements it.
type Usage interface {
	InstanceUsage(ctx context.Context, project, user string) (objects.Used[objects.InstanceUsage], error)
	// Alive returns the servers of a user among uuids that are not deleted.
	Alive(ctx context.Context, uuids []string, user string) ([]string, error)
}

// Owner is the owner of resources.
type Owner struct{ Project, User string }

// Quotas computes limits and usage. It is safe for concurrent use.
type Quotas struct {
	store    Store
	usage    Usage
	defaults Values
	noop     bool
	unified  *unified // nil unless limits are unified
	release  release.Release
	inCells  bool // instances are counted by rows of the cells, not in Placement
	projects db.Coalescer[Set]
	log      zerolog.Logger
	migrated atomic.Bool // all instance mappings have a user
}

// Options are the dependencies of Quotas.
type Options struct {
	Config    config.Quota
	Store     Store
	Usage     Usage
	Placement Placement // used if the configuration counts in Placement
	Keystone  Keystone  // for unified limits
	// PinnedAsShared is [workarounds] unified_limits_count_pcpu_as_vcpu.
	PinnedAsShared bool
	// Release is the release of Nova whose quotas apply.
	Release release.Release
	Log     zerolog.Logger
}

// New builds the quotas of a configuration.
func New(o Options) *Quotas {
	q := &Quotas{store: o.Store, noop: o.Config.Driver == "nova.quota.NoopQuotaDriver", log: o.Log, release: o.Release}
	q.defaults = configuredLimits(o.Config)
	usage := o.Usage
	switch {
	case q.noop:
		q.defaults = unlimitedValues()
	case o.Config.Driver == UnifiedDriver:
		q.unified = newUnified(o)
	case o.Config.CountUsageFromPlacement:
		usage = &fromPlacement{store: o.Store, placement: o.Placement, Usage: o.Usage, log: o.Log}
	default:
		q.inCells = true
	}
	q.usage = &sharedUsage{Usage: usage}
	return q
}

// UnifiedDriver is the value of [quota] driver for limits in Keystone.
const UnifiedDriver = "nova.quota.UnifiedLimitsDriver"

// Unified reports whether the limits are in Keystone.
func (q *Quotas) Unified() bool { return q.unified != nil }

// Set contains the limits and the usage of a project or user. Only Instances, Cores, RAM and
// ServerGroups are counted; as in Nova, the usage of other resources is 0.
type Set struct{ Limits, Used Values }

// Reserved returns the number that Nova shows as reserved for every resource.
func (q *Quotas) Reserved() int64 {
	if q.noop {
		return -1
	}
	return 0
}

// Project returns the limits and usage of a project. Concurrent requests for a project share
// one read, which begins after each of the requests.
func (q *Quotas) Project(ctx context.Context, project string) (Set, error) {
	if q.noop {
		return Set{Limits: unlimitedValues(), Used: unlimitedValues()}, nil
	}
	return q.projects.Do(ctx, project, func(ctx context.Context) (Set, error) {
		if q.unified != nil {
			return q.unified.set(ctx, project)
		}
		set, _, err := q.read(ctx, Owner{Project: project})
		return set, err
	})
}

// User returns the limits and usage of a user in a project. Unified limits apply to the project
// only.
func (q *Quotas) User(ctx context.Context, o Owner) (Set, error) {
	if q.unified != nil {
		return q.Project(ctx, o.Project)
	}
	if q.noop {
		return Set{Limits: unlimitedValues(), Used: unlimitedValues()}, nil
	}
	_, set, err := q.read(ctx, o)
	return set, err
}

// ProjectLimits returns a function that has the limits of every project, from two queries. known is false if
// they are in Keystone, which would have to be asked for each project.
func (q *Quotas) ProjectLimits(ctx context.Context) (of func(project string) Values, known bool, err error) {
	if q.unified != nil {
		return func(string) Values { return Values{} }, false, nil
	}
	defaults, err := q.Defaults(ctx)
	if err != nil || q.noop {
		return func(string) Values { return defaults }, true, err
	}
	own, err := q.store.ProjectLimits(ctx)
	return func(project string) Values { return defaults.with(own[project]) }, true, err
}

// Defaults returns the limits of projects without own limits.
func (q *Quotas) Defaults(ctx context.Context) (Values, error) { return q.Class(ctx, "default") }

// Class returns the limits of a quota class. Unified limits have no classes.
func (q *Quotas) Class(ctx context.Context, name string) (Values, error) {
	if q.unified != nil {
		return q.unified.limits(ctx, "")
	}
	if q.noop {
		return unlimitedValues(), nil
	}
	rows, err := q.store.Class(ctx, name)
	return q.defaults.with(rows), err
}

// limits merges the limits of project and user: the limits of the project apply to a user
// without own limits.
func (q *Quotas) limits(rows objects.QuotaLimits) (project, user Values) {
	project = q.defaults.with(rows.Default).with(rows.Project)
	return project, project.with(rows.User)
}

func (q *Quotas) read(ctx context.Context, o Owner) (project, user Set, err error) {
	var used objects.Used[objects.InstanceUsage]
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	counted := make(chan error, 1)
	go func() {
		var err error
		used, err = q.usage.InstanceUsage(ctx, o.Project, o.User)
		counted <- err
	}()
	rows, groups, err := q.store.LimitsAndGroups(ctx, o.Project, o.User)
	if err != nil {
		cancel()
	}
	if e := <-counted; err == nil {
		err = e
	}
	if err != nil {
		return Set{}, Set{}, err
	}
	project.Limits, user.Limits = q.limits(rows)
	project.Used, user.Used = countedValues(used.Project, groups.Project), countedValues(used.User, groups.User)
	return project, user, nil
}

func countedValues(u objects.InstanceUsage, groups int64) Values {
	var v Values
	v[Instances], v[Cores], v[RAM], v[ServerGroups] = u.Instances, u.Cores, u.RAM, groups
	return v
}
