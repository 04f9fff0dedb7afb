package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"github.com/nova-go/nova/internal/db"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// ListQuery describes a list of servers of all cells.
type ListQuery struct {
	cell.InstanceQuery
	Marker      string // UUID of the last server of the previous page
	AllProjects bool
	// Unbuilt includes the servers that exist only as build requests, before the others. They have no addresses, so that filters by
	// address exclude them.
	Unbuilt bool
	Specs   bool // load the request specs
	// Down includes the servers of cells that do not respond, with the data of the API database.
	Down bool
}

// List returns one page of servers: first those that exist only as build requests, then those of all cells in one order.
// Callers of one user who send the same query at the same time, as dashboards and scripts do, share one query of the
// databases; therefore callers must not change the servers.
func (r *Reader) List(ctx context.Context, caller *reqctx.Caller, q ListQuery) ([]*objects.Instance, error) {
	key, err := json.Marshal(struct {
		Project, User string
		Admin         bool
		Query         ListQuery
	}{caller.ProjectID, caller.UserID, caller.IsAdmin, q})
	if err != nil {
		return nil, err
	}
	return r.lists.Do(ctx, string(key), func(ctx context.Context) ([]*objects.Instance, error) { return r.list(ctx, caller, q) })
}

func (r *Reader) list(ctx context.Context, caller *reqctx.Caller, q ListQuery) ([]*objects.Instance, error) {
	asked := q.Limit
	if !slices.ContainsFunc(q.Sort, func(s cell.SortKey) bool { return s.Column == "uuid" }) {
		q.Sort = append(slices.Clone(q.Sort), cell.SortKey{Column: "uuid"})
	}
	owner := ""
	if !q.AllProjects || !caller.IsAdmin {
		owner = caller.ProjectID
	}
	var first []*objects.Instance
	if q.Unbuilt {
		var found bool
		var err error
		if first, found, err = r.unbuilt(ctx, owner, q); err == nil && q.Specs {
			err = r.fillSpecs(ctx, first)
		}
		if err != nil {
			return nil, err
		}
		if found {
			q.Marker = "" // the previous page ended among the build requests
		}
	}
	if q.Limit >= 0 {
		q.Limit = max(0, q.Limit-len(first))
	}
	faults := q.Load.Faults && r.Faults != nil
	if faults {
		q.Load.Faults = false
	}
	rest, down, err := r.built(ctx, caller, q)
	if err == nil && faults {
		err = cell.Fill(ctx, r.Faults, cell.Load{Faults: true}, rest)
	}
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool, len(first)+len(rest))
	list := make([]*objects.Instance, 0, len(first)+len(rest))
	for _, i := range slices.Concat(first, rest) {
		if !seen[i.UUID] { // a server that moves to another cell may be in both for a moment
			seen[i.UUID] = true
			list = append(list, i)
		}
	}
	if !q.Down || len(down) == 0 {
		return list, nil
	}
	behind, err := r.listBehind(ctx, down, owner, max(asked-len(list), -1))
	// A cell that failed after its first servers were read has these in both lists.
	behind = slices.DeleteFunc(behind, func(i *objects.Instance) bool { return seen[i.UUID] })
	return append(behind, list...), err
}

// listBehind returns the servers of cells that do not respond, with the columns of their instance mappings. A limit below
// 0 is none.
func (r *Reader) listBehind(ctx context.Context, down []*db.Cell, project string, limit int) ([]*objects.Instance, error) {
	var list []*objects.Instance
	for _, c := range down {
		mappings, err := dbapi.MappingsInCell(ctx, r.API, c.ID, project, limit)
		if err != nil {
			return nil, err
		}
		for _, m := range mappings {
			list = append(list, &objects.Instance{Down: true, UUID: m.UUID, ProjectID: m.ProjectID, CreatedAt: m.CreatedAt})
		}
		if limit >= 0 {
			if limit -= len(mappings); limit <= 0 {
				break
			}
		}
	}
	return list, nil
}

// unbuilt returns the servers that exist only as build requests. found says whether the marker is one of them.
func (r *Reader) unbuilt(ctx context.Context, project string, q ListQuery) (list []*objects.Instance, found bool, err error) {
	if q.Limit == 0 || q.Deleted != nil && *q.Deleted {
		return nil, false, nil
	}
	all, err := dbapi.BuildRequests(ctx, r.API, project)
	if err != nil {
		return nil, false, err
	}
	for _, i := range all {
		if cell.Matches(i, q.InstanceQuery) {
			list = append(list, i)
		}
	}
	// These servers have no id yet; the order of the build requests replaces it.
	for n, i := range list {
		i.ID = int64(n + 1)
	}
	sort := q.Sort
	if last := len(sort) - 1; last > 0 && sort[last].Column == "uuid" { // uuid was added to make the order total
		sort = append(slices.Clone(sort[:last]), cell.SortKey{Column: "created_at", Desc: true}, cell.SortKey{Column: "id", Desc: true})
	}
	slices.SortStableFunc(list, func(a, b *objects.Instance) int { return cell.Compare(a, b, sort) })
	for _, i := range list {
		i.ID = 0
	}
	if q.Marker != "" {
		at := slices.IndexFunc(list, func(i *objects.Instance) bool { return i.UUID == q.Marker })
		if at < 0 {
			return nil, false, nil
		}
		list, found = list[at+1:], true
	}
	if q.Limit >= 0 && len(list) > q.Limit {
		list = list[:q.Limit]
	}
	return list, found, nil
}

