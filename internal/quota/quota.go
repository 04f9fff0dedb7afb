// Package quota says how much of everything a project may have and how much of it
// is in use, as Nova's drivers do. DbQuotaDriver has the limits of the API database
// over the class "default" over the configuration, and counts usage from the rows
// themselves or in Placement. UnifiedLimitsDriver has those of Keystone and counts
// in Placement. NoopQuotaDriver has none.
//
// It imports objects; internal/db satisfies its interfaces.
package quota

import (
	"context"
	"sync/atomic"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/objects"
)

// Store is what the quotas need of the API database; *dbapi.Quotas is one. An
// empty user asks for the project alone.
type Store interface {
	Limits(ctx context.Context, project, user string) (objects.QuotaLimits, error)
	LimitsAndGroups(ctx context.Context, project, user string) (objects.QuotaLimits, objects.Used[int64], error)
	Class(ctx context.Context, name string) (map[string]int64, error)
	Keypairs(ctx context.Context, user string) (int64, error)
	UserLimitSums(ctx context.Context, project string) (map[string]int64, error)
	SetLimit(ctx context.Context, project, user, resource string, limit int64) error
	DeleteLimits(ctx context.Context, project, user string) error
	SetClass(ctx context.Context, class, resource string, limit int64) error
	// Migrated tells whether servers can be counted by their mappings; an empty
	// project asks about all.
	Migrated(ctx context.Context, project string) (bool, error)
	Mapped(ctx context.Context, project, user string) (objects.Used[int64], error)
	// Members counts the members of a server group.
	Members(ctx context.Context, group int64) (int64, error)
	// MappedMembers counts the servers of a user among uuids by their mappings, and
	// Building answers those of them that no cell has yet.
	MappedMembers(ctx context.Context, uuids []string, user string) (int64, error)
	Building(ctx context.Context, uuids []string, user string) ([]string, error)
}

// Usage counts instances in all cells; cell.Everywhere is one.
type Usage interface {
	InstanceUsage(ctx context.Context, project, user string) (objects.Used[objects.InstanceUsage], error)
	// Alive answers the servers of a user among uuids.
	Alive(ctx context.Context, uuids []string, user string) ([]string, error)
}

// Owner is who something belongs to.
type Owner struct{ Project, User string }

// Quotas answers limits and usage. It is safe for concurrent use.
type Quotas struct {
	store    Store
	usage    Usage
	defaults Values
	noop     bool
	unified  *unified // nil but for unified limits
	flights  flights
	log      zerolog.Logger
	migrated atomic.Bool // all mappings of servers say whose these are
}

// Options are what quotas are made of.
type Options struct {
	Config    config.Quota
	Store     Store
	Usage     Usage
	Placement Placement // where the configuration counts there
	Keystone  Keystone  // for unified limits
	// PinnedAsShared is [workarounds] unified_limits_count_pcpu_as_vcpu.
	PinnedAsShared bool
	Log            zerolog.Logger
}

// New makes the quotas of a configuration.
func New(o Options) *Quotas {
	q := &Quotas{store: o.Store, usage: o.Usage, noop: o.Config.Driver == "nova.quota.NoopQuotaDriver", log: o.Log}
	q.defaults = configured(o.Config)
	switch {
	case q.noop:
		q.defaults = unlimited()
	case o.Config.Driver == UnifiedDriver:
		q.unified = newUnified(o)
	case o.Config.CountUsageFromPlacement:
		q.usage = &fromPlacement{store: o.Store, placement: o.Placement, Usage: o.Usage, log: o.Log}
	}
	return q
}

// UnifiedDriver is the [quota] driver whose limits are in Keystone.
const UnifiedDriver = "nova.quota.UnifiedLimitsDriver"

// Unified tells whether the limits are in Keystone.
func (q *Quotas) Unified() bool { return q.unified != nil }

// Set is what a project or user may have and has. Only Instances, Cores, RAM and
// ServerGroups are counted; the usage of others is 0, as Nova shows it.
type Set struct{ Limits, Used Values }

// Reserved is what Nova shows as reserved, of every resource.
func (q *Quotas) Reserved() int64 {
	if q.noop {
		return -1
	}
	return 0
}

// Project answers the limits and usage of a project. Requests of a moment for the
// same project share one reading, which begins after all of them have asked.
func (q *Quotas) Project(ctx context.Context, project string) (Set, error) {
	if q.noop {
		return Set{Limits: unlimited(), Used: unlimited()}, nil
	}
	return q.flights.do(ctx, project, func(ctx context.Context) (Set, error) {
		if q.unified != nil {
			return q.unified.set(ctx, project)
		}
		set, _, err := q.read(ctx, Owner{Project: project})
		return set, err
	})
}

// User answers the limits and usage of a user in a project. Unified limits are the
// project's alone.
func (q *Quotas) User(ctx context.Context, o Owner) (Set, error) {
	if q.unified != nil {
		return q.Project(ctx, o.Project)
	}
	if q.noop {
		return Set{Limits: unlimited(), Used: unlimited()}, nil
	}
	_, set, err := q.read(ctx, o)
	return set, err
}

// Defaults answers the limits of projects that have none of their own.
func (q *Quotas) Defaults(ctx context.Context) (Values, error) { return q.Class(ctx, "default") }

// Class answers the limits of a quota class. Unified limits know no classes.
func (q *Quotas) Class(ctx context.Context, name string) (Values, error) {
	if q.unified != nil {
		return q.unified.limits(ctx, "")
	}
	if q.noop {
		return unlimited(), nil
	}
	rows, err := q.store.Class(ctx, name)
	return q.defaults.with(rows), err
}

// limits puts the limits of the project and of the user together: a user has
// those of the project where no other are set.
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
	project.Used, user.Used = counts(used.Project, groups.Project), counts(used.User, groups.User)
	return project, user, nil
}

func counts(u objects.InstanceUsage, groups int64) Values {
	var v Values
	v[Instances], v[Cores], v[RAM], v[ServerGroups] = u.Instances, u.Cores, u.RAM, groups
	return v
}
