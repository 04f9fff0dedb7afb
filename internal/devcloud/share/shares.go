package share

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// protocols are the protocols of shares.
var protocols = []string{"NFS", "CIFS", "CEPHFS"}

// create creates a share, which is available at once.
func (s *Service) create(r *resource.Request) (any, error) {
	body, err := r.Body("share")
	if err != nil {
		return nil, err
	}
	protocol, size := strings.ToUpper(resource.Text(body, "share_proto")), resource.Int(body, "size")
	if from := resource.Text(body, "snapshot_id"); from != "" {
		snapshot := s.o.Store.Get(snapshots, from)
		if snapshot == nil || !sees(r.Caller, snapshot) {
			return nil, missing(snapshots, from)
		}
		size = cmp.Or(size, resource.Int(snapshot, "share_size"))
	}
	if size <= 0 {
		return nil, bad("Invalid share size: %v", body["size"])
	}
	if !slices.Contains(protocols, protocol) {
		return nil, bad("Invalid share protocol provided: %s. It is either disabled or unsupported. Available protocols: %s", protocol,
			strings.Join(protocols, ", "))
	}
	kind := s.typeNamed(cmp.Or(resource.Text(body, "share_type"), defaultType))
	if kind == nil {
		return nil, missing(types, resource.Text(body, "share_type"))
	}
	id, now := uuid.NewString(), s.o.Store.NowMicro()
	d := resource.Doc{"id": id, "name": cmp.Or(resource.Text(body, "name"), resource.Text(body, "display_name")),
		"description": resource.Or(body, "description", body["display_description"]), "size": size, "share_proto": protocol,
		"status": "available", "availability_zone": resource.Or(body, "availability_zone", "nova"), "created_at": now, "updated_at": now,
		"host": "dev@fs#fs", "is_public": resource.Bool(body, "is_public"), "metadata": resource.Object(body, "metadata"),
		"project_id": r.Caller.ProjectID, "user_id": r.Caller.UserID, "share_type": kind["id"], "share_type_name": kind["name"],
		"snapshot_id": body["snapshot_id"], "share_network_id": body["share_network_id"], "share_server_id": nil, "share_group_id": nil,
		"source_share_group_snapshot_member_id": nil, "task_state": nil, "has_replicas": false, "replication_type": nil,
		"access_rules_status": "active", "snapshot_support": true, "create_share_from_snapshot_support": true,
		"revert_to_snapshot_support": true, "mount_snapshot_support": false, "progress": "100%", "is_soft_deleted": false,
		"scheduled_to_be_deleted_at": nil, "source_backup_id": nil, "links": s.links("shares", id), "_project": r.Caller.ProjectID}
	if err := s.o.Store.Put(shares, id, d); err != nil {
		return nil, err
	}
	reply := resource.Shown(d)
	reply["status"], reply["progress"] = "creating", nil
	return &resource.Reply{Status: http.StatusOK, Body: map[string]any{"share": reply}}, nil
}

func (s *Service) delete(r *resource.Request) (any, error) {
	d, err := s.find(r, shares)
	if err != nil {
		return nil, err
	}
	return accepted(s.remove(d, false))
}

// remove deletes a share with its access rules. Snapshots, and without force locks, prevent it.
func (s *Service) remove(d resource.Doc, force bool) error {
	id := resource.Text(d, "id")
	if n := len(s.o.Store.Find(snapshots, "share_id", id)); n > 0 {
		return resource.Errorf(http.StatusForbidden, "", "Invalid share: Share has %d dependent snapshots.", n)
	}
	if err := s.locked(id, "delete"); err != nil && !force {
		return err
	}
	for _, rule := range s.o.Store.Find(rules, "share_id", id) {
		if err := s.removeRule(rule); err != nil {
			return err
		}
	}
	if err := s.unlock(id); err != nil {
		return err
	}
	_, err := s.o.Store.Delete(shares, id)
	return err
}

