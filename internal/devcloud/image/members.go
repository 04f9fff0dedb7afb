package image

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

func patchOf(r *resource.Request) ([]resource.Doc, error) {
	var list []resource.Doc
	if err := json.NewDecoder(io.LimitReader(r.Request.Body, 1<<20)).Decode(&list); err != nil {
		return nil, resource.Errorf(http.StatusBadRequest, "BadRequest", "Malformed JSON in request body.")
	}
	return list, nil
}

func (s *Service) members(r *resource.Request) (any, error) {
	d, err := s.find(r)
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, m := range s.o.Store.Find(members, "image_id", d["id"]) {
		list = append(list, m)
	}
	return map[string]any{"members": list, "schema": "/v2/schemas/members"}, nil
}

// member returns a member to the image's owner or to the member.
func (s *Service) member(r *resource.Request) (any, error) {
	d, err := s.find(r)
	if err != nil {
		return nil, err
	}
	who := r.PathValue("member")
	m := s.o.Store.Get(members, r.PathValue("id")+"/"+who)
	if m == nil || who != r.Caller.ProjectID && !r.Caller.Can(resource.Text(d, "owner")) {
		return nil, noMember(r)
	}
	return m, nil
}

func noMember(r *resource.Request) error {
	return resource.Errorf(http.StatusNotFound, "NotFound", "%s not found in the member list of the image %s.", r.PathValue("member"),
		r.PathValue("id"))
}

func (s *Service) addMember(r *resource.Request) (any, error) {
	d, err := s.own(r)
	if err != nil {
		return nil, err
	}
	body, err := r.Body("")
	if err != nil {
		return nil, err
	}
	id, who := resource.Text(d, "id"), resource.Text(body, "member")
	now := s.o.Store.Now()
	m := resource.Doc{"image_id": id, "member_id": who, "status": "pending", "created_at": now, "updated_at": now,
		"schema": "/v2/schemas/member"}
	return &resource.Reply{Body: m, Status: http.StatusOK}, s.o.Store.Put(members, id+"/"+who, m)
}

func (s *Service) setMember(r *resource.Request) (any, error) {
	if _, err := s.find(r); err != nil {
		return nil, err
	}
	body, err := r.Body("")
	if err != nil {
		return nil, err
	}
	m, err := s.o.Store.Update(members, r.PathValue("id")+"/"+r.PathValue("member"), func(m resource.Doc) error {
		m["status"], m["updated_at"] = body["status"], s.o.Store.Now()
		return nil
	})
	if errors.Is(err, resource.ErrNotFound) {
		err = noMember(r)
	}
	return m, err
}

func (s *Service) removeMember(r *resource.Request) (any, error) {
	if _, err := s.own(r); err != nil {
		return nil, err
	}
	_, err := s.o.Store.Delete(members, r.PathValue("id")+"/"+r.PathValue("member"))
	return nil, err
}

// cirrosID is the id of the image of every new cloud.
const cirrosID = "70a599e0-31e7-49b7-b260-868f441e862b"

// Seed creates the images of a new cloud that do not exist.
func (s *Service) Seed(owner string) error {
	if s.o.Store.Get(images, cirrosID) != nil {
		return nil
	}
	if _, err := s.make(cirrosID, owner, resource.Doc{"name": "cirros", "visibility": "public", "container_format": "bare",
		"disk_format": "qcow2"}); err != nil {
		return err
	}
	return s.fill(cirrosID, strings.NewReader(strings.Repeat("cirros of --dev\n", 4096)))
}

// Get returns an image, or nil.
func (s *Service) Get(id string) resource.Doc { return s.o.Store.Get(images, id) }

// Snapshot stores content in the image of a snapshot. If the image was deleted meanwhile, the
// error is resource.ErrNotFound.
func (s *Service) Snapshot(id string, format string) error {
	_, err := s.o.Store.Update(images, id, func(d resource.Doc) error {
		for field, value := range map[string]any{"disk_format": format, "container_format": "bare"} {
			if d[field] == nil {
				d[field] = value
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.fill(id, strings.NewReader("a snapshot of --dev\n"))
}

// Upload creates an image from a volume, with example content, because volumes have none.
func (s *Service) Upload(owner string, fields resource.Doc) (string, error) {
	id := uuid.NewString()
	if _, err := s.make(id, owner, fields); err != nil {
		return "", err
	}
	return id, s.fill(id, strings.NewReader("a volume of --dev\n"))
}

// schema returns the JSON schema of an image or a member, without fields.
func schema(name string) resource.Doc {
	return resource.Doc{"name": name, "properties": resource.Doc{}, "additionalProperties": resource.Doc{"type": "string"}, "links": []any{}}
}

func schemas(name string) resource.Doc {
	return resource.Doc{"name": name + "s", "properties": resource.Doc{name + "s": resource.Doc{"type": "array", "items": schema(name)}},
		"links": []any{}}
}

// Backups returns the ids of a server's backups of a kind, the oldest first.
func (s *Service) Backups(server, kind string) []string {
	var ids []string
	for _, d := range s.o.Store.Find(images, "instance_uuid", server) {
		if d["image_type"] == "backup" && d["backup_type"] == kind {
			ids = append(ids, resource.Text(d, "id"))
		}
	}
	return ids
}
