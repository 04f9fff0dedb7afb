package volume

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

func (s *Service) createAttachment(r *resource.Request) (any, error) {
	body, err := r.Body("attachment")
	if err != nil {
		return nil, err
	}
	id := resource.Text(body, "volume_uuid")
	v, err := s.find(volumes, id, r.Caller)
	if err != nil {
		return nil, err
	}
	a, err := s.Attach(id, resource.Text(body, "instance_uuid"), resource.Text(v, "_project"))
	if err != nil {
		return nil, err
	}
	if c := resource.Object(body, "connector"); len(c) > 0 {
		if a, err = s.connect(resource.Text(a, "id"), c); err != nil {
			return nil, err
		}
	}
	return &resource.Reply{Status: http.StatusOK, Body: map[string]any{"attachment": resource.Shown(a)}}, nil
}

// Attach creates an attachment that reserves a volume for a server.
func (s *Service) Attach(volume, server, project string) (resource.Doc, error) {
	_, err := s.o.Store.Update(volumes, volume, func(v resource.Doc) error {
		status, expected := resource.Text(v, "status"), []string{"available", "downloading"}
		if resource.Bool(v, "multiattach") {
			expected = []string{"available", "in-use", "downloading"}
		}
		switch {
		case strings.Contains(status, "error"):
			return bad("Invalid volume: Volume attachments can not be created if the volume is in an error state. "+
				"The Volume %s currently has a status of: %s ", volume, status)
		case slices.Contains(expected, status):
			v["status"] = "reserved"
		case (status == "in-use" || status == "reserved") && s.attachedTo(volume, server): // a migration of the server
		default:
			last := len(expected) - 1
			return bad("Invalid volume: Volume %s status must be %s or %s to reserve, but the current status is %s.", volume,
				strings.Join(expected[:last], ", "), expected[last], status)
		}
		return nil
	})
	if errors.Is(err, resource.ErrNotFound) {
		err = missing(volumes, volume)
	}
	if err != nil {
		return nil, err
	}
	id := uuid.NewString()
	a := resource.Doc{"id": id, "volume_id": volume, "instance": server, "status": "reserved", "attach_mode": nil, "attached_at": nil,
		"detached_at": nil, "connection_info": resource.Doc{}, "_project": project}
	return a, s.o.Store.Put(attachments, id, a)
}

func (s *Service) attachedTo(volume, server string) bool {
	for _, a := range s.o.Store.Find(attachments, "volume_id", volume) {
		if a["instance"] == server {
			return true
		}
	}
	return false
}

func (s *Service) showAttachment(r *resource.Request) (any, error) {
	a, err := s.find(attachments, r.PathValue("id"), r.Caller)
	return map[string]any{"attachment": resource.Shown(a)}, err
}

func (s *Service) updateAttachment(r *resource.Request) (any, error) {
	a, err := s.find(attachments, r.PathValue("id"), r.Caller)
	if err != nil {
		return nil, err
	}
	body, err := r.Body("attachment")
	if err != nil {
		return nil, err
	}
	a, err = s.connect(resource.Text(a, "id"), resource.Object(body, "connector"))
	return map[string]any{"attachment": resource.Shown(a)}, err
}

