package hosts

import (
	"errors"
	"slices"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/body"
	"github.com/nova-go/nova/compute/internal/mv"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/notify"
)

func (a *API) aggregatesIndex(r *api.Request) (any, error) {
	list, err := a.Aggregates.List(r.Context())
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.List("aggregates", len(list), func(i int, arr *api.Array) {
			arr.Obj(func(o *api.Object) { aggregateDetail(r, o, list[i]) })
		})
	}), nil
}

func (a *API) aggregatesShow(r *api.Request) (any, error) {
	g, err := a.aggregate(r)
	return oneAggregate(r, g), err
}

// aggregateID reads the id of the aggregate in the path.
func aggregateID(r *api.Request) (int64, error) { return rowID(r.Var("id")) }

// aggregate loads the aggregate in the path.
func (a *API) aggregate(r *api.Request) (*objects.Aggregate, error) {
	id, err := aggregateID(r)
	if err != nil {
		return nil, err
	}
	g, err := a.Aggregates.Get(r.Context(), id)
	return g, withWrittenID(r, err)
}

// withWrittenID changes a not-found error of an aggregate to contain the id as the client wrote it.
func withWrittenID(r *api.Request, err error) error {
	if errors.Is(err, objects.ErrAggregateNotFound) {
		return dbapi.AggregateNotFound(r.Var("id"))
	}
	return err
}

// oneAggregate writes {"aggregate": {…}}; it returns nil for nil.
func oneAggregate(r *api.Request, g *objects.Aggregate) any {
	if g == nil {
		return nil
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("aggregate", func(o *api.Object) { aggregateDetail(r, o, g) })
	})
}

func aggregateDetail(r *api.Request, o *api.Object, g *objects.Aggregate) {
	aggregateBrief(r, o, g)
	o.Strs("hosts", g.Hosts)
	o.StrMap("metadata", g.Metadata)
}

func aggregateBrief(r *api.Request, o *api.Object, g *objects.Aggregate) {
	o.Time("created_at", g.CreatedAt, microTime)
	o.Time("updated_at", g.UpdatedAt, microTime)
	o.Null("deleted_at")
	o.Bool("deleted", false)
	o.Int("id", g.ID)
	if r.Since(mv.V41AggregateUUID) {
		o.Str("uuid", g.UUID)
	}
	o.Str("name", g.Name)
	o.Opt("availability_zone", g.Zone())
}

// newAggregate is the request body that creates an aggregate.
type newAggregate struct {
	Name string `json:"name"`
	Zone string `json:"availability_zone"` // "" is no zone
}

func (a *API) aggregatesCreate(r *api.Request) (any, error) {
	asked, err := api.Body[newAggregate](r, "aggregate")
	if err != nil {
		return nil, err
	}
	name, zone := strings.TrimSpace(asked.Name), strings.TrimSpace(asked.Zone)
	g, err := a.Aggregates.Create(r.Context(), r.Caller, name, zone)
	if err != nil {
		var given any
		if zone != "" {
			given = zone
		}
		return nil, a.notifyError(r, "create_aggregate", map[string]any{"aggregate_name": name, "availability_zone": given}, err)
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("aggregate", func(o *api.Object) { aggregateBrief(r, o, g) })
	}), nil
}

// notifyError sends the exception notification of a method of Nova, and returns err.
func (a *API) notifyError(r *api.Request, method string, args map[string]any, err error) error {
	a.Notify.Failed(r.Context(), r.Caller, notify.Call{Service: "compute", Method: method, Args: args}, err)
	return err
}

// notifyAggregateError is failed for a method whose first argument is the aggregate in the path.
func (a *API) notifyAggregateError(r *api.Request, method, what string, value any, err error) error {
	args := map[string]any{"aggregate_id": r.Var("id")}
	if what != "" {
		args[what] = value
	}
	return a.notifyError(r, method, args, err)
}

// aggregateUpdate is the request body that updates an aggregate.
type aggregateUpdate struct {
	Name *string           `json:"name"`
	Zone body.Opt[*string] `json:"availability_zone"`
}

// values returns the changes for the exception notification. If found is true, the name is left
// out, because Nova removes it after it has found the aggregate.
func (u *aggregateUpdate) values(found bool) map[string]any {
	values := map[string]any{}
	if u.Name != nil && !found {
		values["name"] = *u.Name
	}
	if u.Zone.Given {
		values["availability_zone"] = u.Zone.Value
	}
	return values
}

func (a *API) aggregatesUpdate(r *api.Request) (any, error) {
	asked, err := api.Body[aggregateUpdate](r, "aggregate")
	if err != nil {
		return nil, err
	}
	if asked.Name != nil {
		asked.Name = new(strings.TrimSpace(*asked.Name))
	}
	if _, err := aggregateID(r); err != nil {
		return nil, err
	}
	g, err := a.aggregate(r)
	if err == nil {
		err = a.updateAggregate(r, g, &asked)
	}
	if err != nil {
		return nil, a.notifyAggregateError(r, "update_aggregate", "values", asked.values(g != nil), err)
	}
	return oneAggregate(r, g), nil
}

