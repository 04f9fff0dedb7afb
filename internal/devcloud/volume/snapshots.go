package volume

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

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
	if status := resource.Text(v, "status"); status != "available" && !resource.Bool(body, "force") &&
		!(status == "in-use" && hasMicroversion(r, 66)) {
		return nil, bad("Invalid volume: Volume %s status must be available, but current status is: %s.", v["id"], status)
	}
	id := uuid.NewString()
	d := resource.Doc{"id": id, "volume_id": v["id"], "name": body["name"], "description": body["description"], "size": v["size"],
		"status": "available", "created_at": s.o.Store.NowMicro(),
		"updated_at": nil, "metadata": resource.Object(body, "metadata"), "user_id": r.Caller.UserID,
		"os-extended-snapshot-attributes:project_id": v["_project"],
		"os-extended-snapshot-attributes:progress":   "100%", "group_snapshot_id": nil, "consumes_quota": true, "_project": v["_project"]}
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

// hasMicroversion tells whether a request has microversion 3.n or later.
func hasMicroversion(r *resource.Request, n int) bool {
	_, minor, _ := strings.Cut(r.Header.Get("OpenStack-API-Version"), "volume 3.")
	asked, err := strconv.Atoi(minor)
	return err == nil && asked >= n
}

// reports are the statuses that os-update_snapshot_status may set, by the current status.
var reports = map[string][]string{"creating": {"creating", "available", "error"}, "deleting": {"deleting", "error_deleting"}}

// snapshotAction sets the status of a snapshot, or force-deletes it.
func (s *Service) snapshotAction(r *resource.Request) (any, error) {
	d, err := s.find(snapshots, r.PathValue("id"), r.Caller)
	if err != nil {
		return nil, err
	}
	body, err := r.Body("")
	if err != nil {
		return nil, err
	}
	id, accepted := resource.Text(d, "id"), &resource.Reply{Status: http.StatusAccepted}
	for name := range body {
		status := resource.Text(resource.Object(body, name), "status")
		switch name {
		case "os-reset_status":
			_, err = s.o.Store.Update(snapshots, id, func(d resource.Doc) error { d["status"] = status; return nil })
			return accepted, err
		case "os-update_snapshot_status":
			_, err = s.o.Store.Update(snapshots, id, func(d resource.Doc) error {
				allowed, now := reports[resource.Text(d, "status")], d["status"]
				if allowed == nil {
					return bad("Snapshot status %s not allowed for update_snapshot_status", now)
				}
				if !slices.Contains(allowed, status) {
					return bad("Provided snapshot status %s not allowed for snapshot with status %s.", status, now)
				}
				d["status"] = status
				return nil
			})
			return accepted, err
		case "os-force_delete":
			if err := adminsOnly(r, "volume_extension:snapshot_admin_actions:force_delete"); err != nil {
				return nil, err
			}
			_, err = s.o.Store.Delete(snapshots, id)
			return accepted, err
		}
		return nil, bad("There is no such action: %s.", name)
	}
	return nil, bad("Malformed request body")
}

func zones(*resource.Request) (any, error) {
	return map[string]any{"availabilityZoneInfo": []any{map[string]any{"zoneName": "nova",
		"zoneState": map[string]bool{"available": true}}}}, nil
}

func (s *Service) services(*resource.Request) (any, error) {
	return map[string]any{"services": []any{map[string]any{"binary": "cinder-volume", "host": "dev@lvm", "zone": "nova",
		"status": "enabled", "state": "up", "updated_at": s.o.Store.NowMicro(), "disabled_reason": nil,
		"frozen": false, "active_backend_id": nil, "replication_status": "disabled"}}}, nil
}

// pools returns the storage pools of the scheduler.
func (s *Service) pools(r *resource.Request) (any, error) {
	if err := adminsOnly(r, "scheduler_extension:scheduler_stats:get_pools"); err != nil {
		return nil, err
	}
	pool := resource.Doc{"name": "dev@lvm#lvm"}
	if resource.Bool(resource.Doc{"": r.URL.Query().Get("detail")}, "") {
		pool["capabilities"] = resource.Doc{"pool_name": "lvm", "volume_backend_name": "lvm", "total_capacity_gb": "infinite",
			"free_capacity_gb": "infinite", "provisioned_capacity_gb": 0,
			"allocated_capacity_gb": 0, "reserved_percentage": 0, "QoS_support": false, "filter_function": nil, "goodness_function": nil,
			"multiattach":      true,
			"storage_protocol": "local", "vendor_name": "nova-api --dev", "driver_version": "1.0.0", "timestamp": s.o.Store.NowMicro()}
	}
	return map[string]any{"pools": []any{pool}}, nil
}
