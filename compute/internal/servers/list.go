package servers

import (
	"errors"
	"slices"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/policy"
)

func (a *API) index(r *api.Request) (any, error) {
	list, err := a.list(r, policy.ServersIndexGetAllTenants, cell.Load{Brief: true})
	if err != nil {
		return nil, err
	}
	v := &view{api: a, r: r, links: r.Links()}
	return page(v, list, "servers", v.brief), nil
}

func (a *API) detail(r *api.Request) (any, error) {
	v := a.newView(r, r.Own())
	list, err := a.list(r, policy.ServersDetailGetAllTenants, v.detailLoad())
	if err != nil {
		return nil, err
	}
	if err := v.load(list); err != nil {
		return nil, err
	}
	return page(v, list, "servers/detail", v.detail), nil
}

func page(v *view, list []*objects.Instance, path string, write func(*api.Object, *objects.Instance)) api.Encoder {
	return api.Doc(func(o *api.Object) {
		o.List("servers", len(list), func(n int, arr *api.Array) {
			arr.Obj(func(o *api.Object) { write(o, list[n]) })
		})
		if n := len(list); n > 0 {
			v.r.Next(v.links, o, "servers", path, n, list[n-1].UUID)
		}
	})
}

// list returns the servers that match the query.
func (a *API) list(r *api.Request, allTenants policy.Rule, load cell.Load) ([]*objects.Instance, error) {
	opts, err := parseFilters(r)
	if err != nil {
		return nil, err
	}
	q := server.ListQuery{Unbuilt: true}
	q.Load, q.Specs = load, !load.Brief && r.Since(mv.V96PinnedZone)
	q.Filters = map[string]any{}
	// Records of unreachable cells cannot be filtered or sorted.
	q.Down = r.Since(mv.V69DownCells) && onlyAllTenants(opts) && !slices.ContainsFunc(pagingFilters,
		func(name string) bool { return r.Query()[name] != nil })
	steps := []func(*api.Request, map[string]string, *server.ListQuery) error{statusFilter, changeTimeFilters, deletedFilter, tagFilters}
	for _, step := range steps {
		if err := step(r, opts, &q); err != nil {
			return nil, unlessNothing(err)
		}
	}
	caller := r.Caller
	all, err := wantsAllTenants(opts)
	if err != nil {
		return nil, err
	}
	if s, given := opts["locked"]; given {
		if q.Filters["locked"], err = api.Truth(s); err != nil {
			return nil, err
		}
	}
	if all {
		if err := r.Can(allTenants, r.Own()); err != nil {
			return nil, err
		}
		caller, q.AllProjects = caller.Elevated(), true
	} else if caller.ProjectID != "" {
		q.Filters["project_id"] = caller.ProjectID
	} else {
		q.Filters["user_id"] = caller.UserID
	}
	var marker string
	if q.Limit, marker, err = r.Page(); err != nil {
		return nil, err
	}
	q.Marker = marker
	if !load.Brief {
		if err := a.large.wait(r, q.Limit); err != nil {
			return nil, err
		}
	}
	if q.Sort, err = sortKeys(r, q.Deleted != nil && *q.Deleted); err != nil {
		return nil, unlessNothing(err)
	}
	if err := a.columnFilters(r, opts, &q); err != nil {
		return nil, unlessNothing(err)
	}
	list, err := a.Servers.List(r.Context(), caller, q)
	if errors.Is(err, objects.ErrMarkerNotFound) {
		return nil, api.BadRequest("marker [%s] not found", marker)
	}
	return list, err
}

// errNothing reports a query that no server can match.
var errNothing = errors.New("nothing matches")

func unlessNothing(err error) error {
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}