func (a *API) updateAggregate(r *api.Request, g *objects.Aggregate, asked *aggregateUpdate) error {
	if asked.Name != nil {
		if err := a.Aggregates.Rename(r.Context(), r.Caller, g, *asked.Name); err != nil {
			return err
		}
	}
	return a.Aggregates.UpdateZone(r.Context(), r.Caller, g, asked.Zone.Value, asked.Zone.Given)
}

func (a *API) aggregatesDelete(r *api.Request) (any, error) {
	id, err := aggregateID(r)
	if err != nil {
		return nil, err
	}
	g, err := a.aggregate(r)
	if err == nil {
		err = a.Aggregates.Delete(r.Context(), r.Caller, g)
	} else {
		a.Notify.AggregateOf(r.Context(), r.Caller, "delete.start", id, nil) // Nova sends it before it loads the aggregate
	}
	if err != nil {
		return nil, a.notifyAggregateError(r, "delete_aggregate", "", nil, err)
	}
	return nil, nil
}

// aggregateHost is the host in an action on the hosts of an aggregate.
type aggregateHost struct {
	Host string `json:"host"`
}

func (a *API) aggregatesAddHost(r *api.Request) (any, error) {
	asked, err := api.Body[aggregateHost](r, "add_host")
	if err != nil {
		return nil, err
	}
	host := asked.Host
	id, err := aggregateID(r)
	if err != nil {
		return nil, err
	}
	g, err := a.Aggregates.AddHost(r.Context(), r.Caller, id, host)
	if err != nil {
		err = a.notifyAggregateError(r, "add_host_to_aggregate", "host_name", host, withWrittenID(r, err))
	}
	if errors.Is(err, objects.ErrInvalidAggregateActionAdd) {
		err = api.As(409, err)
	}
	return oneAggregate(r, g), withWrittenID(r, notMapped(err))
}

func (a *API) aggregatesRemoveHost(r *api.Request) (any, error) {
	asked, err := api.Body[aggregateHost](r, "remove_host")
	if err != nil {
		return nil, err
	}
	host := asked.Host
	id, err := aggregateID(r)
	if err != nil {
		return nil, err
	}
	g, err := a.Aggregates.RemoveHost(r.Context(), r.Caller, id, host)
	if err != nil {
		err = a.notifyAggregateError(r, "remove_host_from_aggregate", "host_name", host, err)
	}
	switch {
	case errors.Is(err, objects.ErrInvalidAggregateActionDelete):
		err = api.As(409, err)
	case errors.Is(err, objects.ErrAggregateNotFound), errors.Is(err, objects.ErrAggregateHostNotFound),
		errors.Is(err, objects.ErrComputeHostNotFound):
		err = api.NotFound("Cannot remove host %s in aggregate %s", host, r.Var("id"))
	}
	return oneAggregate(r, g), err
}

// aggregateMetadata is a change of metadata; nil removes a key.
type aggregateMetadata struct {
	Change map[string]*string `json:"metadata"`
}

func (a *API) aggregatesSetMetadata(r *api.Request) (any, error) {
	asked, err := api.Body[aggregateMetadata](r, "set_metadata")
	if err != nil {
		return nil, err
	}
	if _, err := aggregateID(r); err != nil {
		return nil, err
	}
	g, err := a.aggregate(r)
	if err == nil {
		err = a.Aggregates.SetMetadata(r.Context(), r.Caller, g, asked.Change)
	}
	if err != nil {
		return nil, a.notifyAggregateError(r, "update_aggregate_metadata", "metadata", asked.Change, err)
	}
	return oneAggregate(r, g), nil
}

// cachedImages is the request body that makes hosts cache images.
type cachedImages struct {
	Cache []struct {
		ID string `json:"id"`
	} `json:"cache"`
}

func (a *API) aggregatesImages(r *api.Request) (any, error) {
	asked, err := api.Body[cachedImages](r)
	if err != nil {
		return nil, err
	}
	if _, err := aggregateID(r); err != nil {
		return nil, err
	}
	var ids []string
	for _, image := range asked.Cache {
		if slices.Contains(ids, image.ID) {
			return nil, api.BadRequest("Duplicate images in request")
		}
		ids = append(ids, image.ID)
	}
	g, err := a.aggregate(r)
	if err != nil {
		return nil, err
	}
	err = a.Aggregates.CacheImages(r.Context(), r.Caller, g, ids)
	if e, domain := errors.AsType[*objects.Error](err); domain && e.Kind != 0 {
		err = api.As(400, err)
	}
	return nil, err
}
