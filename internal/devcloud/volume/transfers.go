package volume

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// awaiting is the status of a volume with a transfer.
const awaiting = "awaiting-transfer"

// registerTransfers registers the operations on transfers of volumes to other projects, at the path
// since microversion 3.55 and at the earlier one.
func (s *Service) registerTransfers() {
	for _, path := range []string{"/v3/volume-transfers", "/v3/os-volume-transfer"} {
		s.mux.Handle("GET "+path, s.listTransfers([]string{"id", "volume_id", "name", "links"}))
		s.mux.Handle("GET "+path+"/detail", s.listTransfers(nil))
		s.mux.Handle("POST "+path, s.createTransfer)
		s.mux.Handle("GET "+path+"/{id}", func(r *resource.Request) (any, error) {
			d, err := s.transfer(r)
			return map[string]any{"transfer": resource.Shown(d)}, err
		})
		s.mux.Handle("DELETE "+path+"/{id}", s.deleteTransfer)
		s.mux.Handle("POST "+path+"/{id}/accept", s.acceptTransfer)
	}
}

func missingTransfer(id string) error {
	return resource.Errorf(http.StatusNotFound, "", "Transfer %s could not be found.", id)
}

// transfer returns a transfer of the caller's project.
func (s *Service) transfer(r *resource.Request) (resource.Doc, error) {
	d := s.o.Store.Get(transfers, r.PathValue("id"))
	if d == nil || !r.Caller.Can(resource.Text(d, "source_project_id")) {
		return nil, missingTransfer(r.PathValue("id"))
	}
	return d, nil
}

func (s *Service) listTransfers(fields []string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		list := []any{}
		for _, d := range s.o.Store.All(transfers) {
			if d["source_project_id"] != r.Caller.ProjectID && (!r.Caller.Admin || r.URL.Query().Get("all_tenants") == "") {
				continue
			}
			d = resource.Shown(d)
			if fields != nil {
				brief := resource.Doc{}
				for _, f := range fields {
					brief[f] = d[f]
				}
				d = brief
			}
			list = append(list, d)
		}
		return map[string]any{"transfers": list}, nil
	}
}

func (s *Service) createTransfer(r *resource.Request) (any, error) {
	body, err := r.Body("transfer")
	if err != nil {
		return nil, err
	}
	v, err := s.find(volumes, resource.Text(body, "volume_id"), r.Caller)
	if err != nil {
		return nil, err
	}
	if v["status"] != "available" {
		return nil, bad("Invalid volume: status must be available")
	}
	var key [8]byte
	if _, err := rand.Read(key[:]); err != nil {
		return nil, err
	}
	id := uuid.NewString()
	d := resource.Doc{"id": id, "created_at": s.o.Store.NowMicro(), "name": body["name"], "volume_id": v["id"],
		"no_snapshots": resource.Bool(body, "no_snapshots"), "source_project_id": v["_project"], "destination_project_id": nil,
		"accepted": false, "_key": hex.EncodeToString(key[:]), "links": []any{
			map[string]string{"rel": "self", "href": s.o.URL + "/v3/os-volume-transfer/" + id},
			map[string]string{"rel": "bookmark", "href": s.o.URL + "/os-volume-transfer/" + id}}}
	reply := resource.Shown(d)
	reply["auth_key"] = d["_key"]
	if err := s.o.Store.Put(transfers, id, d); err != nil {
		return nil, err
	}
	return &resource.Reply{Status: http.StatusAccepted, Body: map[string]any{"transfer": reply}}, s.setStatus(resource.Text(v, "id"), awaiting)
}

func (s *Service) deleteTransfer(r *resource.Request) (any, error) {
	d, err := s.transfer(r)
	if err != nil {
		return nil, err
	}
	if _, err := s.o.Store.Delete(transfers, resource.Text(d, "id")); err != nil {
		return nil, err
	}
	return &resource.Reply{Status: http.StatusAccepted}, s.setStatus(resource.Text(d, "volume_id"), "available")
}

// acceptTransfer gives the volume to the project of a caller who has the key.
func (s *Service) acceptTransfer(r *resource.Request) (any, error) {
	body, err := r.Body("accept")
	if err != nil {
		return nil, err
	}
	d := s.o.Store.Get(transfers, r.PathValue("id"))
	if d == nil {
		return nil, missingTransfer(r.PathValue("id"))
	}
	id, volume, project := resource.Text(d, "id"), resource.Text(d, "volume_id"), r.Caller.ProjectID
	if body["auth_key"] != d["_key"] {
		return nil, bad("Invalid auth key: Attempt to transfer %s with invalid auth key.", id)
	}
	if _, err := s.o.Store.Delete(transfers, id); err != nil {
		return nil, err
	}
	if _, err := s.o.Store.Update(volumes, volume, func(v resource.Doc) error {
		v["status"], v["_project"], v["os-vol-tenant-attr:tenant_id"], v["user_id"] = "available", project, project, r.Caller.UserID
		return nil
	}); err != nil {
		return nil, err
	}
	for _, snapshot := range s.o.Store.Find(snapshots, "volume_id", volume) {
		if _, err := s.o.Store.Update(snapshots, resource.Text(snapshot, "id"), func(d resource.Doc) error {
			d["_project"], d["os-extended-snapshot-attributes:project_id"] = project, project
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return &resource.Reply{Status: http.StatusAccepted, Body: map[string]any{"transfer": resource.Doc{"id": id, "name": d["name"],
		"volume_id": volume, "links": d["links"]}}}, nil
}
