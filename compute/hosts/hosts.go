// Package hosts serves what administrators see of hosts: services, hypervisors, aggregates, availability zones.
package hosts

import (
	"context"
	"time"

	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
)

// Services reads the services of all cells; cell.Everywhere does.
type Services interface {
	Services(ctx context.Context, q cell.ServiceQuery) ([]*objects.Service, error)
}

// Zones tells the availability zones of hosts; *dbapi.Zones does.
type Zones interface {
	// Current answers the zones of all hosts that an aggregate gives one.
	Current(context.Context) (map[string]string, error)
	// Of is the zone of a host: the default one where no aggregate gives one.
	Of(byHost map[string]string, host string) string
}

// API holds what the handlers work with.
type API struct {
	Services     Services
	Zones        Zones
	InternalZone string        // [DEFAULT] internal_service_availability_zone
	DownTime     time.Duration // [DEFAULT] service_down_time
}
