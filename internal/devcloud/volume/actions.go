package volume

import (
	"fmt"
	"maps"
	"net/http"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// volumeAction handles an action. d is the volume, a the body of the action.
type volumeAction func(r *resource.Request, d, a resource.Doc) (any, error)

// volumeActions returns the actions on volumes by their keys in bodies.
func (s *Service) volumeActions() map[string]volumeAction {
	return map[string]volumeAction{
		"os-reset_status":              s.resetStatus,
		"os-extend":                    s.extend,
		"os-set_bootable":              s.setBootable,
		"os-set_image_metadata":        s.setImageMetadata,
		"os-unset_image_metadata":      s.unsetImageMetadata,
		"os-show_image_metadata":       showImageMetadata,
		"os-reimage":                   s.reimage,
		"os-force_delete":              s.forceDelete,
		"os-volume_upload_image":       s.upload,
		"revert":                       s.revert,
		"os-update_readonly_flag":      s.setReadonly,
		"os-retype":                    s.retype,
		"os-reserve":                   s.toStatus("attaching"),
		"os-begin_detaching":           s.toStatus("detaching"),
		"os-roll_detaching":            s.toStatus("in-use"),
		"os-unreserve":                 s.toStatus("available"),
		"os-migrate_volume_completion": completeMigration,
		"os-attach":                    s.attachByHand,
		"os-detach":                    s.detachByHand,
		"os-initialize_connection":     initialize,
		"os-terminate_connection":      accept,
		"os-force_detach":              accept,
	}
}

// action answers POST volumes/ID/action.
func (s *Service) action(r *resource.Request) (any, error) {
	d, err := s.find(volumes, r.PathValue("id"), r.Caller)
	if err != nil {
		return nil, err
	}
	body, err := r.Body("")
	if err != nil {
		return nil, err
	}
	for name := range body {
		do := s.actions[name]
		if do == nil {
			return nil, bad("There is no such action: %s.", name)
		}
		return do(r, d, resource.Object(body, name))
	}
	return nil, bad("Malformed request body")
}

// accepted returns the answer of actions that Cinder completes later; here they are complete.
func accepted(err error) (any, error) { return &resource.Reply{Status: http.StatusAccepted}, err }

// ended returns the answer of actions that Cinder completes before it answers.
func ended(err error) (any, error) { return &resource.Reply{Status: http.StatusOK}, err }

func withMetadata(metadata any) any {
	return &resource.Reply{Status: http.StatusOK, Body: map[string]any{"metadata": metadata}}
}

// accept handles actions without effect here, because volumes have no connections.
func accept(*resource.Request, resource.Doc, resource.Doc) (any, error) { return accepted(nil) }

// initialize answers with the connection of a volume to a host: volumes have no content, and there
// is nothing to connect to.
func initialize(_ *resource.Request, d, a resource.Doc) (any, error) {
	connector, given := a["connector"].(resource.Doc)
	if !given {
		return nil, bad("Invalid input for field/attribute os-initialize_connection. 'connector' is a required property")
	}
	if connector["initiator"] == nil {
		return nil, bad("Invalid input received: Connector doesn't have required information: initiator")
	}
	return &resource.Reply{Status: http.StatusOK, Body: map[string]any{"connection_info": resource.Doc{"driver_volume_type": "iscsi",
		"enforce_multipath": false, "data": resource.Doc{"access_mode": "rw", "qos_specs": nil, "encrypted": false, "cacheable": false,
			"enforce_multipath": false, "volume_id": d["id"]}}}}, nil
}

// change changes a volume.
func (s *Service) change(d resource.Doc, f func(resource.Doc) error) error {
	_, err := s.o.Store.Update(volumes, resource.Text(d, "id"), f)
	return err
}

func (s *Service) resetStatus(_ *resource.Request, d, a resource.Doc) (any, error) {
	if status := resource.Text(a, "status"); status == "deleting" || status == "error_deletingdetaching" { // Cinder joins two names
		return nil, bad("Cannot reset-state to %s", status)
	} else if status == "in-use" && len(s.o.Store.Find(attachments, "volume_id", d["id"])) == 0 {
		return nil, bad("Cannot reset-state to in-use because volume does not have any attachments.")
	}
	return accepted(s.change(d, func(d resource.Doc) error {
		for _, name := range []string{"status", "migration_status"} {
			d[name] = resource.Or(a, name, d[name])
		}
		return nil
	}))
}

func (s *Service) extend(_ *resource.Request, d, a resource.Doc) (any, error) {
	return accepted(s.change(d, func(d resource.Doc) error {
		size := resource.Int(a, "new_size")
		if size <= resource.Int(d, "size") {
			return bad("Invalid input received: New size for extend must be greater than current size. (current: %d, extended: %d).",
				resource.Int(d, "size"), size)
		}
		d["size"] = size
		return nil
	}))
}

func (s *Service) setBootable(_ *resource.Request, d, a resource.Doc) (any, error) {
	return ended(s.change(d, func(d resource.Doc) error { d["bootable"] = fmt.Sprint(resource.Bool(a, "bootable")); return nil }))
}

func (s *Service) setImageMetadata(_ *resource.Request, d, a resource.Doc) (any, error) {
	all := resource.Doc{}
	err := s.change(d, func(d resource.Doc) error {
		maps.Copy(all, resource.Object(d, imageMetadata))
		maps.Copy(all, resource.Object(a, "metadata"))
		d[imageMetadata] = all
		return nil
	})
	return withMetadata(all), err
}

func (s *Service) unsetImageMetadata(_ *resource.Request, d, a resource.Doc) (any, error) {
	return ended(s.change(d, func(d resource.Doc) error {
		all := maps.Clone(resource.Object(d, imageMetadata))
		if _, there := all[resource.Text(a, "key")]; !there {
			return noImageMetadata(d)
		}
		if delete(all, resource.Text(a, "key")); len(all) == 0 {
			delete(d, imageMetadata)
			return nil
		}
		d[imageMetadata] = all
		return nil
	}))
}

func showImageMetadata(_ *resource.Request, d, _ resource.Doc) (any, error) {
	if d[imageMetadata] == nil {
		return nil, noImageMetadata(d)
	}
	return withMetadata(d[imageMetadata]), nil
}

func (s *Service) forceDelete(r *resource.Request, d, _ resource.Doc) (any, error) {
	if err := adminsOnly(r, "volume_extension:volume_admin_actions:force_delete"); err != nil {
		return nil, err
	}
	return accepted(s.Delete(resource.Text(d, "id")))
}

// revert checks a revert to a snapshot. It changes nothing, because volumes have no content.
func (s *Service) revert(_ *resource.Request, d, a resource.Doc) (any, error) {
	snapshot := resource.Text(a, "snapshot_id")
	if resource.Text(s.o.Store.Get(snapshots, snapshot), "volume_id") != resource.Text(d, "id") {
		return nil, missing(snapshots, snapshot)
	}
	return accepted(nil)
}

func (s *Service) setReadonly(_ *resource.Request, d, a resource.Doc) (any, error) {
	return accepted(s.change(d, func(d resource.Doc) error {
		all := maps.Clone(resource.Object(d, "metadata"))
		all["readonly"] = map[bool]string{true: "True", false: "False"}[resource.Bool(a, "readonly")]
		d["metadata"] = all
		return nil
	}))
}

func (s *Service) retype(_ *resource.Request, d, a resource.Doc) (any, error) {
	return accepted(s.change(d, func(d resource.Doc) error {
		kind := s.typeNamed(resource.Text(a, "new_type"))
		if kind == nil {
			return bad("Volume type %s could not be found.", a["new_type"])
		}
		d["volume_type"], d["volume_type_id"] = kind["name"], kind["id"]
		return nil
	}))
}

// toStatus returns an action that only sets the status of a volume.
func (s *Service) toStatus(status string) volumeAction {
	return func(_ *resource.Request, d, _ resource.Doc) (any, error) {
		return accepted(s.setStatus(resource.Text(d, "id"), status))
	}
}

func completeMigration(_ *resource.Request, d, _ resource.Doc) (any, error) {
	return &resource.Reply{Status: http.StatusOK, Body: map[string]any{"save_volume_id": d["id"]}}, nil
}

// upload creates an image from a volume.
func (s *Service) upload(r *resource.Request, d, a resource.Doc) (any, error) {
	if status := resource.Text(d, "status"); status != "available" && !resource.Bool(a, "force") {
		return nil, bad("Invalid volume: Volume %s status must be available or in-use, but current status is: %s.", d["id"], status)
	}
	fields := resource.Doc{"name": a["image_name"], "disk_format": resource.Or(a, "disk_format", "raw"),
		"container_format": resource.Or(a, "container_format", "bare"),
		"visibility":       resource.Or(a, "visibility", "shared"), "protected": resource.Bool(a, "protected"), "min_disk": d["size"]}
	id, err := s.o.Upload(r.Caller.ProjectID, fields)
	if err != nil {
		return nil, err
	}
	return &resource.Reply{Status: http.StatusAccepted, Body: map[string]any{"os-volume_upload_image": resource.Doc{"id": d["id"],
		"updated_at": d["updated_at"], "status": "uploading",
		"display_description": d["description"], "size": d["size"], "volume_type": s.typeNamed(resource.Text(d, "volume_type")), "image_id": id,
		"image_name":       fields["name"],
		"container_format": fields["container_format"], "disk_format": fields["disk_format"], "visibility": fields["visibility"],
		"protected": fields["protected"]}}}, nil
}

// imageMetadata is the field with the metadata that a volume has from its image.
const imageMetadata = "volume_image_metadata"

func noImageMetadata(d resource.Doc) error {
	return resource.Errorf(http.StatusNotFound, "", "Glance metadata for volume/snapshot %s cannot be found.", d["id"])
}

// metadataOf returns the metadata that a volume has from an image.
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

// reimage replaces the image of a volume, since microversion 3.68.
func (s *Service) reimage(r *resource.Request, d, a resource.Doc) (any, error) {
	if !hasMicroversion(r, 68) {
		return nil, resource.Errorf(http.StatusNotFound, "", "The resource could not be found.")
	}
	return accepted(s.Reimage(resource.Text(d, "id"), resource.Text(a, "image_id"), resource.Bool(a, "reimage_reserved")))
}

// Reimage replaces the image of a volume. reserved allows it for a volume that is reserved for a
// server.
func (s *Service) Reimage(volume, id string, reserved bool) error {
	image := s.o.Image(id)
	if image == nil {
		return resource.Errorf(http.StatusNotFound, "", "Image %s could not be found.", id)
	}
	_, err := s.o.Store.Update(volumes, volume, func(d resource.Doc) error {
		statuses, status := "available or error", resource.Text(d, "status")
		if reserved {
			statuses += " or reserved"
		}
		switch {
		case status != "available" && status != "error" && (status != "reserved" || !reserved):
			return bad("Invalid volume: Volume %s status must be %s, but current status is %s.", d["id"], statuses, status)
		case resource.Int(image, "min_disk") > resource.Int(d, "size"):
			return bad("Invalid input received: Volume size %dGB cannot be smaller than the image minDisk size %dGB.", resource.Int(d, "size"),
				resource.Int(image, "min_disk"))
		case status == "error":
			d["status"] = "available"
		}
		d[imageMetadata], d["bootable"] = metadataOf(id, image), "true"
		return nil
	})
	return err
}
