package volume

import (
	"maps"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// registerGroups registers the operations on group types, groups of volumes, and their snapshots.
func (s *Service) registerGroups() {
	for pattern, h := range map[string]resource.Handler{
		"GET /v3/group_types": s.listGroupTypes, "POST /v3/group_types": s.createGroupType,
		"GET /v3/group_types/{id}": s.showGroupType, "PUT /v3/group_types/{id}": s.updateGroupType,
		"DELETE /v3/group_types/{id}":          s.deleteGroupType,
		"GET /v3/group_types/{id}/group_specs": s.groupSpecs, "POST /v3/group_types/{id}/group_specs": s.setGroupSpecs,
		"GET /v3/group_types/{id}/group_specs/{key}": s.groupSpec, "PUT /v3/group_types/{id}/group_specs/{key}": s.setGroupSpecs,
		"DELETE /v3/group_types/{id}/group_specs/{key}": s.deleteGroupSpec,

		"GET /v3/groups": s.list(volumeGroups, false), "GET /v3/groups/detail": s.list(volumeGroups, true),
		"POST /v3/groups": s.createGroup, "GET /v3/groups/{id}": s.show(volumeGroups), "PUT /v3/groups/{id}": s.updateGroup,
		"POST /v3/groups/{id}/action": s.groupAction,

		"GET /v3/group_snapshots": s.list(groupSnapshots, false), "GET /v3/group_snapshots/detail": s.list(groupSnapshots, true),
		"POST /v3/group_snapshots": s.createGroupSnapshot, "GET /v3/group_snapshots/{id}": s.show(groupSnapshots),
		"DELETE /v3/group_snapshots/{id}": s.deleteGroupSnapshot,
	} {
		s.mux.Handle(pattern, h)
	}
}

// acceptedWith is accepted with a body.
func acceptedWith(body any, err error) (any, error) {
	return &resource.Reply{Status: http.StatusAccepted, Body: body}, err
}

func (s *Service) listGroupTypes(*resource.Request) (any, error) {
	list := []any{}
	for _, d := range s.o.Store.All(groupTypes) {
		list = append(list, d)
	}
	return map[string]any{"group_types": list}, nil
}

func (s *Service) groupType(id string) (resource.Doc, error) {
	if d := s.o.Store.Get(groupTypes, id); d != nil {
		return d, nil
	}
	return nil, resource.Errorf(http.StatusNotFound, "", "Group type %s could not be found.", id)
}

func (s *Service) showGroupType(r *resource.Request) (any, error) {
	if r.PathValue("id") == "default" {
		return nil, resource.Errorf(http.StatusNotFound, "", "Default group type can not be found.")
	}
	d, err := s.groupType(r.PathValue("id"))
	return map[string]any{"group_type": d}, err
}

func (s *Service) createGroupType(r *resource.Request) (any, error) {
	body, err := r.Body("group_type")
	if err == nil {
		err = adminsOnly(r, "group:group_types:create")
	}
	if err != nil {
		return nil, err
	}
	if len(s.o.Store.Find(groupTypes, "name", body["name"])) > 0 {
		return nil, resource.Errorf(http.StatusConflict, "", "Group Type %v already exists.", body["name"])
	}
	id := uuid.NewString()
	d := resource.Doc{"id": id, "name": body["name"], "description": body["description"], "is_public": resource.Or(body, "is_public", true),
		"group_specs": resource.Object(body, "group_specs")}
	return acceptedWith(map[string]any{"group_type": d}, s.o.Store.Put(groupTypes, id, d))
}

// changeGroupType changes a group type of a request, for administrators.
func (s *Service) changeGroupType(r *resource.Request, f func(d resource.Doc) error) (resource.Doc, error) {
	if err := adminsOnly(r, "group:group_types:update"); err != nil {
		return nil, err
	}
	d, err := s.groupType(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return s.o.Store.Update(groupTypes, resource.Text(d, "id"), f)
}

func (s *Service) updateGroupType(r *resource.Request) (any, error) {
	body, err := r.Body("group_type")
	if err != nil {
		return nil, err
	}
	d, err := s.changeGroupType(r, func(d resource.Doc) error {
		for _, field := range []string{"name", "description", "is_public"} {
			if v, given := body[field]; given {
				d[field] = v
			}
		}
		return nil
	})
	return map[string]any{"group_type": d}, err
}

func (s *Service) deleteGroupType(r *resource.Request) (any, error) {
	d, err := s.groupType(r.PathValue("id"))
	if err == nil {
		err = adminsOnly(r, "group:group_types:delete")
	}
	if err == nil && len(s.o.Store.Find(volumeGroups, "group_type", d["id"])) > 0 {
		err = bad("Target group type is still in use. Group Type %s deletion is not allowed with groups present with the type.", d["id"])
	}
	if err == nil {
		_, err = s.o.Store.Delete(groupTypes, resource.Text(d, "id"))
	}
	return accepted(err)
}

func (s *Service) groupSpecs(r *resource.Request) (any, error) {
	d, err := s.groupType(r.PathValue("id"))
	return map[string]any{"group_specs": resource.Object(d, "group_specs")}, err
}

func noGroupSpec(r *resource.Request) error {
	return resource.Errorf(http.StatusNotFound, "", "Group Type %s has no specs with key %s.", r.PathValue("id"), r.PathValue("key"))
}

func (s *Service) groupSpec(r *resource.Request) (any, error) {
	d, err := s.groupType(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	v, there := resource.Object(d, "group_specs")[r.PathValue("key")]
	if !there {
		return nil, noGroupSpec(r)
	}
	return resource.Doc{r.PathValue("key"): v}, nil
}

// setGroupSpecs adds the specs in the request: those of an object, or with PUT one.
func (s *Service) setGroupSpecs(r *resource.Request) (any, error) {
	in := ""
	if r.Method == http.MethodPost {
		in = "group_specs"
	}
	specs, err := r.Body(in)
	if err != nil {
		return nil, err
	}
	if _, err := s.changeGroupType(r, func(d resource.Doc) error {
		all := maps.Clone(resource.Object(d, "group_specs"))
		maps.Copy(all, specs)
		d["group_specs"] = all
		return nil
	}); err != nil || r.Method == http.MethodPut {
		return specs, err
	}
	return acceptedWith(map[string]any{"group_specs": specs}, nil)
}

func (s *Service) deleteGroupSpec(r *resource.Request) (any, error) {
	_, err := s.changeGroupType(r, func(d resource.Doc) error {
		all := maps.Clone(resource.Object(d, "group_specs"))
		if _, there := all[r.PathValue("key")]; !there {
			return noGroupSpec(r)
		}
		delete(all, r.PathValue("key"))
		d["group_specs"] = all
		return nil
	})
	return accepted(err)
}

func (s *Service) createGroup(r *resource.Request) (any, error) {
	body, err := r.Body("group")
	if err != nil {
		return nil, err
	}
	kind, err := s.groupType(resource.Text(body, "group_type"))
	if err != nil {
		return nil, err
	}
	names := resource.Strings(body, "volume_types")
	var of []any
	for _, name := range names {
		t := s.typeNamed(name)
		if t == nil {
			return nil, bad("Invalid volume type: Volume type %s could not be found.", name)
		}
		of = append(of, t["id"])
	}
	if len(of) == 0 {
		return nil, bad("volume_types must be provided to create group %v.", body["name"])
	}
	id := uuid.NewString()
	d := resource.Doc{"id": id, "name": body["name"], "description": body["description"], "status": "available",
		"availability_zone": resource.Or(body, "availability_zone", "nova"), "created_at": s.o.Store.NowMicro(), "group_type": kind["id"],
		"volume_types": of, "group_snapshot_id": nil, "source_group_id": nil, "replication_status": "disabled",
		"project_id": r.Caller.ProjectID, "_project": r.Caller.ProjectID}
	return acceptedWith(map[string]any{"group": resource.Doc{"id": id, "name": d["name"]}}, s.o.Store.Put(volumeGroups, id, d))
}

// inGroup returns the group of a new volume, or an error.
func (s *Service) inGroup(r *resource.Request, id string, kind resource.Doc) error {
	d, err := s.find(volumeGroups, id, r.Caller)
	if err == nil && !slices.Contains(resource.Strings(d, "volume_types"), resource.Text(kind, "id")) {
		err = bad("Invalid input received: Invalid volume_type provided: %s (requested type must be supported by this group).", kind["name"])
	}
	return err
}

// updateGroup changes the name and the description of a group, and which volumes are in it.
func (s *Service) updateGroup(r *resource.Request) (any, error) {
	d, err := s.find(volumeGroups, r.PathValue("id"), r.Caller)
	if err != nil {
		return nil, err
	}
	body, err := r.Body("group")
	if err != nil {
		return nil, err
	}
	_, err = s.o.Store.Update(volumeGroups, resource.Text(d, "id"), func(d resource.Doc) error {
		for _, field := range []string{"name", "description"} {
			if v, given := body[field]; given {
				d[field] = v
			}
		}
		return nil
	})
	return accepted(err)
}

// groupAction deletes a group: with delete-volumes its volumes, too.
func (s *Service) groupAction(r *resource.Request) (any, error) {
	d, err := s.find(volumeGroups, r.PathValue("id"), r.Caller)
	if err != nil {
		return nil, err
	}
	body, err := r.Body("delete")
	if err != nil {
		return nil, err
	}
	members := s.o.Store.Find(volumes, "group_id", d["id"])
	switch {
	case len(members) > 0 && !resource.Bool(body, "delete-volumes"):
		return nil, bad("Invalid group: Group %s is not empty. delete-volumes flag needs to be set to True.", d["id"])
	case len(s.o.Store.Find(groupSnapshots, "group_id", d["id"])) > 0:
		return nil, bad("Invalid group: Cannot delete group %s with group snapshots.", d["id"])
	}
	for _, v := range members {
		if err := s.DeleteUnused(resource.Text(v, "id")); err != nil {
			return nil, err
		}
	}
	_, err = s.o.Store.Delete(volumeGroups, resource.Text(d, "id"))
	return accepted(err)
}

func (s *Service) createGroupSnapshot(r *resource.Request) (any, error) {
	body, err := r.Body("group_snapshot")
	if err != nil {
		return nil, err
	}
	of, err := s.find(volumeGroups, resource.Text(body, "group_id"), r.Caller)
	if err != nil {
		return nil, err
	}
	if len(s.o.Store.Find(volumes, "group_id", of["id"])) == 0 {
		return nil, bad("Invalid Group: Source group cannot be empty or in 'creating' or 'updating' state. No group snapshot will be created.")
	}
	id := uuid.NewString()
	d := resource.Doc{"id": id, "name": body["name"], "description": body["description"], "group_id": of["id"], "status": "available",
		"created_at": s.o.Store.NowMicro(), "group_type_id": of["group_type"], "project_id": r.Caller.ProjectID, "_project": r.Caller.ProjectID}
	return acceptedWith(map[string]any{"group_snapshot": resource.Doc{"id": id, "name": d["name"], "group_type_id": of["group_type"]}},
		s.o.Store.Put(groupSnapshots, id, d))
}

func (s *Service) deleteGroupSnapshot(r *resource.Request) (any, error) {
	d, err := s.find(groupSnapshots, r.PathValue("id"), r.Caller)
	if err == nil {
		_, err = s.o.Store.Delete(groupSnapshots, resource.Text(d, "id"))
	}
	return accepted(err)
}