// built returns the servers of the cells, and the cells that did not respond. Of many cells it reads only the keys of what
// might be on the page, and then the rows of what is.
func (r *Reader) built(ctx context.Context, caller *reqctx.Caller, q ListQuery) ([]*objects.Instance, []*db.Cell, error) {
	cells, err := r.cellsFor(ctx, caller)
	if err != nil {
		return nil, nil, err
	}
	if q.Marker != "" {
		marker, err := r.marker(ctx, q.Marker)
		if err != nil {
			return nil, nil, err
		}
		q.After = cell.Keys(marker, q.Sort)
	}
	q.Scans = &r.scans
	keys := q.InstanceQuery
	whole := len(cells) <= 2 || q.Load == cell.Load{Brief: true} // hardly a row is read in vain, or the keys are all
	if !whole {
		keys.Load = cell.Load{Brief: true}
	}
	list, failed := cell.Merge(ctx, cells, keys, r.BatchSize)
	down, err := r.downCells(ctx, q, failed)
	if err != nil || len(list) == 0 {
		return nil, down, err
	}
	byCell := map[string][]*objects.Instance{}
	for _, i := range list {
		byCell[i.Cell] = append(byCell[i.Cell], i)
	}
	cells = slices.DeleteFunc(slices.Clone(cells), func(c *db.Cell) bool { return byCell[c.UUID] == nil })
	var specs error
	var wait sync.WaitGroup
	if q.Specs {
		wait.Go(func() { specs = r.fillSpecs(ctx, list) }) // the API database and the cells work at the same time
	}
	answers := db.Scatter(ctx, cells, func(ctx context.Context, c *db.Cell) ([]*objects.Instance, error) {
		if whole {
			return byCell[c.UUID], cell.Fill(ctx, c, q.Load, byCell[c.UUID])
		}
		return cell.Reread(ctx, c, q.InstanceQuery, byCell[c.UUID])
	})
	wait.Wait()
	alsoDown, err := r.downCells(ctx, q, answers)
	if err = cmp.Or(err, specs); err != nil {
		return nil, nil, err
	}
	for _, c := range alsoDown {
		if !slices.Contains(down, c) {
			down = append(down, c)
		}
	}
	return inOrder(list, answers), down, nil
}

// inOrder returns the instances that cells answered, in the order of list and with its request specs.
func inOrder(list []*objects.Instance, answers []db.Result[[]*objects.Instance]) []*objects.Instance {
	type place struct {
		cell string
		id   int64
	}
	found := make(map[place]*objects.Instance, len(list))
	for _, a := range answers {
		if a.Err == nil {
			for _, i := range a.Value {
				found[place{i.Cell, i.ID}] = i
			}
		}
	}
	out := make([]*objects.Instance, 0, len(list))
	for _, key := range list {
		if i := found[place{key.Cell, key.ID}]; i != nil { // it may have been deleted in the meantime
			i.Spec = key.Spec
			out = append(out, i)
		}
	}
	return out
}

// downCells returns the cells that did not respond. Other errors, and without [api] list_records_by_skipping_down_cells all,
// fail the list.
func (r *Reader) downCells(ctx context.Context, q ListQuery, answers []db.Result[[]*objects.Instance]) ([]*db.Cell, error) {
	var down []*db.Cell
	for _, a := range answers {
		switch {
		case a.Err == nil:
			continue
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case !db.Unanswered(a.Err):
			return nil, a.Err
		case !q.Down && !r.SkipDown:
			return nil, errCellDown(a.Cell.UUID)
		}
		down = append(down, a.Cell)
	}
	return down, nil
}

// cellsFor returns the cells that a list queries: all, or with PerProject those with servers of the caller's project.
func (r *Reader) cellsFor(ctx context.Context, caller *reqctx.Caller) ([]*db.Cell, error) {
	cells, err := r.Cells.All(ctx)
	if err != nil || !r.PerProject || caller.IsAdmin {
		return cells, err
	}
	ids, err := dbapi.CellsOfProject(ctx, r.API, caller.ProjectID)
	return slices.DeleteFunc(slices.Clone(cells), func(c *db.Cell) bool { return !slices.Contains(ids, c.ID) }), err
}

// marker returns the server after which a page begins. It may be deleted. Errors: MarkerNotFound.
func (r *Reader) marker(ctx context.Context, uuid string) (*objects.Instance, error) {
	m, err := dbapi.InstanceMapping(ctx, r.API, uuid, dbapi.MappingFields{})
	if err != nil {
		return nil, err
	}
	if m == nil || m.CellID == nil {
		return nil, dbapi.MarkerNotFound(uuid)
	}
	c, err := r.Cells.ByID(ctx, *m.CellID)
	if err != nil || c == nil {
		return nil, err
	}
	i, err := cell.Instance(ctx, c, uuid, cell.Load{Deleted: true})
	if errors.Is(err, objects.ErrInstanceNotFound) {
		return nil, dbapi.MarkerNotFound(uuid)
	}
	return i, err
}

// fillSpecs sets the request specs of servers.
func (r *Reader) fillSpecs(ctx context.Context, list []*objects.Instance) error {
	uuids := make([]string, len(list))
	for n, i := range list {
		uuids[n] = i.UUID
	}
	specs, err := dbapi.RequestSpecs(ctx, r.API, uuids, false)
	for _, i := range list {
		i.Spec = specs[i.UUID]
	}
	return err
}
