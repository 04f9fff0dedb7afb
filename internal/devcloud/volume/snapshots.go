package volume

import (
	"maps"
	"net/http"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

func (s *Service) createSnapshot(r *resource.Request) (any, error) {
	body, err := r.Body("snapshot")
	if err != nil {
		return nil, err
	}
	v, err := s.find(volumes, resource.Text(body, "volume_id"), r.Caller)
	if err != nil {
		return nil, err
	}
	if status := resource.Text(v, "status"); status != "available" && !resource.Bool(body, "force") {
		return nil, bad("Invalid volume: Volume %s status must be available, but current status is: %s.", v["id"], status)
	}
	id := uuid.NewString()
	d := resource.Doc{"id": id, "volume_id": v["id"], "name": body["name"], "description": body["description"], "size": v["size"], "status": "available", "created_at": resource.NowMicro(),
		"updated_at": nil, "metadata": resource.Object(body, "metadata"), "user_id": r.Caller.UserID, "os-extended-snapshot-attributes:project_id": v["_project"],
		"os-extended-snapshot-attributes:progress": "100%", "group_snapshot_id": nil, "consumes_quota": true, "_project": v["_project"]}
	return &resource.Reply{Status: http.StatusAccepted, Body: map[string]any{"snapshot": resource.Shown(d)}}, s.o.Store.Put(snapshots, id, d)
}

func (s *Service) deleteSnapshot(r *resource.Request) (any, error) {
	d, err := s.find(snapshots, r.PathValue("id"), r.Caller)
	if err != nil {
		return nil, err
	}
	_, err = s.o.Store.Delete(snapshots, resource.Text(d, "id"))
	return &resource.Reply{Status: http.StatusAccepted}, err
}

// Seed makes the volume types of a new cloud.
func (s *Service) Seed() error {
	for _, name := range []string{"__DEFAULT__", "multiattach"} {
		id := map[string]string{"__DEFAULT__": "7f3d2c1e-0000-4000-8000-000000000001", "multiattach": "7f3d2c1e-0000-4000-8000-000000000002"}[name]
		if s.o.Store.Get(types, id) != nil {
			continue
		}
		specs := resource.Doc{}
		if name == "multiattach" {
			specs["multiattach"] = "<is> True"
		}
		if err := s.o.Store.Put(types, id, typeDoc(id, name, specs)); err != nil {
			return err
		}
	}
	return nil
}

func typeDoc(id, name string, specs resource.Doc) resource.Doc {
	return resource.Doc{"id": id, "name": name, "description": nil, "is_public": true, "os-volume-type-access:is_public": true, "extra_specs": specs, "qos_specs_id": nil}
}

// typeNamed is a type by its id or name; "" is that of volumes of none.
func (s *Service) typeNamed(name string) resource.Doc {
	if name == "" {
		name = "__DEFAULT__"
	}
	if d := s.o.Store.Get(types, name); d != nil {
		return d
	}
	for _, d := range s.o.Store.Find(types, "name", name) {
		return d
	}
	return nil
}

func multiattach(kind resource.Doc) bool {
	return resource.Object(kind, "extra_specs")["multiattach"] == "<is> True"
}

func (s *Service) listTypes(*resource.Request) (any, error) {
	list := []any{}
	for _, d := range s.o.Store.All(types) {
		list = append(list, d)
	}
	return map[string]any{"volume_types": list}, nil
}

func (s *Service) showType(r *resource.Request) (any, error) {
	name := r.PathValue("id")
	if name == "default" {
		name = ""
	}
	d := s.typeNamed(name)
	if d == nil {
		return nil, resource.Errorf(http.StatusNotFound, "", "Volume type %s could not be found.", name)
	}
	return map[string]any{"volume_type": d}, nil
}

func (s *Service) createType(r *resource.Request) (any, error) {
	body, err := r.Body("volume_type")
	if err != nil {
		return nil, err
	}
	if !r.Caller.Admin {
		return nil, resource.Errorf(http.StatusForbidden, "", "Policy doesn't allow volume_extension:type_create to be performed.")
	}
	id := uuid.NewString()
	d := typeDoc(id, resource.Text(body, "name"), resource.Object(body, "extra_specs"))
	return &resource.Reply{Status: http.StatusOK, Body: map[string]any{"volume_type": d}}, s.o.Store.Put(types, id, d)
}

func (s *Service) deleteType(r *resource.Request) (any, error) {
	if !r.Caller.Admin {
		return nil, resource.Errorf(http.StatusForbidden, "", "Policy doesn't allow volume_extension:type_delete to be performed.")
	}
	_, err := s.o.Store.Delete(types, r.PathValue("id"))
	return &resource.Reply{Status: http.StatusAccepted}, err
}

func (s *Service) quotaOf(project string) resource.Doc {
	d := resource.Doc{"id": project, "volumes": 100, "snapshots": 100, "gigabytes": 10000, "per_volume_gigabytes": -1, "backups": 10, "backup_gigabytes": 1000, "groups": 10}
	maps.Copy(d, s.o.Store.Get(quotas, project))
	return d
}

func (s *Service) used(project string) (count, snaps, size int64) {
	for _, d := range s.o.Store.Find(volumes, "_project", project) {
		count, size = count+1, size+resource.Int(d, "size")
	}
	return count, int64(len(s.o.Store.Find(snapshots, "_project", project))), size
}

func (s *Service) limits(r *resource.Request) (any, error) {
	q := s.quotaOf(r.Caller.ProjectID)
	count, snaps, size := s.used(r.Caller.ProjectID)
	return map[string]any{"limits": map[string]any{"rate": []any{}, "absolute": map[string]any{"maxTotalVolumes": resource.Int(q, "volumes"), "maxTotalSnapshots": resource.Int(q, "snapshots"),
		"maxTotalVolumeGigabytes": resource.Int(q, "gigabytes"), "maxTotalBackups": 10, "maxTotalBackupGigabytes": 1000, "totalVolumesUsed": count, "totalSnapshotsUsed": snaps,
		"totalGigabytesUsed": size, "totalBackupsUsed": 0, "totalBackupGigabytesUsed": 0}}}, nil
}

func (s *Service) quota(r *resource.Request) (any, error) {
	d := s.quotaOf(r.PathValue("project"))
	if r.URL.Query().Get("usage") != "" {
		count, snaps, size := s.used(r.PathValue("project"))
		used := map[string]int64{"volumes": count, "snapshots": snaps, "gigabytes": size}
		for k, v := range d {
			if k != "id" {
				d[k] = resource.Doc{"limit": v, "in_use": used[k], "reserved": 0}
			}
		}
	}
	return map[string]any{"quota_set": d}, nil
}

func (s *Service) setQuota(r *resource.Request) (any, error) {
	if !r.Caller.Admin {
		return nil, resource.Errorf(http.StatusForbidden, "", "Policy doesn't allow volume_extension:quotas:update to be performed.")
	}
	body, err := r.Body("quota_set")
	if err != nil {
		return nil, err
	}
	if err := s.o.Store.Put(quotas, r.PathValue("project"), body); err != nil {
		return nil, err
	}
	return map[string]any{"quota_set": s.quotaOf(r.PathValue("project"))}, nil
}

func zones(*resource.Request) (any, error) {
	return map[string]any{"availabilityZoneInfo": []any{map[string]any{"zoneName": "nova", "zoneState": map[string]bool{"available": true}}}}, nil
}

func services(*resource.Request) (any, error) {
	return map[string]any{"services": []any{map[string]any{"binary": "cinder-volume", "host": "dev@lvm", "zone": "nova", "status": "enabled", "state": "up", "updated_at": resource.NowMicro(), "disabled_reason": nil}}}, nil
}