// exports returns the export location of a share, whose path depends on its protocol.
func (s *Service) exports(d resource.Doc) resource.Doc {
	id := resource.Text(d, "id")
	path := map[string]string{"NFS": "127.0.0.1:/shares/" + id, "CIFS": `\\127.0.0.1\` + id,
		"CEPHFS": "127.0.0.1:6789:/volumes/_nogroup/" + id}[resource.Text(d, "share_proto")]
	return resource.Doc{"id": uuid.NewSHA1(uuid.NameSpaceURL, []byte(id)).String(), "path": path, "preferred": true, "is_admin_only": false,
		"share_instance_id": id, "created_at": d["created_at"], "updated_at": d["created_at"], "metadata": resource.Doc{}}
}

func (s *Service) exportLocations(r *resource.Request) (any, error) {
	d, err := s.find(r, shares)
	if err != nil {
		return nil, err
	}
	return map[string]any{"export_locations": []any{s.exports(d)}}, nil
}

func (s *Service) exportLocation(r *resource.Request) (any, error) {
	d, err := s.find(r, shares)
	if err != nil {
		return nil, err
	}
	at := s.exports(d)
	if at["id"] != r.PathValue("location") {
		return nil, resource.Errorf(http.StatusNotFound, "", "Export location %s could not be found.", r.PathValue("location"))
	}
	return map[string]any{"export_location": at}, nil
}

// action handles the actions of shares.
func (s *Service) action(r *resource.Request) (any, error) {
	d, err := s.find(r, shares)
	if err != nil {
		return nil, err
	}
	body, err := r.Body("")
	if err != nil {
		return nil, err
	}
	admin := []string{"reset_status", "force_delete"}
	for name, do := range map[string]func(r *resource.Request, share, body resource.Doc) (any, error){
		"allow_access": s.allow, "deny_access": s.deny, "access_list": s.rulesOf, // the latter before microversion 2.45
		"extend": s.resize(1), "shrink": s.resize(-1), "revert": s.revert,
		"reset_status": s.reset, "force_delete": func(_ *resource.Request, d, _ resource.Doc) (any, error) { return accepted(s.remove(d, true)) },
	} {
		if _, given := body[name]; !given {
			continue
		}
		if slices.Contains(admin, name) && !r.Caller.Admin {
			return nil, resource.Errorf(http.StatusForbidden, "", "Policy doesn't allow share:%s to be performed.", name)
		}
		return do(r, d, resource.Object(body, name))
	}
	return nil, bad("There is no such action: %s", strings.Join(slices.Sorted(maps.Keys(body)), ", "))
}

// resize returns the action that makes a share larger (1) or smaller (-1).
func (s *Service) resize(direction int) func(r *resource.Request, share, body resource.Doc) (any, error) {
	return func(_ *resource.Request, d, body resource.Doc) (any, error) {
		size, old := resource.Int(body, "new_size"), resource.Int(d, "size")
		if size <= 0 || cmp.Compare(size, old) != direction {
			than := "greater"
			if direction < 0 {
				than = "less"
			}
			return nil, bad("New size must be %s than current size and be positive. (current: %d, new: %d)", than, old, size)
		}
		return accepted(s.set(d, resource.Doc{"size": size}))
	}
}

func (s *Service) set(d, fields resource.Doc) error {
	_, err := s.o.Store.Update(shares, resource.Text(d, "id"), func(d resource.Doc) error {
		maps.Copy(d, fields)
		d["updated_at"] = s.o.Store.NowMicro()
		return nil
	})
	return err
}

func (s *Service) reset(_ *resource.Request, d, body resource.Doc) (any, error) {
	return accepted(s.set(d, resource.Doc{"status": body["status"]}))
}

// revert checks that the snapshot is the newest one of the share, which has no content to change.
func (s *Service) revert(_ *resource.Request, d, body resource.Doc) (any, error) {
	list := s.o.Store.Find(snapshots, "share_id", d["id"])
	if len(list) == 0 || list[len(list)-1]["id"] != body["snapshot_id"] {
		return nil, resource.Errorf(http.StatusConflict, "",
			"Specified snapshot ID can not be found, or is not the latest one of share %s.", d["id"])
	}
	return accepted(nil)
}

func (s *Service) createSnapshot(r *resource.Request) (any, error) {
	body, err := r.Body("snapshot")
	if err != nil {
		return nil, err
	}
	of := s.o.Store.Get(shares, resource.Text(body, "share_id"))
	if of == nil || !sees(r.Caller, of) {
		return nil, missing(shares, resource.Text(body, "share_id"))
	}
	id, now := uuid.NewString(), s.o.Store.NowMicro()
	d := resource.Doc{"id": id, "name": cmp.Or(resource.Text(body, "name"), resource.Text(body, "display_name")),
		"description": resource.Or(body, "description", body["display_description"]), "share_id": of["id"], "share_proto": of["share_proto"],
		"share_size": of["size"], "size": of["size"], "status": "available", "created_at": now, "updated_at": now,
		"project_id": r.Caller.ProjectID, "user_id": r.Caller.UserID, "metadata": resource.Object(body, "metadata"),
		"provider_location": nil, "links": s.links("snapshots", id), "_project": r.Caller.ProjectID}
	if err := s.o.Store.Put(snapshots, id, d); err != nil {
		return nil, err
	}
	reply := resource.Shown(d)
	reply["status"] = "creating"
	return &resource.Reply{Status: http.StatusAccepted, Body: map[string]any{"snapshot": reply}}, nil
}

func (s *Service) deleteSnapshot(r *resource.Request) (any, error) {
	d, err := s.find(r, snapshots)
	if err == nil {
		_, err = s.o.Store.Delete(snapshots, resource.Text(d, "id"))
	}
	return accepted(err)
}