// connect sets the connector of a host in an attachment.
func (s *Service) connect(id string, connector resource.Doc) (resource.Doc, error) {
	a, err := s.o.Store.Update(attachments, id, func(a resource.Doc) error {
		a["status"], a["attach_mode"], a["_device"], a["_host"] = "attaching", "rw", connector["mountpoint"], connector["host"]
		a["attached_at"] = s.o.Store.NowMicro()
		a["connection_info"] = resource.Doc{"driver_volume_type": "local", "volume_id": a["volume_id"], "attachment_id": id,
			"access_mode": "rw", "encrypted": false, "qos_specs": nil,
			"device_path": "/dev/dev/volume-" + resource.Text(a, "volume_id")}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return a, s.setStatus(resource.Text(a, "volume_id"), "attaching")
}

func (s *Service) completeAttachment(r *resource.Request) (any, error) {
	a, err := s.find(attachments, r.PathValue("id"), r.Caller)
	if err != nil {
		return nil, err
	}
	return &resource.Reply{Status: http.StatusNoContent}, s.complete(resource.Text(a, "id"))
}

func (s *Service) complete(id string) error {
	a, err := s.o.Store.Update(attachments, id, func(a resource.Doc) error { a["status"] = "attached"; return nil })
	if err != nil {
		return err
	}
	return s.setStatus(resource.Text(a, "volume_id"), "in-use")
}

// Connect completes an attachment to a host with a device name. It returns the connection info.
func (s *Service) Connect(attachment, host, device string) (resource.Doc, error) {
	a, err := s.connect(attachment, resource.Doc{"host": host, "mountpoint": device})
	if err != nil {
		return nil, err
	}
	return resource.Object(a, "connection_info"), s.complete(attachment)
}

func (s *Service) deleteAttachment(r *resource.Request) (any, error) {
	a, err := s.find(attachments, r.PathValue("id"), r.Caller)
	if err != nil {
		return nil, err
	}
	left := []any{}
	if err := s.Detach(resource.Text(a, "id")); err != nil {
		return nil, err
	}
	for _, other := range s.o.Store.Find(attachments, "volume_id", a["volume_id"]) {
		left = append(left, resource.Shown(other))
	}
	return &resource.Reply{Status: http.StatusOK, Body: map[string]any{"attachments": left}}, nil
}

// Detach deletes an attachment. It is not an error if the attachment does not exist.
func (s *Service) Detach(id string) error {
	a := s.o.Store.Get(attachments, id)
	if a == nil {
		return nil
	}
	if _, err := s.o.Store.Delete(attachments, id); err != nil {
		return err
	}
	volume := resource.Text(a, "volume_id")
	status := "available"
	for _, other := range s.o.Store.Find(attachments, "volume_id", volume) {
		if status = "reserved"; other["status"] == "attached" {
			status = "in-use"
			break
		}
	}
	if err := s.setStatus(volume, status); err != nil && !errors.Is(err, resource.ErrNotFound) {
		return err
	}
	return nil
}

// attachByHand handles os-attach: it records that a server or a host uses the volume, without a
// connection.
func (s *Service) attachByHand(_ *resource.Request, d, body resource.Doc) (any, error) {
	volume, server, mode := resource.Text(d, "id"), resource.Text(body, "instance_uuid"), resource.Or(body, "mode", "rw")
	if status := resource.Text(d, "status"); status == "available" || !s.attachedTo(volume, server) {
		if status != "available" && status != "attaching" && !resource.Bool(d, "multiattach") {
			return nil, bad("Invalid volume: status must be available, downloading, reserved or attaching to attach, but the current status is "+
				"%s.", status)
		}
		id := uuid.NewString()
		a := resource.Doc{"id": id, "volume_id": volume, "instance": orNil(server), "status": "attached", "attach_mode": mode,
			"attached_at": s.o.Store.NowMicro(), "detached_at": nil,
			"connection_info": resource.Doc{}, "_project": d["_project"], "_device": body["mountpoint"], "_host": body["host_name"]}
		if err := s.o.Store.Put(attachments, id, a); err != nil {
			return nil, err
		}
	}
	return accepted(s.change(d, func(d resource.Doc) error {
		all := resource.Doc{}
		maps.Copy(all, resource.Object(d, "metadata"))
		maps.Copy(all, resource.Doc{"attached_mode": mode, "readonly": resource.Or(all, "readonly", "False")})
		d["status"], d["metadata"] = "in-use", all
		return nil
	}))
}

// detachByHand handles os-detach for one attachment, or for the only one. It refuses attachments
// that Nova has created.
func (s *Service) detachByHand(_ *resource.Request, d, body resource.Doc) (any, error) {
	for _, a := range s.o.Store.Find(attachments, "volume_id", d["id"]) {
		if one := resource.Text(body, "attachment_id"); one != "" && one != a["id"] {
			continue
		}
		if len(resource.Object(a, "connection_info")) > 0 {
			return nil, resource.Errorf(http.StatusConflict, "",
				"ConflictNovaUsingAttachment: Detach volume from instance %s using the Compute API", a["instance"])
		}
		err := s.change(d, func(d resource.Doc) error {
			all := maps.Clone(resource.Object(d, "metadata"))
			delete(all, "attached_mode")
			d["metadata"] = all
			return nil
		})
		if err != nil {
			return nil, err
		}
		return accepted(s.Detach(resource.Text(a, "id")))
	}
	return accepted(nil)
}
