package volume

import (
	"net/http"
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
	if status := resource.Text(v, "status"); status != "available" && !resource.Bool(body, "force") && !(status == "in-use" && since(r, 66)) {
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

// since tells whether a request asks for microversion 3.n or a later one.
func since(r *resource.Request, n int) bool {
	_, minor, _ := strings.Cut(r.Header.Get("OpenStack-API-Version"), "volume 3.")
	asked, err := strconv.Atoi(minor)
	return err == nil && asked >= n
}

// snapshotAction resets the status of a snapshot, which is all that can be done to one.
func (s *Service) snapshotAction(r *resource.Request) (any, error) {
	d, err := s.find(snapshots, r.PathValue("id"), r.Caller)
	if err != nil {
		return nil, err
	}
	body, err := r.Body("os-reset_status")
	if err != nil {
		return nil, err
	}
	_, err = s.o.Store.Update(snapshots, resource.Text(d, "id"), func(d resource.Doc) error { d["status"] = resource.Or(body, "status", d["status"]); return nil })
	return &resource.Reply{Status: http.StatusAccepted}, err
}

func zones(*resource.Request) (any, error) {
	return map[string]any{"availabilityZoneInfo": []any{map[string]any{"zoneName": "nova", "zoneState": map[string]bool{"available": true}}}}, nil
}

func services(*resource.Request) (any, error) {
	return map[string]any{"services": []any{map[string]any{"binary": "cinder-volume", "host": "dev@lvm", "zone": "nova", "status": "enabled", "state": "up", "updated_at": resource.NowMicro(), "disabled_reason": nil,
		"frozen": false, "active_backend_id": nil, "replication_status": "disabled"}}}, nil
}
