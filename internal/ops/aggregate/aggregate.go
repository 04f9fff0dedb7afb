// Package aggregate holds what administrators do to host aggregates. It knows
// nothing of HTTP.
package aggregate

import (
	"context"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/db"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/notify"
	"github.com/nova-go/nova/internal/reqctx"
)

// Hosts finds the nova-compute of a host; *host.Hosts does.
type Hosts interface {
	// ComputeAnywhere answers ComputeHostNotFound where there is none.
	ComputeAnywhere(ctx context.Context, host string) (*db.Cell, *objects.Service, error)
}

// Schedulers tells all nova-schedulers what aggregates are now;
// *schedulerrpc.Client does.
type Schedulers interface {
	UpdateAggregates(ctx context.Context, caller *reqctx.Caller, list []*objects.Aggregate) error
	DeleteAggregate(ctx context.Context, caller *reqctx.Caller, g *objects.Aggregate) error
}

// Conductor fills the image caches of hosts; *conductorrpc.Client does.
type Conductor interface {
	CacheImages(ctx context.Context, caller *reqctx.Caller, g *objects.Aggregate, images []string) error
}

// Images finds images; *glance.Client does.
type Images interface {
	Image(ctx context.Context, caller *reqctx.Caller, id string) (*objects.Image, error)
}

// Placement has aggregates of resource providers, which follow Nova's;
// *placement.Client does.
type Placement interface {
	JoinAggregate(ctx context.Context, caller *reqctx.Caller, node, aggregate string) error
	LeaveAggregate(ctx context.Context, caller *reqctx.Caller, node, aggregate string) error
}

// Aggregates works on host aggregates.
type Aggregates struct {
	Store      *dbapi.Aggregates
	Cells      *db.Cells
	Hosts      Hosts
	Schedulers Schedulers
	Conductor  Conductor
	Images     Images
	Placement  Placement
	Notify     *notify.Notifier
	Log        zerolog.Logger
}

// List answers all aggregates, by id.
func (a *Aggregates) List(ctx context.Context) ([]*objects.Aggregate, error) {
	return a.Store.List(ctx)
}

// Get finds an aggregate by its row id, or answers AggregateNotFound.
func (a *Aggregates) Get(ctx context.Context, id int64) (*objects.Aggregate, error) {
	g, err := a.Store.Get(ctx, id)
	if err == nil && g == nil {
		err = dbapi.AggregateNotFound(strconv.FormatInt(id, 10))
	}
	return g, err
}

// Create makes an aggregate, which gives its hosts a zone if that is not "". A
// name that is taken is an AggregateNameExists.
func (a *Aggregates) Create(ctx context.Context, caller *reqctx.Caller, name, zone string) (*objects.Aggregate, error) {
	g := &objects.Aggregate{UUID: uuid.NewString(), Name: name, Hosts: []string{}, Metadata: map[string]string{}}
	told := map[string]any{"name": name}
	if zone != "" {
		g.Metadata["availability_zone"] = zone
		told["meta_data"] = g.Metadata
	}
	a.Notify.AggregateOf(ctx, caller, "create.start", 0, told)
	a.Notify.Aggregate(ctx, caller, "create.start", g)
	if err := a.Store.Create(ctx, g); err != nil {
		return nil, err
	}
	a.announce(ctx, caller, "create.end", "create.end", g, told)
	return g, a.tell(ctx, caller, g)
}

// announce announces what happens to an aggregate, in the old form by its own name
// and with more members, and as an object.
func (a *Aggregates) announce(ctx context.Context, caller *reqctx.Caller, old, event string, g *objects.Aggregate, more map[string]any) {
	a.Notify.AggregateOf(ctx, caller, old, g.ID, more)
	a.Notify.Aggregate(ctx, caller, event, g)
}

// setMetadata writes a change of the metadata, and announces it.
func (a *Aggregates) setMetadata(ctx context.Context, caller *reqctx.Caller, g *objects.Aggregate, change map[string]*string) error {
	more := map[string]any{"meta_data": change}
	a.announce(ctx, caller, "updatemetadata.start", "update_metadata.start", g, more)
	if err := a.Store.UpdateMetadata(ctx, g, change); err != nil {
		return err
	}
	a.announce(ctx, caller, "updatemetadata.end", "update_metadata.end", g, more)
	return nil
}

// tell sends the schedulers an aggregate as it is now.
func (a *Aggregates) tell(ctx context.Context, caller *reqctx.Caller, g *objects.Aggregate) error {
	return a.Schedulers.UpdateAggregates(ctx, caller, []*objects.Aggregate{g})
}

// Rename gives an aggregate another name. The schedulers are told by what comes
// after it: UpdateZone, with or without a zone.
func (a *Aggregates) Rename(ctx context.Context, caller *reqctx.Caller, g *objects.Aggregate, name string) error {
	next := *g
	next.Name = name
	a.announce(ctx, caller, "updateprop.start", "update_prop.start", &next, nil)
	if err := a.Store.Rename(ctx, g, name); err != nil {
		return err
	}
	a.announce(ctx, caller, "updateprop.end", "update_prop.end", g, nil)
	return nil
}

