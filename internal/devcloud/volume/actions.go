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
	id, accepted, done := resource.Text(d, "id"), &resource.Reply{Status: http.StatusAccepted}, &resource.Reply{Status: http.StatusOK}
	for name := range body {
		a := resource.Object(body, name)
		change := func(f func(resource.Doc) error) (any, error) {
			_, err := s.o.Store.Update(volumes, id, f)
			return accepted, err
		}
		switch name {
		case "os-reset_status":
			return change(func(d resource.Doc) error {
				for _, name := range []string{"status", "migration_status"} {
					d[name] = resource.Or(a, name, d[name])
				}
				return nil
			})
		case "os-extend":
			return change(func(d resource.Doc) error {
				if n := resource.Int(a, "new_size"); n > resource.Int(d, "size") {
					d["size"] = n
					return nil
				}
				return bad("Invalid input received: New size for extend must be greater than current size. (current: %d, extended: %d).", resource.Int(d, "size"), resource.Int(a, "new_size"))
			})
		case "os-set_bootable":
			_, err := change(func(d resource.Doc) error { d["bootable"] = fmt.Sprint(resource.Bool(a, "bootable")); return nil })
			return done, err
		case "os-set_image_metadata":
			all := resource.Doc{}
			_, err := change(func(d resource.Doc) error {
				maps.Copy(all, resource.Object(d, imageMetadata))
				maps.Copy(all, resource.Object(a, "metadata"))
				d[imageMetadata] = all
				return nil
			})
			return &resource.Reply{Status: http.StatusOK, Body: map[string]any{"metadata": all}}, err
		case "os-unset_image_metadata":
			_, err := change(func(d resource.Doc) error {
				all := maps.Clone(resource.Object(d, imageMetadata))
				if _, there := all[resource.Text(a, "key")]; !there {
					return noImageMetadata(id)
				}
				if delete(all, resource.Text(a, "key")); len(all) == 0 {
					delete(d, imageMetadata)
					return nil
				}
				d[imageMetadata] = all
				return nil
			})
			return done, err
		case "os-show_image_metadata":
			if d[imageMetadata] == nil {
				return nil, noImageMetadata(id)
			}
			return &resource.Reply{Status: http.StatusOK, Body: map[string]any{"metadata": d[imageMetadata]}}, nil
		case "os-reimage":
			return accepted, s.reimage(r, d, a)
		case "os-force_delete":
			if err := adminsOnly(r, "volume_extension:volume_admin_actions:force_delete"); err != nil {
				return nil, err
			}
			return accepted, s.Delete(id)
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
		case "os-attach":
			return accepted, s.attachByHand(d, a)
		case "os-detach":
			return accepted, s.detachByHand(id, a)
		case "os-terminate_connection", "os-force_detach":
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

// imageMetadata is the field with what a volume has of its image.
const imageMetadata = "volume_image_metadata"

func noImageMetadata(id string) error {
	return resource.Errorf(http.StatusNotFound, "", "Glance metadata for volume/snapshot %s cannot be found.", id)
}

// metadataOf is what a volume has of an image.
func metadataOf(id string, image resource.Doc) resource.Doc {
	meta := resource.Doc{"image_id": id, "image_name": fmt.Sprint(image["name"])}
	for k, v := range image {
		if text, ok := v.(string); ok && k != "id" && k != "name" && k != "file" && k != "self" && k != "schema" && k != "owner" && k[0] != '_' {
			meta[k] = text
		}
	}
	for _, k := range []string{"min_disk", "min_ram", "size"} {
		meta[k] = fmt.Sprint(resource.Int(image, k))
	}
	return meta
}

// reimage makes a volume one of another image, from 3.68 on.
func (s *Service) reimage(r *resource.Request, d, a resource.Doc) error {
	id, image := resource.Text(a, "image_id"), resource.Doc(nil)
	if !since(r, 68) {
		return resource.Errorf(http.StatusNotFound, "", "The resource could not be found.")
	}
	if image = s.o.Image(id); image == nil {
		return resource.Errorf(http.StatusNotFound, "", "Image %s could not be found.", id)
	}
	_, err := s.o.Store.Update(volumes, resource.Text(d, "id"), func(d resource.Doc) error {
		statuses, status := "available or error", resource.Text(d, "status")
		if resource.Bool(a, "reimage_reserved") {
			statuses += " or reserved"
		}
		switch {
		case status != "available" && status != "error" && !(status == "reserved" && resource.Bool(a, "reimage_reserved")):
			return bad("Invalid volume: Volume %s status must be %s, but current status is %s.", d["id"], statuses, status)
		case resource.Int(image, "min_disk") > resource.Int(d, "size"):
			return bad("Invalid input received: Volume size %dGB cannot be smaller than the image minDisk size %dGB.", resource.Int(d, "size"), resource.Int(image, "min_disk"))
		case status == "error":
			d["status"] = "available"
		}
		d[imageMetadata], d["bootable"] = metadataOf(id, image), "true"
		return nil
	})
	return err
}
