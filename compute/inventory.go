package compute

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/quota"
)

// watchInventory reads the inventory for the metrics every [wsgi] inventory_metrics seconds, until ctx ends. If a
// database does not answer, the last inventory stays.
func (p *parts) watchInventory(ctx context.Context) {
	every := seconds(p.config.WSGI.InventoryMetrics)
	if every == 0 || p.metrics == nil {
		return
	}
	for {
		if err := p.readInventory(ctx); err != nil && ctx.Err() == nil {
			p.log.Warn().Err(err).Msg("Reading the inventory for the metrics")
		}
		select {
		case <-time.After(every):
		case <-ctx.Done():
			return
		}
	}
}

// readInventory sums servers, their resources and the limits by project.
func (p *parts) readInventory(ctx context.Context) error {
	rows, err := p.everywhere.Inventory(ctx)
	if err != nil {
		return err
	}
	counts := map[[2]string]int64{}
	used := map[string]quota.Values{}
	for _, r := range rows {
		counts[[2]string{r.Project, r.State}] += r.Instances
		v := used[r.Project]
		if r.State != "soft-delete" { // which quotas do not count
			v[quota.Instances] += r.Instances
			v[quota.Cores] += r.Cores
			v[quota.RAM] += r.RAM
		}
		used[r.Project] = v
	}
	limits, limited, err := p.quota.ProjectLimits(ctx)
	if err != nil {
		return err
	}
	var servers []metrics.InventoryServers
	for key, count := range counts {
		servers = append(servers, metrics.InventoryServers{Project: key[0], State: key[1], Count: count})
	}
	var uses []metrics.InventoryUse
	for _, project := range slices.Sorted(maps.Keys(used)) {
		of := limits(project)
		for _, r := range []quota.Resource{quota.Instances, quota.Cores, quota.RAM} {
			uses = append(uses, metrics.InventoryUse{Project: project, Resource: r.String(), Used: used[project][r], Limit: of[r]})
		}
	}
	p.metrics.Inventory().Set(servers, uses, limited, time.Now())
	return nil
}
