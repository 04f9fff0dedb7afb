// Package hosts serves the administrators' view of hosts: services, hypervisors, aggregates,
// availability zones.
package hosts

import (
	"context"
	"strconv"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/aggregate"
	"github.com/nova-go/nova/internal/ops/host"
	"github.com/nova-go/nova/internal/ops/notify"
	"github.com/nova-go/nova/internal/pytext"
)

// Services reads the services of all cells; cell.Everywhere implements it.
type Services interface {
	Services(ctx context.Context, q cell.ServiceQuery) ([]*objects.Service, error)
}

// Zones returns the availability zones of hosts; *dbapi.Zones implements it.
type Zones interface {
	// Current returns the zones of all hosts whose aggregate has one.
	Current(context.Context) (map[string]string, error)
	// Of returns the zone of a host: the default zone if no aggregate sets one.
	Of(byHost map[string]string, host string) string
}

// API holds the dependencies of the handlers.
type API struct {
	Services     Services
	Zones        Zones
	Hosts        *host.Hosts
	Aggregates   *aggregate.Aggregates
	Machines     Machines
	Notify       *notify.Notifier
	InternalZone string // [DEFAULT] internal_service_availability_zone
	NameTemplate string // [DEFAULT] instance_name_template
}

// microTime is the layout in which Python's Nova writes most times.
const microTime = "2006-01-02T15:04:05.000000"

// zoneOf returns the zone of a service: hosts of nova-compute have their own zones, all other
// services are in the internal zone.
func (a *API) zoneOf(byHost map[string]string, s *objects.Service) string {
	if s.Topic != nil && *s.Topic == "compute" {
		return a.Zones.Of(byHost, s.Host)
	}
	return a.InternalZone
}

// readZones starts to read the zones of all hosts, and returns the function that waits for them, so
// that a handler can read the services at the same time.
func (a *API) readZones(ctx context.Context) func() (map[string]string, error) {
	var byHost map[string]string
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		byHost, err = a.Zones.Current(ctx)
	}()
	return func() (map[string]string, error) {
		<-done
		return byHost, err
	}
}

// isAPIService reports whether a service is an API service. Such services are not shown, because
// nothing updates their rows.
func isAPIService(s *objects.Service) bool {
	return s.Binary == "nova-osapi_compute" || s.Binary == "nova-metadata"
}

// rowID reads a row id as Nova's validate_integer does. Numbers outside the range of ids become
// -1, as do "1_0" and digits of other scripts: Nova passes the text to the database, where no
// row has this id.
func rowID(s string) (int64, error) {
	if n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64); err == nil && n > 0 {
		return n, nil
	}
	if _, err := pytext.Int(s); err == nil {
		return -1, nil
	}
	return 0, api.BadRequest("Invalid input received: id must be an integer")
}
