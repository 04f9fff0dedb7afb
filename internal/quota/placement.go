package quota

import (
	"context"
	"sync"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Placement returns the usage of projects; *placement.Client implements it.
type Placement interface {
	// Usages returns the amounts by resource class; an empty user means the whole project.
	Usages(ctx context.Context, caller *reqctx.Caller, project, user string) (map[string]int64, error)
}

// fromPlacement counts servers by instance mappings and their resources in Placement, for
// [quota] count_usage_from_placement. While mappings are not migrated it counts rows of the
// cells.
type fromPlacement struct {
	Usage     // counts rows of the cells
	store     Store
	placement Placement
	log       zerolog.Logger
	migrated  sync.Map // projects with migrated mappings, which stay migrated
}

// InstanceUsage counts for a project, and for a user in it if user is not empty.
func (p *fromPlacement) InstanceUsage(ctx context.Context, project, user string) (objects.Used[objects.InstanceUsage], error) {
	var used objects.Used[objects.InstanceUsage]
	if _, done := p.migrated.Load(project); !done {
		done, err := p.store.Migrated(ctx, project)
		if err != nil {
			return used, err
		}
		if !done {
			p.log.Warn().Msg("Falling back to legacy quota counting method for instances, cores, and ram")
			return p.Usage.InstanceUsage(ctx, project, user)
		}
		p.migrated.Store(project, nil)
	}
	calls := []func() error{
		func() error {
			n, err := p.store.Mapped(ctx, project, user)
			used.Project.Instances, used.User.Instances = n.Project, n.User
			return err
		},
		func() error { return p.add(ctx, project, "", &used.Project) },
	}
	if user != "" {
		calls = append(calls, func() error { return p.add(ctx, project, user, &used.User) })
	}
	err := inParallel(calls...)
	return used, err
}

// add counts dedicated CPUs as cores, because one limit applies to both.
func (p *fromPlacement) add(ctx context.Context, project, user string, to *objects.InstanceUsage) error {
	held, err := p.placement.Usages(ctx, nil, project, user)
	to.Cores, to.RAM = held["VCPU"]+held["PCPU"], held["MEMORY_MB"]
	return err
}
