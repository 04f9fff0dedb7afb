package api

import (
	"context"
	"database/sql"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/metrics"
)

// Zones returns the availability zones of hosts, which their aggregates define. Nova caches them
// for an hour; this cache is never older than zonesLife.
type Zones struct {
	Default string // [DEFAULT] default_availability_zone

	flight db.Flight[*zoneMap]
	last   atomic.Pointer[zoneMap]
	asked  *metrics.Cache
}

type zoneMap struct {
	byHost map[string]string
	read   time.Time
}

const zonesLife = 5 * time.Second

// NewZones returns the availability zones of the aggregates of d.
func NewZones(d *db.DB, byDefault string) *Zones {
	z := &Zones{Default: byDefault, asked: d.Metrics().Cache("zones")}
	z.flight.Load = func(ctx context.Context) (*zoneMap, error) {
		m := &zoneMap{byHost: map[string]string{}, read: time.Now()}
		err := d.Each(ctx, func(r *sql.Rows) error {
			var host, zone string
			if err := r.Scan(&host, &zone); err != nil {
				return err
			}
			if _, have := m.byHost[host]; !have {
				m.byHost[host] = zone
			}
			return nil
		}, "SELECT h.host, m.value FROM aggregate_hosts h JOIN aggregate_metadata m ON m.aggregate_id = h.aggregate_id WHERE m.? = "+
			"'availability_zone' ORDER BY h.aggregate_id", bun.Ident("key"))
		if err != nil {
			return nil, err
		}
		z.last.Store(m)
		return m, nil
	}
	return z
}

// ByHost returns the availability zones of the hosts that are in an aggregate with one. Requests
// share the map, so callers must not modify it.
func (z *Zones) ByHost(ctx context.Context) (map[string]string, error) {
	m := z.last.Load()
	hit := m != nil && time.Since(m.read) < zonesLife
	z.asked.Asked(hit)
	if hit {
		return m.byHost, nil
	}
	m, err := z.flight.Do(ctx)
	if err != nil {
		return nil, err
	}
	return m.byHost, nil
}

// Of returns the availability zone of a host.
func (z *Zones) Of(byHost map[string]string, host string) string {
	if zone, ok := byHost[host]; ok {
		return zone
	}
	return z.Default
}
