package servers

import (
	"errors"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/policy"
)

// actionsServer loads the server whose actions are requested. Since 2.21 this includes deleted
// servers.
func (a *API) actionsServer(r *api.Request) (*objects.Instance, policy.Target, error) {
	return r.Server(cell.Load{Deleted: r.Since(mv.V21DeletedActions)})
}

func (a *API) actionsIndex(r *api.Request, i *objects.Instance) (any, error) {
	q, err := actionQuery(r)
	if err != nil {
		return nil, err
	}
	var list []*objects.Action
	if q.Limit != 0 || !r.Since(mv.V58ActionPaging) {
		list, err = a.Servers.Actions(r.Context(), i, q)
	}
	if errors.Is(err, objects.ErrMarkerNotFound) {
		return nil, api.As(400, err)
	}
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.List("instanceActions", len(list), func(n int, arr *api.Array) {
			arr.Obj(func(o *api.Object) { writeAction(r, o, list[n]) })
		})
		if n := len(list); n > 0 && r.Since(mv.V58ActionPaging) {
			r.NextUnder("links", r.Links(), o, "servers/"+i.UUID+"/os-instance-actions", n, objects.OrZero(list[n-1].RequestID))
		}
	}), nil
}

func actionQuery(r *api.Request) (cell.ActionQuery, error) {
	var q cell.ActionQuery
	if !r.Since(mv.V58ActionPaging) {
		return q, nil
	}
	if s, given := r.Query().Get("changes-since"); given {
		if t, ok := api.Time(s); ok {
			q.ChangesSince = &t
		}
	}
	if s, given := r.Query().Get("changes-before"); given {
		if t, ok := api.Time(s); ok {
			q.ChangesBefore = &t
		}
		if q.ChangesSince != nil && q.ChangesBefore.Before(*q.ChangesSince) {
			return q, api.BadRequest("The value of changes-since must be less than or equal to changes-before.")
		}
	}
	if api.BeyondPython(q.ChangesSince) || api.BeyondPython(q.ChangesBefore) {
		return q, api.Raised("OverflowError", "the time is out of range")
	}
	var err error
	if q.Limit, q.Marker, err = r.Page(); err == nil && r.EmptyMarker() {
		err = api.BadRequest("Marker None could not be found.")
	}
	return q, err
}

func writeAction(r *api.Request, o *api.Object, x *objects.Action) {
	o.Str("action", x.Action)
	o.Str("instance_uuid", x.InstanceUUID)
	o.Opt("request_id", x.RequestID)
	o.Opt("user_id", x.UserID)
	o.Opt("project_id", x.ProjectID)
	o.Time("start_time", x.StartTime, microTime)
	o.Opt("message", x.Message)
	if r.Since(mv.V58ActionPaging) {
		o.Time("updated_at", x.UpdatedAt, microTime)
	}
}

func (a *API) actionsShow(r *api.Request, i *objects.Instance) (any, error) {
	list, err := a.Servers.Actions(r.Context(), i, cell.ActionQuery{RequestID: r.Var("id")})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, api.NotFound("Action %s not found", r.Var("id"))
	}
	x := list[0]
	whole := r.Allowed(policy.InstanceActionsEvents, api.OwnerOf(i))
	var events []*objects.ActionEvent
	shown := whole || r.Since(mv.V51VolumeExtended)
	if shown {
		if events, err = a.Servers.Events(r.Context(), i, x.ID); err != nil {
			return nil, err
		}
	}
	details := shown && r.Since(mv.V84EventDetails) && r.Allowed(policy.InstanceActionsEventsDetails, api.OwnerOf(i))
	return api.Doc(func(o *api.Object) {
		o.Obj("instanceAction", func(o *api.Object) {
			writeAction(r, o, x)
			if !shown {
				return
			}
			project := objects.OrZero(x.ProjectID)
			if project == "" {
				project = i.ProjectID
			}
			o.List("events", len(events), func(n int, arr *api.Array) {
				arr.Obj(func(o *api.Object) { writeEvent(r, o, events[n], project, whole, details) })
			})
		})
	}), nil
}

func writeEvent(r *api.Request, o *api.Object, e *objects.ActionEvent, project string, whole, details bool) {
	o.Str("event", e.Event)
	o.Time("start_time", e.StartTime, microTime)
	o.Time("finish_time", e.FinishTime, microTime)
	o.Opt("result", e.Result)
	if whole {
		o.Opt("traceback", e.Traceback)
	}
	if r.Since(mv.V62EventHost) {
		if whole {
			o.Opt("host", e.Host)
		}
		o.Str("hostId", (&objects.Instance{Host: e.Host, ProjectID: project}).Hostid())
	}
	if details {
		o.Opt("details", e.Details)
	}
}
