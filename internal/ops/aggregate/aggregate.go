// Package aggregate contains the operations on host aggregates: it changes their rows, keeps Placement's aggregates and
// the schedulers up to date, and sends notifications. It does not depend on HTTP.
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
	"github.com/nova-go/nova/internal/pytext"
	"github.com/nova-go/nova/internal/reqctx"
)

// Hosts finds the nova-compute service of a host; *host.Hosts implements it.
type Hosts interface {
	// ComputeAnywhere searches all cells. It returns ComputeHostNotFound if the host has no nova-compute.
	ComputeAnywhere(ctx context.Context, host string) (*db.Cell, *objects.Service, error)
}

// Schedulers sends aggregates to all nova-schedulers, which keep them in memory; *schedulerrpc.Client implements it.
type Schedulers interface {
	UpdateAggregates(ctx context.Context, caller *reqctx.Caller, list []*objects.Aggregate) error
	DeleteAggregate(ctx context.Context, caller *reqctx.Caller, g *objects.Aggregate) error
}

// Conductor asks nova-conductor to cache images on hosts; *conductorrpc.Client implements it.
type Conductor interface {
	CacheImages(ctx context.Context, caller *reqctx.Caller, g *objects.Aggregate, images []string) error
}

// Images reads images from Glance; *glance.Client implements it.
type Images interface {
	Image(ctx context.Context, caller *reqctx.Caller, id string) (*objects.Image, error)
}

// Placement changes the aggregates of resource providers, which mirror Nova's host aggregates; *placement.Client
// implements it.
type Placement interface {
	JoinAggregate(ctx context.Context, caller *reqctx.Caller, node, aggregate string) error
	LeaveAggregate(ctx context.Context, caller *reqctx.Caller, node, aggregate string) error
}

// Aggregates performs the operations on host aggregates.
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

// List returns all aggregates, in the order of their ids.
func (a *Aggregates) List(ctx context.Context) ([]*objects.Aggregate, error) {
	return a.Store.List(ctx)
}

// Get returns the aggregate with a row id. Errors: AggregateNotFound.
func (a *Aggregates) Get(ctx context.Context, id int64) (*objects.Aggregate, error) {
	g, err := a.Store.Get(ctx, id)
	if err == nil && g == nil {
		err = dbapi.AggregateNotFound(strconv.FormatInt(id, 10))
	}
	return g, err
}

// Create creates an aggregate. If zone is not "", the hosts that are added to the aggregate are in that availability zone.
// Errors: AggregateNameExists.
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

// announce sends a notification about an aggregate in both forms: unversioned under the event type old and with the
// members of more, and versioned under the event type event.
func (a *Aggregates) announce(ctx context.Context, caller *reqctx.Caller, old, event string, g *objects.Aggregate, more map[string]any) {
	a.Notify.AggregateOf(ctx, caller, old, g.ID, more)
	a.Notify.Aggregate(ctx, caller, event, g)
}

// setMetadata writes a change of the metadata, and sends notifications before and after it. A key with the value nil is
// removed.
func (a *Aggregates) setMetadata(ctx context.Context, caller *reqctx.Caller, g *objects.Aggregate, change map[string]*string) error {
	more := map[string]any{"meta_data": change}
	a.announce(ctx, caller, "updatemetadata.start", "update_metadata.start", g, more)
	if err := a.Store.UpdateMetadata(ctx, g, change); err != nil {
		return err
	}
	a.announce(ctx, caller, "updatemetadata.end", "update_metadata.end", g, more)
	return nil
}

// tell sends the current state of an aggregate to the schedulers.
func (a *Aggregates) tell(ctx context.Context, caller *reqctx.Caller, g *objects.Aggregate) error {
	return a.Schedulers.UpdateAggregates(ctx, caller, []*objects.Aggregate{g})
}

// Rename changes the name of an aggregate. It does not update the schedulers: the caller calls UpdateZone after it, which
// does.
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

