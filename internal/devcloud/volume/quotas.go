package volume

import (
	"maps"
	"net/http"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

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
	if err := adminsOnly(r, "volume_extension:quotas:update"); err != nil {
		return nil, err
	}
	body, err := r.Body("quota_set")
	if err != nil {
		return nil, err
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

// adminsOnly refuses everybody else.
func adminsOnly(r *resource.Request, rule string) error {
	if r.Caller.Admin {
		return nil
	}
	return resource.Errorf(http.StatusForbidden, "", "Policy doesn't allow %s to be performed.", rule)
}
