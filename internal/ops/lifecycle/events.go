package lifecycle

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/nova-go/nova/internal/db"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/reqctx"
)

// Event is an external event of a server: another service reports that, for example, a port was plugged or a volume was
// extended.
type Event struct {
	Server, Name, Status string
	Tag                  *string // the port, volume or other object of the event
	// Code is the result: 200; 400 if the event needs a tag and has none; 404 if the server does not exist; 422 if it is on no host.
	Code int
}

// taggedEvents are the events that require a tag.
var taggedEvents = []string{"volume-extended", "power-update", "accelerator-request-bound"}

// TakeEvents sends events to the hosts of their servers, and sets the code of each event.
func (o *Ops) TakeEvents(ctx context.Context, caller *reqctx.Caller, events []*Event) error {
	servers, err := o.eventServers(ctx, events)
	if err != nil {
		return err
	}
	d := &dispatch{ops: o, caller: caller, byHost: map[string]*delivery{}, hosts: map[string][]string{}}
	for _, e := range events {
		i := servers[e.Server]
		switch {
		case i == nil:
			e.Code = 404
		case e.Tag == nil && slices.Contains(taggedEvents, e.Name):
			e.Code = 400
		case objects.OrZero(i.Host) == "":
			e.Code = 422
		default:
			e.Code = 200
			if err := d.add(ctx, i, e); err != nil {
				return err
			}
		}
	}
	return d.send(ctx)
}

// eventServers reads the servers of the events from their cells. As in Nova, a server that has been deleted is found
// while its row exists: another service may not know yet that it is gone.
func (o *Ops) eventServers(ctx context.Context, events []*Event) (map[string]*objects.Instance, error) {
	var uuids []string
	for _, e := range events {
		if !slices.Contains(uuids, e.Server) {
			uuids = append(uuids, e.Server)
		}
	}
	mapped, err := dbapi.CellsOfServers(ctx, o.Servers.Reader.API, uuids)
	if err != nil {
		return nil, err
	}
	byCell := map[int64][]string{}
	for uuid, id := range mapped {
		byCell[id] = append(byCell[id], uuid)
	}
	found := map[string]*objects.Instance{}
	for id, of := range byCell {
		c, err := o.Servers.Reader.Cells.ByID(ctx, id)
		if err != nil {
			return nil, err
		}
		if c == nil {
			continue
		}
		list, err := cell.Records(ctx, c, of, objects.PartRow|objects.PartInfoCache|objects.PartMigrationContext)
		if err != nil {
			return nil, err
		}
		for _, i := range list {
			found[i.UUID] = i
		}
	}
	return found, nil
}

// dispatch groups events by the hosts that receive them.
type dispatch struct {
	ops    *Ops
	caller *reqctx.Caller
	byHost map[string]*delivery
	hosts  map[string][]string // by server
}

// delivery contains the servers and events of the RPC message to one host.
type delivery struct {
	cell    string
	servers []*objects.Instance
	events  []*objects.ExternalEvent
}

// add records an event and adds it to the messages to the hosts of its server.
func (d *dispatch) add(ctx context.Context, i *objects.Instance, e *Event) error {
	if d.hosts[i.UUID] == nil {
		if err := d.find(ctx, i); err != nil {
			return err
		}
	}
	action := ""
	switch {
	case e.Name == "volume-extended":
		action = "extend_volume"
	case e.Name != "power-update":
	case objects.OrZero(e.Tag) == "POWER_ON":
		action = "start"
	case objects.OrZero(e.Tag) == "POWER_OFF":
		action = "stop"
	default:
		d.ops.Servers.Log.Warn().Str("instance", i.UUID).Str("tag",
			objects.OrZero(e.Tag)).Msg("Invalid power state. Cannot process the event. Skipping it.")
		return nil
	}
	if action != "" { // the user started it in another service; the action shows its result
		if err := d.ops.Servers.Record(ctx, d.caller, i, action); err != nil {
			return err
		}
	}
	event := &objects.ExternalEvent{InstanceUUID: i.UUID, Name: e.Name, Status: e.Status, Tag: e.Tag}
	for _, host := range d.hosts[i.UUID] {
		d.byHost[host].events = append(d.byHost[host].events, event)
	}
	return nil
}

// find adds a server to the messages to its hosts: its current host, and during a migration also source and destination.
func (d *dispatch) find(ctx context.Context, i *objects.Instance) error {
	hosts, crossing, err := d.endsOf(ctx, i)
	if err != nil {
		return err
	}
	d.hosts[i.UUID] = hosts
	for _, host := range hosts {
		to := d.byHost[host]
		if to == nil {
			to = &delivery{cell: i.Cell}
			if crossing {
				if to.cell, err = d.cellOf(ctx, host, i.Cell); err != nil {
					return err
				}
			}
			d.byHost[host] = to
		}
		to.servers = append(to.servers, i)
	}
	return nil
}

// endsOf returns the hosts of a server, and whether they are in several cells.
func (d *dispatch) endsOf(ctx context.Context, i *objects.Instance) (hosts []string, crossing bool, err error) {
	hosts = []string{*i.Host}
	if i.MigrationID == 0 {
		return hosts, false, nil
	}
	m, err := server.In(ctx, d.ops.Servers.Reader, i, func(ctx context.Context, c *db.Cell) (*objects.Migration, error) {
		return cell.Migration(ctx, c, i.MigrationID)
	})
	if err != nil || m == nil {
		return hosts, false, err
	}
	for _, host := range []*string{m.SourceCompute, m.DestCompute} {
		if host != nil && *host != "" && !slices.Contains(hosts, *host) {
			hosts = append(hosts, *host)
		}
	}
	return hosts, m.CrossCell, nil
}

// cellOf returns the UUID of the cell that a host is mapped to, or otherwise if it has no mapping.
func (d *dispatch) cellOf(ctx context.Context, host, otherwise string) (string, error) {
	c, err := d.ops.Servers.Reader.Cells.OfHost(ctx, host)
	switch {
	case errors.Is(err, objects.ErrHostMappingNotFound):
		return otherwise, nil
	case err != nil:
		return "", err
	}
	return c.UUID, nil
}

func (d *dispatch) send(ctx context.Context) error {
	for _, host := range slices.Sorted(maps.Keys(d.byHost)) {
		to := d.byHost[host]
		if err := d.ops.Servers.Compute.ExternalEvents(ctx, d.caller, to.cell, host, to.servers, to.events); err != nil {
			return err
		}
	}
	return nil
}
