package quota

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
)

// Keystone reads the unified limits of Nova's endpoint by name; -1 means unlimited.
// *keystone.Limits implements it.
type Keystone interface {
	// Registered returns the registered limits, which apply to projects without own limits.
	Registered(ctx context.Context) (map[string]int64, error)
	// OfProject returns the own limits of a project.
	OfProject(ctx context.Context, project string) (map[string]int64, error)
}

// serversLimit is the name of the limit of servers. Limits of their resources are named class and a
// resource class of Placement.
const (
	serversLimit = "servers"
	classPrefix  = "class:"
)

// unifiedNames maps resources of Nova's API to names of limits in Keystone.
var unifiedNames = map[Resource]string{
	Instances: serversLimit, Cores: classPrefix + "VCPU", RAM: classPrefix + "MEMORY_MB",
	MetadataItems: "server_metadata_items", InjectedFiles: "server_injected_files",
	InjectedFileContentBytes: "server_injected_file_content_bytes", InjectedFilePathBytes: "server_injected_file_path_bytes",
	KeyPairs: "server_key_pairs", ServerGroups: "server_groups", ServerGroupMembers: "server_group_members",
}

// unified applies limits in Keystone as Nova's UnifiedLimitsDriver does: a resource without
// registered limit has the limit 0, unless the configuration exempts it.
type unified struct {
	keystone  Keystone
	placement Placement
	store     Store
	log       zerolog.Logger

	ignore    bool     // [quota] unified_limits_resource_strategy
	listed    []string // unified_limits_resource_list
	release   release.Release
	pinnedToo bool // [workarounds] unified_limits_count_pcpu_as_vcpu
	migrated  atomic.Bool
}

func newUnified(o Options) *unified {
	return &unified{
		keystone: o.Keystone, placement: o.Placement, store: o.Store, log: o.Log, release: o.Release, pinnedToo: o.PinnedAsShared,
		ignore: o.Config.UnifiedLimitsResourceStrategy == "ignore", listed: o.Config.UnifiedLimitsResourceList,
	}
}

// limits returns the limits of a project, or the registered limits for an empty project, by
// Nova's resources. A resource that has no unified limit is -1; one without a registered limit
// is 0.
func (u *unified) limits(ctx context.Context, project string) (Values, error) {
	v := unlimitedValues()
	l, err := u.read(ctx, project)
	if err != nil {
		return v, err
	}
	for r, name := range unifiedNames {
		v[r] = l.registered[name]
		if r == Instances || r == Cores || r == RAM { // projects have no own limits of the other resources
			v[r] = l.of(name)
		}
	}
	return v, nil
}

// read reads the limits of a project from Keystone; for "" only the registered limits.
func (u *unified) read(ctx context.Context, project string) (l keystoneLimits, err error) {
	l.project = project
	calls := []func() error{func() (err error) {
		l.registered, err = u.keystone.Registered(ctx)
		return err
	}}
	if project != "" {
		calls = append(calls, func() (err error) {
			l.own, err = u.keystone.OfProject(ctx, project)
			return err
		})
	}
	if err = inParallel(calls...); err != nil {
		err = &objects.Error{Class: objects.ErrSessionInitError,
			Message: "Can't initialise OpenStackSDK session: " + err.Error(), Cause: err}
	}
	return l, err
}

// set returns limits and usage of a project.
func (u *unified) set(ctx context.Context, project string) (Set, error) {
	var s Set
	var used map[string]int64
	var groups objects.Used[int64]
	err := inParallel(func() (err error) {
		s.Limits, err = u.limits(ctx, project)
		return err
	}, func() (err error) {
		used, err = u.used(ctx, nil, project, []string{serversLimit, unifiedNames[Cores], unifiedNames[RAM]})
		return err
	}, func() (err error) {
		_, groups, err = u.store.LimitsAndGroups(ctx, project, "")
		return err
	})
	s.Used[Instances], s.Used[Cores], s.Used[RAM] = used[serversLimit], used[unifiedNames[Cores]], used[unifiedNames[RAM]]
	s.Used[ServerGroups] = groups.Project
	return s, err
}

// used returns the number of a project's servers and the usage of its resource classes.
func (u *unified) used(ctx context.Context, caller *reqctx.Caller, project string, names []string) (map[string]int64, error) {
	used := map[string]int64{}
	slices.Sort(names)
	if slices.Contains(names, serversLimit) {
		if err := u.countable(ctx); err != nil {
			return nil, err
		}
		n, err := u.store.Mapped(ctx, project, "")
		if err != nil {
			return nil, err
		}
		used[serversLimit] = n.Project
	}
	held, err := u.placement.Usages(ctx, caller, project, "")
	if errors.Is(err, objects.ErrUsagesRetrievalFailed) {
		return nil, &objects.Error{Class: objects.ErrUsagesRetrievalFailed, Cause: err,
			Message: "Failed to retrieve usages from placement while enforcing " + strings.Join(names, ", ") + " quota limits."}
	}
	if err != nil {
		return nil, err
	}
	const shared, pinned = "VCPU", "PCPU"
	if u.pinnedToo && !slices.Contains(names, classPrefix+pinned) { // a separate limit of PCPU is counted separately
		held[shared] += held[pinned]
	}
	for _, name := range names {
		if c, ok := strings.CutPrefix(name, classPrefix); ok {
			used[name] = held[c]
		}
	}
	return used, nil
}

