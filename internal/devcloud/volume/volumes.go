package volume

import (
	"cmp"
	"maps"
	"net/http"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// NewVolume has the parameters of a new volume.
type NewVolume struct {
	Project, User, Name, Description string
	Size                             int64 // GiB; 0: the size of the source
	Image, Snapshot, Volume, Type    string
	Zone                             string
	Metadata                         resource.Doc
	Multiattach                      bool
	Group                            string
}

func (s *Service) createVolume(r *resource.Request) (any, error) {
	body, err := r.Body("volume")
	if err != nil {
		return nil, err
	}
	image := resource.Text(body, "imageRef")
	if image == "" {
		image = resource.Text(body, "image_id")
	}
	group := resource.Text(body, "group_id")
	if group != "" {
		if err := s.inGroup(r, group, s.typeFor(r.Caller.ProjectID, resource.Text(body, "volume_type"))); err != nil {
			return nil, err
		}
	}
	d, err := s.Create(NewVolume{Group: group, Project: r.Caller.ProjectID, User: r.Caller.UserID, Name: resource.Text(body, "name"),
		Description: resource.Text(body, "description"),
		Size:        resource.Int(body, "size"), Image: image, Snapshot: resource.Text(body, "snapshot_id"),
		Volume: resource.Text(body, "source_volid"), Type: resource.Text(body, "volume_type"),
		Zone: resource.Text(body, "availability_zone"), Metadata: resource.Object(body, "metadata"),
		Multiattach: resource.Bool(body, "multiattach")})
	if err != nil {
		return nil, err
	}
	return &resource.Reply{Status: http.StatusAccepted, Body: map[string]any{"volume": resource.Shown(s.view(d))}}, nil
}

// Create creates a volume, which is available at once.
func (s *Service) Create(n NewVolume) (resource.Doc, error) {
	d := resource.Doc{"bootable": "false", "snapshot_id": nil, "source_volid": nil}
	least, err := s.source(n, d)
	if err != nil {
		return nil, err
	}
	if n.Size == 0 {
		n.Size = least
	}
	if n.Size < least {
		return nil, bad("Invalid input received: Volume size '%d'GB cannot be smaller than the source's %dGB.", n.Size, least)
	}
	kind := s.typeFor(n.Project, n.Type)
	if kind == nil {
		return nil, resource.Errorf(http.StatusNotFound, "", "Volume type with name %s could not be found.", n.Type)
	}
	id, now := uuid.NewString(), s.o.Store.NowMicro()
	maps.Copy(d, map[string]any{"id": id, "name": n.Name, "description": orNil(n.Description), "size": n.Size, "status": "available",
		"availability_zone": cmp.Or(n.Zone, "nova"),
		"created_at":        now, "updated_at": now, "volume_type": kind["name"], "volume_type_id": kind["id"], "user_id": n.User,
		"multiattach": n.Multiattach || multiattach(kind), "encrypted": false,
		"consistencygroup_id": nil, "replication_status": nil, "metadata": orEmpty(n.Metadata), "links": s.links(id),
		"os-vol-tenant-attr:tenant_id": n.Project,
		"os-vol-host-attr:host":        "dev@lvm#lvm", "os-vol-mig-status-attr:migstat": nil, "os-vol-mig-status-attr:name_id": nil,
		"migration_status": nil, "group_id": orNil(n.Group),
		"provider_id": nil, "service_uuid": "00000000-0000-4000-8000-000000000001", "shared_targets": false, "cluster_name": nil,
		"consumes_quota": true, "_project": n.Project})
	return d, s.o.Store.Put(volumes, id, d)
}

// source copies the fields of the image, snapshot or volume that a new volume d is created from,
// and returns the minimum size in GiB. Without a source the request must have a size.
func (s *Service) source(n NewVolume, d resource.Doc) (least int64, err error) {
	switch {
	case n.Image != "":
		return s.fromImage(n.Image, d)
	case n.Snapshot != "":
		return s.fromSnapshot(n.Snapshot, d)
	case n.Volume != "":
		source := s.Get(n.Volume)
		if source == nil {
			return 0, missing(volumes, n.Volume)
		}
		d["source_volid"] = n.Volume
		return copyOf(source, d), nil
	case n.Size <= 0:
		return 0, bad("Invalid input received: Invalid volume size provided for create request: %d (size argument must be an integer (or "+
			"string representation of an integer) and greater than zero).", n.Size)
	}
	return 1, nil
}

func (s *Service) fromImage(id string, d resource.Doc) (least int64, err error) {
	image := s.o.Image(id)
	if image == nil {
		return 0, bad("Invalid image identifier or unable to access requested image.")
	}
	d[imageMetadata], d["bootable"] = metadataOf(id, image), "true"
	return max(1, resource.Int(image, "min_disk")), nil
}

func (s *Service) fromSnapshot(id string, d resource.Doc) (least int64, err error) {
	snapshot := s.o.Store.Get(snapshots, id)
	if snapshot == nil {
		return 0, missing(snapshots, id)
	}
	d["snapshot_id"] = id
	least = max(1, resource.Int(snapshot, "size"))
	if source := s.Get(resource.Text(snapshot, "volume_id")); source != nil {
		least = max(least, copyOf(source, d))
	}
	return least, nil
}

// copyOf copies fields of a volume to a new volume d, and returns the size of the source.
func copyOf(source, d resource.Doc) (size int64) {
	d["bootable"] = source["bootable"]
	if meta, ok := source[imageMetadata]; ok {
		d[imageMetadata] = meta
	}
	return max(1, resource.Int(source, "size"))
}

func (s *Service) links(id string) []any {
	return []any{map[string]string{"rel": "self", "href": s.o.URL + "/v3/volumes/" + id},
		map[string]string{"rel": "bookmark", "href": s.o.URL + "/volumes/" + id}}
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func orEmpty(d resource.Doc) resource.Doc {
	if d == nil {
		return resource.Doc{}
	}
	return d
}

func (s *Service) deleteVolume(r *resource.Request) (any, error) {
	d, err := s.find(volumes, r.PathValue("id"), r.Caller)
	if err != nil {
		return nil, err
	}
	id := resource.Text(d, "id")
	if r.URL.Query().Get("cascade") != "" {
		err = s.Delete(id)
	} else {
		err = s.DeleteUnused(id)
	}
	return &resource.Reply{Status: http.StatusAccepted}, err
}

// DeleteUnused deletes a volume as Cinder's API does without cascade: it refuses one that is in
// use, or that has snapshots.
func (s *Service) DeleteUnused(id string) error {
	switch status := resource.Text(s.Get(id), "status"); {
	case len(s.o.Store.Find(snapshots, "volume_id", id)) > 0, status == "in-use", status == "attaching", status == "detaching",
		status == "reserved", status == awaiting:
		return bad("Invalid volume: Volume status must be available or error or error_restoring or error_extending or error_managing and " +
			"must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated from snapshots after " +
			"volume transfer.")
	}
	return s.Delete(id)
}

// Get returns a volume, or nil.
func (s *Service) Get(id string) resource.Doc { return s.o.Store.Get(volumes, id) }

// Delete deletes a volume and its snapshots.
func (s *Service) Delete(id string) error {
	for _, snapshot := range s.o.Store.Find(snapshots, "volume_id", id) {
		if _, err := s.o.Store.Delete(snapshots, resource.Text(snapshot, "id")); err != nil {
			return err
		}
	}
	_, err := s.o.Store.Delete(volumes, id)
	return err
}

func (s *Service) setStatus(id, status string) error {
	_, err := s.o.Store.Update(volumes, id, func(d resource.Doc) error { d["status"] = status; return nil })
	return err
}
