package servers

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/pytext"
)

// relationFilters are names that look like filters but are relations of Nova's instance model.
var relationFilters = []string{"block_device_mapping", "services", "metadata", "system_metadata", "info_cache", "security_groups",
	"pci_devices"}

var pagingFilters = []string{"sort_key", "sort_dir", "limit", "marker"}

// publicFilters returns the filters that are available to callers who may not use all filters.
func publicFilters(r *api.Request) []string {
	names := []string{"reservation_id", "name", "status", "image", "flavor", "ip", "changes-since", "all_tenants"}
	for _, more := range []struct {
		since mv.Version
		names []string
	}{
		{mv.V5IP6Filter, []string{"ip6"}},
		{mv.V26Tags, []string{"tags", "tags-any", "not-tags", "not-tags-any"}},
		{mv.V66ChangesBefore, []string{"changes-before"}},
		{mv.V73LockedReason, []string{"locked"}},
		{mv.V83MoreFilters, []string{"availability_zone", "config_drive", "key_name", "created_at", "launched_at", "terminated_at",
			"power_state", "task_state", "vm_state", "progress", "user_id"}},
		{mv.V90Hostname, []string{"hostname"}},
	} {
		if r.Since(more.since) {
			names = append(names, more.names...)
		}
	}
	return names
}

// parseFilters returns the search options of the query string, without those that the caller
// may not use. The last value of a repeated option is used.
func parseFilters(r *api.Request) (map[string]string, error) {
	may := func(name string) bool { return !slices.Contains(pagingFilters, name) }
	if !r.Allowed(policy.ServersAllowAllFilters, r.Own()) {
		public := publicFilters(r)
		may = func(name string) bool { return slices.Contains(public, name) }
	}
	opts := map[string]string{}
	for name := range r.Query() {
		if may(name) {
			opts[name], _ = r.Query().Get(name)
		}
	}
	for _, name := range api.Keys(opts) {
		if slices.Contains(relationFilters, name) || strings.HasPrefix(name, "_") {
			return nil, api.BadRequest("Invalid filter field: %s.", name)
		}
	}
	return opts, nil
}

func onlyAllTenants(opts map[string]string) bool {
	_, all := opts["all_tenants"]
	return len(opts) == 0 || len(opts) == 1 && all
}

// wantsAllTenants reads all_tenants; an empty value means true.
func wantsAllTenants(opts map[string]string) (bool, error) {
	s, given := opts["all_tenants"]
	if s == "" {
		return given, nil
	}
	return api.Truth(s)
}

// statusFilter converts the requested statuses to VM states and task states.
func statusFilter(r *api.Request, _ map[string]string, q *server.ListQuery) error {
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
	q.Filters["vm_state"] = vm
	if !anyTask {
		q.Filters["task_state"] = task
	}
	return nil
}

func changeTimeFilters(_ *api.Request, opts map[string]string, q *server.ListQuery) error {
	for name, to := range map[string]**time.Time{"changes-since": &q.ChangesSince, "changes-before": &q.ChangesBefore} {
		s, given := opts[name]
		if !given {
			continue
		}
		t, ok := api.Time(s)
		if !ok {
			return api.BadRequest("Invalid filter field: %s.", name)
		}
		*to = &t
	}
	if q.ChangesSince != nil && q.ChangesBefore != nil && q.ChangesBefore.Before(*q.ChangesSince) {
		return api.BadRequest("The value of changes-since must be less than or equal to changes-before.")
	}
	if api.BeyondPython(q.ChangesSince) || api.BeyondPython(q.ChangesBefore) {
		return errNothing
	}
	return nil
}

// deletedFilter excludes deleted servers, unless the query asks for them or for changes.
func deletedFilter(r *api.Request, opts map[string]string, q *server.ListQuery) error {
	s, given := opts["deleted"]
	switch {
	case given:
		q.Deleted = new(pytext.Truthy(s))
	case q.ChangesSince == nil && q.ChangesBefore == nil:
		q.Deleted = new(false)
	}
	q.SoftDeleted = opts["soft_deleted"] != ""
	if vm, _ := q.Filters["vm_state"].([]string); slices.Equal(vm, []string{"deleted"}) {
		if !r.Caller.IsAdmin {
			return api.Forbidden("Only administrators may list deleted instances")
		}
		q.Deleted = new(true)
	}
	return nil
}

func tagFilters(r *api.Request, opts map[string]string, q *server.ListQuery) error {
	for name, to := range map[string]*[]string{"tags": &q.Tags, "tags-any": &q.TagsAny, "not-tags": &q.NotTags,
		"not-tags-any": &q.NotTagsAny} {
		if s, given := opts[name]; given && r.Since(mv.V26Tags) {
			*to = strings.Split(s, ",")
		}
	}
	return nil
}

// columnFilters converts the remaining options to filters on columns. An existing filter of a column
// is kept.
func (a *API) columnFilters(r *api.Request, opts map[string]string, q *server.ListQuery) error {
	for _, name := range api.Keys(opts) {
		value := opts[name]
		switch name {
		case "status", "changes-since", "changes-before", "deleted", "soft_deleted", "tags", "tags-any", "not-tags", "not-tags-any",
			"all_tenants", "ip", "ip6", "fixed_ip": // other functions read these options
		case "image":
			q.Filters["image_ref"] = value
		case "name":
			q.Filters["display_name"] = value
		case "tenant_id", "project_id":
			if q.AllProjects {
				q.Filters["project_id"] = value // tenant_id is evaluated last, and overrides project_id
			}
		case "flavor":
			f, err := a.Flavors.Get(r.Context(), value, r.Caller.ProjectID, r.Caller.IsAdmin)
			if errors.Is(err, objects.ErrFlavorNotFound) {
				return errNothing
			}
			if err != nil {
				return err
			}
			q.Filters["instance_type_id"] = f.ID
		default:
			if _, set := q.Filters[name]; !set {
				q.Filters[name] = value
			}
		}
	}
	return a.addressFilters(r, opts, q)
}

// addressFilters gets the servers with an address from Neutron.
func (a *API) addressFilters(r *api.Request, opts map[string]string, q *server.ListQuery) error {
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
		devices, supported, err := a.Network.ServersByAddress(r.Context(), r.Caller, part)
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