// countable returns an error if servers cannot be counted by instance mappings, because some
// mappings have no queued_for_delete yet.
func (u *unified) countable(ctx context.Context) error {
	if u.migrated.Load() {
		return nil
	}
	done, err := u.store.Migrated(ctx, "")
	switch {
	case err != nil:
		return err
	case !done:
		u.log.Error().Msg("Must migrate all instance mappings before using unified limits")
		return &objects.Error{Class: objects.ErrValueError, Message: "must first migrate instance mappings"}
	}
	u.migrated.Store(true)
	return nil
}

// exceededLimit is a limit that the deltas exceed.
type exceededLimit struct {
	name               string
	limit, used, delta int64
}

// keystoneLimits are the limits that apply to a project.
type keystoneLimits struct {
	project         string // "": no project
	registered, own map[string]int64
}

// of returns the project's own limit, otherwise the registered one, otherwise 0.
func (l keystoneLimits) of(name string) int64 {
	if n, ok := l.own[name]; ok {
		return n
	}
	return l.registered[name]
}

// enforce returns an *OverError if the sum of usage and deltas exceeds limits, unless the
// configuration exempts them.
func (u *unified) enforce(l keystoneLimits, used, deltas map[string]int64) error {
	var exceeded []exceededLimit
	for _, name := range slices.Sorted(maps.Keys(deltas)) {
		if limit := l.of(name); (limit >= 0 || !u.release.Has(release.UnlimitedUnified)) && used[name]+deltas[name] > limit {
			exceeded = append(exceeded, exceededLimit{name, limit, used[name], deltas[name]})
		}
	}
	if len(exceeded) == 0 || u.release.Has(release.UnlimitedUnified) && !u.counts(exceeded, l.registered) {
		return nil
	}
	texts := make([]string, len(exceeded))
	for n, o := range exceeded {
		texts[n] = fmt.Sprintf("Resource %s is over limit of %d due to current usage %d and delta %d", o.name, o.limit, o.used, o.delta)
	}
	project := l.project
	if project == "" {
		project = "None"
	}
	return &OverError{unified: fmt.Sprintf("Project %s is over a limit for [%s]", project, strings.Join(texts, ", "))}
}

// counts reports whether one of the exceeded limits applies. A limit of 0 may be missing in
// Keystone; the configuration determines whether it then applies.
func (u *unified) counts(exceeded []exceededLimit, registered map[string]int64) bool {
	for _, o := range exceeded {
		_, set := registered[o.name]
		if o.limit > 0 || set || slices.Contains(u.listed, o.name) != u.ignore {
			return true
		}
	}
	return false
}

// local checks a number that belongs to no project against the registered limits.
func (u *unified) local(ctx context.Context, r Resource, used, delta int64) error {
	name := unifiedNames[r]
	l, err := u.read(ctx, "")
	if err != nil {
		return &objects.Error{Class: objects.ErrKeystoneConnectionFailed,
			Message: "Failed to connect to keystone while enforcing " + name + " quota limit.", Cause: err}
	}
	err = u.enforce(l, map[string]int64{name: used}, map[string]int64{name: delta})
	if over, ok := errors.AsType[*OverError](err); ok {
		over.Over = []Resource{r}
	}
	return err
}

// Fit returns how many further servers a project may have, between least and most, each of
// which uses classes. It returns TooManyInstances if there is room for fewer than least, and
// most without unified limits. For 0 servers it checks the current usage.
func (q *Quotas) Fit(ctx context.Context, caller *reqctx.Caller, project string, classes map[string]int64, least, most int) (int, error) {
	if q.unified == nil {
		return most, nil
	}
	names := []string{serversLimit}
	for c := range classes {
		names = append(names, classPrefix+c)
	}
	used, err := q.unified.used(ctx, caller, project, names)
	if err != nil {
		return 0, err
	}
	l, err := q.unified.read(ctx, project)
	if err != nil {
		return 0, err
	}
	for n := most; ; n-- {
		deltas := map[string]int64{serversLimit: int64(n)}
		for c, amount := range classes {
			deltas[classPrefix+c] = amount * int64(n)
		}
		err := q.unified.enforce(l, used, deltas)
		over, isOver := errors.AsType[*OverError](err)
		switch {
		case !isOver:
			return n, err
		case n <= least:
			return 0, over.Fault(objects.ErrTooManyInstances, "")
		}
	}
}
