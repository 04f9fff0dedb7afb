package share

import (
	"maps"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// defaultQuotas are Manila's default quotas. They limit nothing here.
func defaultQuotas() resource.Doc {
	return resource.Doc{"shares": 50, "gigabytes": 1000, "snapshots": 50, "snapshot_gigabytes": 1000, "share_networks": 10,
		"share_groups": 50, "share_group_snapshots": 50, "share_replicas": 100, "replica_gigabytes": 1000, "per_share_gigabytes": -1,
		"backups": 10, "backup_gigabytes": 1000}
}

func (s *Service) quotaOf(project string) resource.Doc {
	all := defaultQuotas()
	maps.Copy(all, resource.Shown(s.o.Store.Get(quotas, project)))
	all["id"] = project
	return all
}

func (s *Service) quota(r *resource.Request) (any, error) {
	return map[string]any{"quota_set": s.quotaOf(r.PathValue("project"))}, nil
}

func (s *Service) quotaDetail(r *resource.Request) (any, error) {
	all, used := s.quotaOf(r.PathValue("project")), s.used(r.PathValue("project"))
	for name, limit := range all {
		if name != "id" {
			all[name] = resource.Doc{"limit": limit, "in_use": resource.Int(used, name), "reserved": 0}
		}
	}
	return map[string]any{"quota_set": all}, nil
}

func (s *Service) used(project string) resource.Doc {
	used := resource.Doc{}
	for kind, names := range map[string][2]string{shares: {"shares", "gigabytes"}, snapshots: {"snapshots", "snapshot_gigabytes"}} {
		for _, d := range s.o.Store.Find(kind, "_project", project) {
			used[names[0]] = resource.Int(used, names[0]) + 1
			used[names[1]] = resource.Int(used, names[1]) + resource.Int(d, "size")
		}
	}
	return used
}

func (s *Service) setQuota(r *resource.Request) (any, error) {
	body, err := r.Body("quota_set")
	if err == nil {
		err = admin(r)
	}
	if err != nil {
		return nil, err
	}
	project := r.PathValue("project")
	d := maps.Clone(s.o.Store.Get(quotas, project))
	if d == nil {
		d = resource.Doc{}
	}
	for name := range defaultQuotas() {
		if v, given := body[name]; given {
			d[name] = v
		}
	}
	if err := s.o.Store.Put(quotas, project, d); err != nil {
		return nil, err
	}
	return s.quota(r)
}

func (s *Service) deleteQuota(r *resource.Request) (any, error) {
	if err := admin(r); err != nil {
		return nil, err
	}
	_, err := s.o.Store.Delete(quotas, r.PathValue("project"))
	return accepted(err)
}

func (s *Service) limits(r *resource.Request) (any, error) {
	all, used := s.quotaOf(r.Caller.ProjectID), s.used(r.Caller.ProjectID)
	absolute := resource.Doc{}
	for name, of := range map[string]string{"Shares": "shares", "ShareGigabytes": "gigabytes", "ShareSnapshots": "snapshots",
		"SnapshotGigabytes": "snapshot_gigabytes", "ShareNetworks": "share_networks", "ShareReplicas": "share_replicas",
		"ReplicaGigabytes": "replica_gigabytes"} {
		absolute["maxTotal"+name], absolute["total"+name+"Used"] = all[of], resource.Int(used, of)
	}
	return map[string]any{"limits": map[string]any{"rate": []any{}, "absolute": absolute}}, nil
}

func (s *Service) zones(*resource.Request) (any, error) {
	return map[string]any{"availability_zones": []any{resource.Doc{"id": "00000000-0000-4000-8000-000000000002", "name": "nova",
		"created_at": s.o.Store.NowMicro(), "updated_at": nil}}}, nil
}

func (s *Service) services(*resource.Request) (any, error) {
	list := []any{}
	for n, one := range []struct{ binary, host string }{{"manila-scheduler", "dev"}, {"manila-share", "dev@fs"}} {
		list = append(list, resource.Doc{"id": n + 1, "binary": one.binary, "host": one.host, "zone": "nova", "status": "enabled",
			"state": "up", "disabled_reason": nil, "ensuring": false, "updated_at": s.o.Store.NowMicro()})
	}
	return map[string]any{"services": list}, nil
}

func (s *Service) pools(*resource.Request) (any, error) {
	return map[string]any{"pools": []any{resource.Doc{"name": "dev@fs#fs", "host": "dev", "backend": "fs", "pool": "fs",
		"capabilities": resource.Doc{"total_capacity_gb": 1000, "free_capacity_gb": 1000, "driver_handles_share_servers": false,
			"storage_protocol": "NFS_CEPHFS"}}}}, nil
}
