package volume

import (
	"fmt"
	"maps"
	"net/http"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// action is what POST volumes/ID/action asks for.
func (s *Service) action(r *resource.Request) (any, error) {
	d, err := s.find(volumes, r.PathValue("id"), r.Caller)
	if err != nil {
		return nil, err
	}
	body, err := r.Body("")
	if err != nil {
		return nil, err
	}
	id, accepted := resource.Text(d, "id"), &resource.Reply{Status: http.StatusAccepted}
	for name := range body {
		a := resource.Object(body, name)
		change := func(f func(resource.Doc) error) (any, error) {
			_, err := s.o.Store.Update(volumes, id, f)
			return accepted, err
		}
		switch name {
		case "os-reset_status":
			return change(func(d resource.Doc) error { d["status"] = resource.Or(a, "status", d["status"]); return nil })
		case "os-extend":
			return change(func(d resource.Doc) error {
				if n := resource.Int(a, "new_size"); n > resource.Int(d, "size") {
					d["size"] = n
					return nil
				}
				return bad("Invalid input received: New size for extend must be greater than current size. (current: %d, extended: %d).", resource.Int(d, "size"), resource.Int(a, "new_size"))
			})
		case "os-set_bootable":
			return change(func(d resource.Doc) error { d["bootable"] = fmt.Sprint(resource.Bool(a, "bootable")); return nil })
		case "os-set_image_metadata":
			return change(func(d resource.Doc) error {
				all := resource.Doc{}
				maps.Copy(all, resource.Object(d, "volume_image_metadata"))
				maps.Copy(all, resource.Object(a, "metadata"))
				d["volume_image_metadata"] = all
				return nil
			})
		case "os-unset_image_metadata":
			return change(func(d resource.Doc) error {
				all := maps.Clone(resource.Object(d, "volume_image_metadata"))
				delete(all, resource.Text(a, "key"))
				d["volume_image_metadata"] = all
				return nil
			})
		case "os-show_image_metadata":
			return &resource.Reply{Status: http.StatusOK, Body: map[string]any{"metadata": resource.Object(d, "volume_image_metadata")}}, nil
		case "os-volume_upload_image":
			return s.upload(r, d, a)
		case "revert":
			if resource.Text(s.o.Store.Get(snapshots, resource.Text(a, "snapshot_id")), "volume_id") != id {
				return nil, missing(snapshots, resource.Text(a, "snapshot_id"))
			}
			return accepted, nil // there is nothing in volumes
		case "os-update_readonly_flag":
			return change(func(d resource.Doc) error {
				all := maps.Clone(resource.Object(d, "metadata"))
				all["readonly"] = map[bool]string{true: "True", false: "False"}[resource.Bool(a, "readonly")]
				d["metadata"] = all
				return nil
			})
		case "os-retype":
			return change(func(d resource.Doc) error {
				kind := s.typeNamed(resource.Text(a, "new_type"))
				if kind == nil {
					return bad("Volume type %s could not be found.", a["new_type"])
				}
				d["volume_type"], d["volume_type_id"] = kind["name"], kind["id"]
				return nil
			})
		case "os-reserve", "os-begin_detaching", "os-roll_detaching", "os-unreserve":
			status := map[string]string{"os-reserve": "attaching", "os-begin_detaching": "detaching", "os-roll_detaching": "in-use", "os-unreserve": "available"}[name]
			return change(func(d resource.Doc) error { d["status"] = status; return nil })
		case "os-migrate_volume_completion":
			return &resource.Reply{Status: http.StatusOK, Body: map[string]any{"save_volume_id": id}}, nil
		case "os-attach", "os-detach", "os-terminate_connection", "os-force_detach":
			return accepted, nil
		}
		return nil, bad("There is no such action: %s.", name)
	}
	return nil, bad("Malformed request body")
}

// upload makes an image of a volume, which holds nothing.
func (s *Service) upload(r *resource.Request, d, a resource.Doc) (any, error) {
	if status := resource.Text(d, "status"); status != "available" && !resource.Bool(a, "force") {
		return nil, bad("Invalid volume: Volume %s status must be available or in-use, but current status is: %s.", d["id"], status)
	}
	fields := resource.Doc{"name": a["image_name"], "disk_format": resource.Or(a, "disk_format", "raw"), "container_format": resource.Or(a, "container_format", "bare"),
		"visibility": resource.Or(a, "visibility", "shared"), "protected": resource.Bool(a, "protected"), "min_disk": d["size"]}
	id, err := s.o.Upload(r.Caller.ProjectID, fields)
	if err != nil {
		return nil, err
	}
	return &resource.Reply{Status: http.StatusAccepted, Body: map[string]any{"os-volume_upload_image": resource.Doc{"id": d["id"], "updated_at": d["updated_at"], "status": "uploading",
		"display_description": d["description"], "size": d["size"], "volume_type": s.typeNamed(resource.Text(d, "volume_type")), "image_id": id, "image_name": fields["name"],
		"container_format": fields["container_format"], "disk_format": fields["disk_format"], "visibility": fields["visibility"], "protected": fields["protected"]}}}, nil
}
