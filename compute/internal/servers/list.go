package servers

import (
	"errors"
	"slices"
	"strings"
	"time"

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

// joined are names that look like filters but are tables behind the server.
var joined = []string{"block_device_mapping", "services", "metadata", "system_metadata", "info_cache", "security_groups", "pci_devices"}

var paging = []string{"sort_key", "sort_dir", "limit", "marker"}

// open are the filters that callers may use who may not use all.
func open(r *api.Request) []string {
	names := []string{"reservation_id", "name", "status", "image", "flavor", "ip", "changes-since", "all_tenants"}
	for _, more := range []struct {
		since mv.Version
		names []string
	}{
		{mv.V5IP6Filter, []string{"ip6"}},
		{mv.V26Tags, []string{"tags", "tags-any", "not-tags", "not-tags-any"}},
		{mv.V66ChangesBefore, []string{"changes-before"}},
		{mv.V73LockedReason, []string{"locked"}},
		{mv.V83MoreFilters, []string{"availability_zone", "config_drive", "key_name", "created_at", "launched_at", "terminated_at", "power_state", "task_state", "vm_state", "progress", "user_id"}},
		{mv.V90Hostname, []string{"hostname"}},
	} {
		if r.Since(more.since) {
			names = append(names, more.names...)
		}
	}
	return names
}

// search is the query string's search options, without those that the caller may
// not use. A name that is given several times counts with its last value.
func search(r *api.Request) (map[string]string, error) {
	opts := map[string]string{}
	for name := range r.Query() {
		opts[name], _ = r.Query().Get(name)
	}
	if r.Allowed(policy.ServersAllowAllFilters, r.Own()) {
		for _, name := range paging {
			delete(opts, name)
		}
	} else {
		allowed := open(r)
		for name := range opts {
			if !slices.Contains(allowed, name) {
				delete(opts, name)
			}
		}
	}
	for _, name := range api.Keys(opts) {
		if slices.Contains(joined, name) || strings.HasPrefix(name, "_") {
			return nil, api.BadRequest("Invalid filter field: %s.", name)
		}
	}
	return opts, nil
}

// list answers the servers that the query asks for.
func (a *API) list(r *api.Request, allTenants policy.Rule, load cell.Load) ([]*objects.Instance, error) {
	opts, err := search(r)
	if err != nil {
		return nil, err
	}
	q := server.ListQuery{Unbuilt: true}
	q.Load, q.Specs = load, !load.Brief && r.Since(mv.V96PinnedZone)
	q.Filters = map[string]any{}
	// Records of cells that do not answer can be neither filtered nor sorted.
	q.Down = r.Since(mv.V69DownCells) && onlyAllTenants(opts) && !slices.ContainsFunc(paging, func(name string) bool { return r.Query()[name] != nil })
	steps := []func(*api.Request, map[string]string, *server.ListQuery) error{states, times, deleted, tags}
	for _, step := range steps {
		if err := step(r, opts, &q); err != nil {
			return nil, unlessNothing(err)
		}
	}
	caller := r.Context
	all, err := asksForAll(opts)
	if err != nil {
		return nil, err
	}
	delete(opts, "all_tenants")
	if s, given := opts["locked"]; given {
		if q.Filters["locked"], err = api.Truth(s); err != nil {
			return nil, err
		}
		delete(opts, "locked")
	}
	if all {
		if err := r.Can(allTenants, r.Own()); err != nil {
			return nil, err
		}
		caller, q.AllProjects = caller.Elevated(), true
	} else {
		delete(opts, "tenant_id")
		delete(opts, "project_id")
		if caller.ProjectID != "" {
			q.Filters["project_id"] = caller.ProjectID
		} else {
			q.Filters["user_id"] = caller.UserID
		}
	}
	var marker string
	if q.Limit, marker, err = r.Page(); err != nil {
		return nil, err
	}
	q.Marker = marker
	if q.Sort, err = sorting(r); err != nil {
		return nil, err
	}
	if err := a.columns(r, opts, &q); err != nil {
		return nil, unlessNothing(err)
	}
	list, err := a.Servers.List(r.Ctx(), caller, q)
	if errors.Is(err, objects.ErrMarkerNotFound) {
		return nil, api.BadRequest("marker [%s] not found", marker)
	}
	return list, err
}

func onlyAllTenants(opts map[string]string) bool {
	_, all := opts["all_tenants"]
	return len(opts) == 0 || len(opts) == 1 && all
}

// asksForAll reads all_tenants; an empty value means yes.
func asksForAll(opts map[string]string) (bool, error) {
	s, given := opts["all_tenants"]
	if s == "" {
		return given, nil
	}
	return api.Truth(s)
}

// states turns the statuses that are asked for into states.
func states(r *api.Request, opts map[string]string, q *server.ListQuery) error {
	delete(opts, "status")
	names := r.Query()["status"]
	if names == nil {
		return nil
	}
	vm, task, anyTask := objects.StatesOf(names)
	if len(vm) == 0 {
		if r.Since(mv.V38StatusFilter) {
			return api.BadRequest("Invalid status value")
		}
		return errNothing
	}
	delete(opts, "vm_state")
	q.Filters["vm_state"] = vm
	if !anyTask {
		delete(opts, "task_state")
		q.Filters["task_state"] = task
	}
	return nil
}

func times(_ *api.Request, opts map[string]string, q *server.ListQuery) error {
	for name, to := range map[string]**time.Time{"changes-since": &q.ChangesSince, "changes-before": &q.ChangesBefore} {
		s, given := opts[name]
		if !given {
			continue
		}
		delete(opts, name)
		t, ok := api.Time(s)
		if !ok {
			return api.BadRequest("Invalid filter field: %s.", name)
		}
		*to = &t
	}
	if q.ChangesSince != nil && q.ChangesBefore != nil && q.ChangesBefore.Before(*q.ChangesSince) {
		return api.BadRequest("The value of changes-since must be less than or equal to changes-before.")
	}
	return nil
}

// deleted leaves out what is deleted, unless that or changes are asked for.
func deleted(r *api.Request, opts map[string]string, q *server.ListQuery) error {
	s, given := opts["deleted"]
	switch {
	case given:
		q.Deleted = new(objects.Truthy(s))
	case q.ChangesSince == nil && q.ChangesBefore == nil:
		q.Deleted = new(false)
	}
	delete(opts, "deleted")
	if s, given := opts["soft_deleted"]; given {
		q.SoftDeleted = s != ""
		delete(opts, "soft_deleted")
	}
	if vm, _ := q.Filters["vm_state"].([]string); slices.Equal(vm, []string{"deleted"}) {
		if !r.Context.IsAdmin {
			return api.Forbidden("Only administrators may list deleted instances")
		}
		yes := true
		q.Deleted = &yes
	}
	return nil
}

func tags(r *api.Request, opts map[string]string, q *server.ListQuery) error {
	for name, to := range map[string]*[]string{"tags": &q.Tags, "tags-any": &q.TagsAny, "not-tags": &q.NotTags, "not-tags-any": &q.NotTagsAny} {
		if s, given := opts[name]; given && r.Since(mv.V26Tags) {
			*to = strings.Split(s, ",")
		}
		delete(opts, name)
	}
	return nil
}

// unsortable are sort keys that Nova accepts and passes over.
var unsortable = []string{"architecture", "cell_name", "cleaned", "default_ephemeral_device", "default_swap_device", "deleted", "deleted_at",
	"disable_terminate", "ephemeral_gb", "ephemeral_key_uuid", "id", "key_data", "launched_on", "locked", "memory_mb", "os_type", "reservation_id",
	"root_gb", "shutdown_terminate", "user_data", "vcpus", "vm_mode"}

// sorting reads sort_key and sort_dir. The UUID makes the order total. A key
// without a direction of its own has the first one, but for the key that comes
// after the last direction: it gets the UUID's, as in Nova. A key that is given
// again counts for the number of directions and nothing else.
func sorting(r *api.Request) ([]cell.SortKey, error) {
	given, dirs := r.Query()["sort_key"], slices.Clone(r.Query()["sort_dir"])
	if len(given) == 0 {
		given = []string{"created_at"}
	}
	if len(dirs) == 0 {
		dirs = []string{"desc"}
	}
	var keys []string
	for _, key := range given {
		key = strings.TrimSpace(key)
		switch {
		case slices.Contains(unsortable, key) && !(key == "locked" && r.Since(mv.V73LockedReason)):
			if len(dirs) > len(keys) {
				dirs = slices.Delete(dirs, len(keys), len(keys)+1)
			}
			continue
		case (key == "host" || key == "node") && !r.Context.IsAdmin:
			return nil, api.Forbidden("Only administrators can sort servers by %s", key)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		keys, dirs = []string{"created_at", "id"}, []string{"desc", "desc"}
	}
	if !slices.Contains(keys, "uuid") {
		keys, dirs = append(keys, "uuid"), append(dirs, "asc")
	}
	for n, dir := range dirs {
		if dirs[n] = strings.TrimSpace(dir); dirs[n] != "asc" && dirs[n] != "desc" {
			return nil, api.BadRequest("Invalid input received: Unknown sort direction, must be 'desc' or 'asc'")
		}
	}
	if len(dirs) > len(keys) {
		return nil, api.BadRequest("Invalid input received: Sort direction size exceeds sort key size")
	}
	var out []cell.SortKey
	for n, key := range keys {
		if slices.ContainsFunc(out, func(s cell.SortKey) bool { return s.Column == key }) {
			continue // the first one has decided: it changes neither the order nor what is behind a marker
		}
		dir := "desc"
		if len(dirs) > 0 {
			dir = dirs[0]
		}
		if n < len(dirs) {
			dir = dirs[n]
		}
		out = append(out, cell.SortKey{Column: key, Desc: dir == "desc"})
	}
	return out, nil
}

// columns turns what is left of the search options into filters on columns.
func (a *API) columns(r *api.Request, opts map[string]string, q *server.ListQuery) error {
	for _, name := range api.Keys(opts) {
		value := opts[name]
		switch name {
		case "image":
			q.Filters["image_ref"] = value
		case "name":
			q.Filters["display_name"] = value
		case "tenant_id":
			q.Filters["project_id"] = value
		case "flavor":
			f, err := a.Flavors.Get(r.Ctx(), value, r.Context.ProjectID, r.Context.IsAdmin)
			if errors.Is(err, objects.ErrFlavorNotFound) {
				return errNothing
			}
			if err != nil {
				return err
			}
			q.Filters["instance_type_id"] = f.ID
		case "ip", "ip6", "fixed_ip":
		default:
			if _, set := q.Filters[name]; !set {
				q.Filters[name] = value
			}
		}
	}
	return a.addresses(r, opts, q)
}

// addresses asks Neutron for the servers with an address.
func (a *API) addresses(r *api.Request, opts map[string]string, q *server.ListQuery) error {
	var uuids []string
	asked := false
	for _, name := range []string{"ip", "ip6"} {
		part := opts[name]
		if part == "" {
			if _, given := opts[name]; given {
				asked = true
			}
			continue
		}
		asked = true
		devices, supported, err := a.Network.ServersByAddress(r.Ctx(), r.Context, part)
		if err != nil {
			return err
		}
		if !supported {
			return objects.ErrNotImplemented.Errorf(objects.KindNotImplemented, "This network service cannot search servers by address.")
		}
		uuids = append(uuids, devices...)
	}
	if !asked {
		return nil
	}
	q.Unbuilt = q.Marker != ""
	if len(uuids) == 0 {
		return errNothing
	}
	if u, ok := q.Filters["uuid"].(string); ok {
		uuids = append(uuids, u)
	}
	q.Filters["uuid"] = uuids
	return nil
}

// errNothing ends a list that can have no servers.
var errNothing = errors.New("nothing matches")

func unlessNothing(err error) error {
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}
