package volume

import (
	"maps"
	"net/http"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// defaultsOf returns the default limits, including those by volume type.
func (s *Service) defaultsOf() resource.Doc {
	d := resource.Doc{"volumes": 100, "snapshots": 100, "gigabytes": 10000, "per_volume_gigabytes": -1, "backups": 10,
		"backup_gigabytes": 1000, "groups": 10}
	for _, kind := range s.o.Store.All(types) {
		for _, what := range []string{"volumes_", "snapshots_", "gigabytes_"} {
			d[what+resource.Text(kind, "name")] = -1
		}
	}
	for what, limit := range s.o.Store.Get(classes, "default") {
		if _, there := d[what]; there {
			d[what] = limit
		}
	}
	return d
}

// quotaClass shows the default limits. Cinder has only the class default.
func (s *Service) quotaClass(r *resource.Request) (any, error) {
	if err := adminsOnly(r, "volume_extension:quota_classes:get"); err != nil {
		return nil, err
	}
	d := s.defaultsOf()
	d["id"] = r.PathValue("class")
	return map[string]any{"quota_class_set": d}, nil
}

func (s *Service) setQuotaClass(r *resource.Request) (any, error) {
	if err := adminsOnly(r, "volume_extension:quota_classes:update"); err != nil {
		return nil, err
	}
	body, err := r.Body("quota_class_set")
	if err != nil {
		return nil, err
	}
	known := s.defaultsOf()
	for what := range body {
		if _, there := known[what]; !there {
			return nil, bad("Invalid input received: Bad key(s) in quota class set: %s", what)
		}
	}
	d := resource.Doc{}
	maps.Copy(d, s.o.Store.Get(classes, r.PathValue("class")))
	maps.Copy(d, body)
	if err := s.o.Store.Put(classes, r.PathValue("class"), d); err != nil {
		return nil, err
	}
	return map[string]any{"quota_class_set": s.defaultsOf()}, nil
}

// quotaOf returns the limits of a project, including those by volume type.
func (s *Service) quotaOf(project string) resource.Doc {
	d := s.defaultsOf()
	for what, limit := range s.o.Store.Get(quotas, project) {
		if _, there := d[what]; there { // the volume type may be deleted
			d[what] = limit
		}
	}
	return d
}

// used returns the volumes, snapshots and gigabytes of a project, in total and by volume type.
func (s *Service) used(project string) map[string]int64 {
	all := map[string]int64{}
	for _, d := range s.o.Store.Find(volumes, "_project", project) {
		for _, of := range []string{"", "_" + resource.Text(d, "volume_type")} {
			all["volumes"+of]++
			all["gigabytes"+of] += resource.Int(d, "size")
		}
	}
	for _, d := range s.o.Store.Find(snapshots, "_project", project) {
		all["snapshots"]++
		all["snapshots_"+resource.Text(s.o.Store.Get(volumes, resource.Text(d, "volume_id")), "volume_type")]++
	}
	return all
}

func (s *Service) limits(r *resource.Request) (any, error) {
	q := s.quotaOf(r.Caller.ProjectID)
	used := s.used(r.Caller.ProjectID)
	return map[string]any{"limits": map[string]any{"rate": []any{},
		"absolute": map[string]any{"maxTotalVolumes": resource.Int(q, "volumes"), "maxTotalSnapshots": resource.Int(q, "snapshots"),
			"maxTotalVolumeGigabytes": resource.Int(q, "gigabytes"), "maxTotalBackups": 10, "maxTotalBackupGigabytes": 1000,
			"totalVolumesUsed": used["volumes"], "totalSnapshotsUsed": used["snapshots"],
			"totalGigabytesUsed": used["gigabytes"], "totalBackupsUsed": 0, "totalBackupGigabytesUsed": 0}}}, nil
}

func (s *Service) quota(r *resource.Request) (any, error) {
	d := s.quotaOf(r.PathValue("project"))
	if r.URL.Query().Get("usage") != "" {
		used := s.used(r.PathValue("project"))
		for k, v := range d {
			d[k] = resource.Doc{"limit": v, "in_use": used[k], "reserved": 0}
		}
	}
	d["id"] = r.PathValue("project")
	return map[string]any{"quota_set": d}, nil
}

func (s *Service) defaultQuota(r *resource.Request) (any, error) {
	d := s.defaultsOf()
	d["id"] = r.PathValue("project")
	return map[string]any{"quota_set": d}, nil
}

func (s *Service) setQuota(r *resource.Request) (any, error) {
	if err := adminsOnly(r, "volume_extension:quotas:update"); err != nil {
		return nil, err
	}
	body, err := r.Body("quota_set")
	if err != nil {
		return nil, err
	}
	known := s.quotaOf(r.PathValue("project"))
	for what := range body {
		if _, there := known[what]; !there && what != "id" && what != "tenant_id" {
			return nil, bad("Invalid input received: Bad key(s) in quota set: %s", what)
		}
	}
	d := resource.Doc{}
	maps.Copy(d, s.o.Store.Get(quotas, r.PathValue("project")))
	maps.Copy(d, body)
	if err := s.o.Store.Put(quotas, r.PathValue("project"), d); err != nil {
		return nil, err
	}
	return map[string]any{"quota_set": s.quotaOf(r.PathValue("project"))}, nil
}

func (s *Service) deleteQuota(r *resource.Request) (any, error) {
	if err := adminsOnly(r, "volume_extension:quotas:delete"); err != nil {
		return nil, err
	}
	_, err := s.o.Store.Delete(quotas, r.PathValue("project"))
	return &resource.Reply{Status: http.StatusOK}, err
}

// adminsOnly refuses callers that are not administrators.
func adminsOnly(r *resource.Request, rule string) error {
	if r.Caller.Admin {
		return nil
	}
	return resource.Errorf(http.StatusForbidden, "", "Policy doesn't allow %s to be performed.", rule)
}