// UpdateZone is the last step of an update of an aggregate: it sets the availability zone if given is true, and updates
// the schedulers. Errors: InvalidAggregateActionUpdate.
func (a *Aggregates) UpdateZone(ctx context.Context, caller *reqctx.Caller, g *objects.Aggregate, zone *string, given bool) error {
	if !given {
		return a.tell(ctx, caller, g)
	}
	if err := a.checkZone(ctx, g, zone, updateRejection); err != nil {
		return err
	}
	if err := a.setMetadata(ctx, caller, g, map[string]*string{"availability_zone": zone}); err != nil {
		return err
	}
	now := db.Now(ctx)
	g.UpdatedAt = &now // the answer has the new time as in Nova, which does not write it to the row
	g.Changes = []string{"updated_at"}
	return a.tell(ctx, caller, g)
}

// SetMetadata sets the keys that have a value, and removes the keys whose value is nil.
// Errors: InvalidAggregateActionUpdateMeta, AggregateMetadataKeyExists.
func (a *Aggregates) SetMetadata(ctx context.Context, caller *reqctx.Caller, g *objects.Aggregate, change map[string]*string) error {
	if zone, given := change["availability_zone"]; given {
		if err := a.checkZone(ctx, g, zone, metadataRejection); err != nil {
			return err
		}
	}
	if err := a.setMetadata(ctx, caller, g, change); err != nil {
		return err
	}
	if err := a.tell(ctx, caller, g); err != nil {
		return err
	}
	now := db.Now(ctx)
	g.UpdatedAt = &now
	return nil
}

// Delete deletes an aggregate. Errors: InvalidAggregateActionDelete if it still has hosts.
func (a *Aggregates) Delete(ctx context.Context, caller *reqctx.Caller, g *objects.Aggregate) error {
	a.announce(ctx, caller, "delete.start", "delete.start", g, nil)
	if len(g.Hosts) > 0 {
		return rejectionError(removeRejection, g, "Host aggregate is not empty")
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

// CacheImages makes the hosts of an aggregate download images into their image caches. Errors: ImageNotFound if the caller
// may not see one of the images.
func (a *Aggregates) CacheImages(ctx context.Context, caller *reqctx.Caller, g *objects.Aggregate, images []string) error {
	for _, id := range images {
		if _, err := a.Images.Image(ctx, caller, id); err != nil {
			return err
		}
	}
	return a.Conductor.CacheImages(ctx, caller, g, images)
}

// rejection is an operation that may be rejected: the class of its error, and the first words of the error's text.
type rejection struct {
	class objects.Class
	text  string
}

// The operations that Nova rejects with an error class of their own.
var (
	addRejection      = rejection{objects.ErrInvalidAggregateActionAdd, "Cannot add host to aggregate"}
	removeRejection   = rejection{objects.ErrInvalidAggregateActionDelete, "Cannot remove host from aggregate"}
	updateRejection   = rejection{objects.ErrInvalidAggregateActionUpdate, "Cannot update aggregate"}
	metadataRejection = rejection{objects.ErrInvalidAggregateActionUpdateMeta, "Cannot update metadata of aggregate"}
)

// rejectionError returns the error for an operation that is rejected for a reason.
func rejectionError(x rejection, g *objects.Aggregate, reason string) error {
	return x.class.Errorf(objects.KindInvalid, "%s %d. Reason: %s.", x.text, g.ID, reason)
}

// checkZone rejects a new availability zone for an aggregate if another aggregate puts one of its hosts into a different
// zone, or if its hosts have servers, because the zone of a server may not change.
func (a *Aggregates) checkZone(ctx context.Context, g *objects.Aggregate, zone *string, x rejection) error {
	if zone == nil || *zone == "" {
		return rejectionError(x, g, "Aggregate "+g.Name+" does not support empty named availability zone")
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
		// A cell that does not respond may contain servers on these hosts.
		if r.Err != nil || r.Value > 0 {
			return rejectionError(x, g, "One or more hosts contain instances in this zone")
		}
	}
	return nil
}

// checkConflict rejects an availability zone if another aggregate puts one of the hosts into a different zone.
func (a *Aggregates) checkConflict(ctx context.Context, g *objects.Aggregate, zone string, hosts []string, x rejection) error {
	others, err := a.Store.OfHosts(ctx, hosts)
	if err != nil {
		return err
	}
	var zones []string
	for _, o := range others {
		if z := o.Zone(); z != nil && *z != zone && o.ID != g.ID {
			zones = append(zones, pytext.Repr(*z))
		}
	}
	if len(zones) > 0 {
		return rejectionError(x, g, "One or more hosts already in availability zone(s) ["+strings.Join(zones, ", ")+"]")
	}
	return nil
}