// UpdateZone ends a change of an aggregate: it sets its zone if that is given, and
// tells the schedulers. Errors: InvalidAggregateActionUpdate.
func (a *Aggregates) UpdateZone(ctx context.Context, caller *reqctx.Caller, g *objects.Aggregate, zone *string, given bool) error {
	if !given {
		return a.tell(ctx, caller, g)
	}
	if err := a.checkZone(ctx, g, zone, updateZone); err != nil {
		return err
	}
	if err := a.setMetadata(ctx, caller, g, map[string]*string{"availability_zone": zone}); err != nil {
		return err
	}
	now := db.Now()
	g.UpdatedAt = &now // as Nova answers; its row keeps its time
	return a.tell(ctx, caller, g)
}

// SetMetadata sets the keys that have a value and removes those that have none.
// Errors: InvalidAggregateActionUpdateMeta, AggregateMetadataKeyExists.
func (a *Aggregates) SetMetadata(ctx context.Context, caller *reqctx.Caller, g *objects.Aggregate, change map[string]*string) error {
	if zone, given := change["availability_zone"]; given {
		if err := a.checkZone(ctx, g, zone, updateMetadata); err != nil {
			return err
		}
	}
	if err := a.setMetadata(ctx, caller, g, change); err != nil {
		return err
	}
	if err := a.tell(ctx, caller, g); err != nil {
		return err
	}
	now := db.Now()
	g.UpdatedAt = &now
	return nil
}

// Delete removes an aggregate without hosts. One that has hosts is an
// InvalidAggregateActionDelete.
func (a *Aggregates) Delete(ctx context.Context, caller *reqctx.Caller, g *objects.Aggregate) error {
	a.announce(ctx, caller, "delete.start", "delete.start", g, nil)
	if len(g.Hosts) > 0 {
		return refuse(remove, g, "Host aggregate is not empty")
	}
	if err := a.Store.Delete(ctx, g); err != nil {
		return err
	}
	if err := a.Schedulers.DeleteAggregate(ctx, caller, g); err != nil {
		return err
	}
	a.announce(ctx, caller, "delete.end", "delete.end", g, nil)
	return nil
}

// CacheImages has the hosts of an aggregate fetch images before they are needed.
// Images that the caller does not see are an ImageNotFound.
func (a *Aggregates) CacheImages(ctx context.Context, caller *reqctx.Caller, g *objects.Aggregate, images []string) error {
	for _, id := range images {
		if _, err := a.Images.Image(ctx, caller, id); err != nil {
			return err
		}
	}
	return a.Conductor.CacheImages(ctx, caller, g, images)
}

// action is what an aggregate refuses.
type action struct {
	class objects.Class
	text  string
}

// The actions, by Nova's exceptions.
var (
	add            = action{objects.ErrInvalidAggregateActionAdd, "Cannot add host to aggregate"}
	remove         = action{objects.ErrInvalidAggregateActionDelete, "Cannot remove host from aggregate"}
	updateZone     = action{objects.ErrInvalidAggregateActionUpdate, "Cannot update aggregate"}
	updateMetadata = action{objects.ErrInvalidAggregateActionUpdateMeta, "Cannot update metadata of aggregate"}
)

func refuse(x action, g *objects.Aggregate, reason string) error {
	return x.class.Errorf(objects.KindInvalid, "%s %d. Reason: %s.", x.text, g.ID, reason)
}

// checkZone refuses a zone for an aggregate whose hosts are in another one by
// another aggregate, or have servers, which would change their zone with it.
func (a *Aggregates) checkZone(ctx context.Context, g *objects.Aggregate, zone *string, x action) error {
	if zone == nil || *zone == "" {
		return refuse(x, g, "Aggregate "+g.Name+" does not support empty named availability zone")
	}
	if err := a.checkConflict(ctx, g, *zone, g.Hosts, x); err != nil {
		return err
	}
	if old := g.Zone(); old != nil && *old == *zone || len(g.Hosts) == 0 {
		return nil
	}
	cells, err := a.Cells.All(ctx)
	if err != nil {
		return err
	}
	for _, r := range db.Scatter(ctx, cells, func(ctx context.Context, c *db.Cell) (int64, error) {
		if c.IsCell0() {
			return 0, nil
		}
		return cell.CountOn(ctx, c, g.Hosts)
	}) {
		// A cell that does not answer may have servers.
		if r.Err != nil || r.Value > 0 {
			return refuse(x, g, "One or more hosts contain instances in this zone")
		}
	}
	return nil
}

func (a *Aggregates) checkConflict(ctx context.Context, g *objects.Aggregate, zone string, hosts []string, x action) error {
	others, err := a.Store.OfHosts(ctx, hosts)
	if err != nil {
		return err
	}
	var zones []string
	for _, o := range others {
		if z := o.Zone(); z != nil && *z != zone && o.ID != g.ID {
			zones = append(zones, objects.Quoted(*z))
		}
	}
	if len(zones) > 0 {
		return refuse(x, g, "One or more hosts already in availability zone(s) ["+strings.Join(zones, ", ")+"]")
	}
	return nil
}
