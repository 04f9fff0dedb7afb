// Package image stands in for Glance: images with their content, their members, the upload and
// the import of new ones, and metadata definitions.
package image

import (
	"crypto/md5"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// Options are the parameters of New.
type Options struct {
	Store *resource.Store
	Who   func(token string) *resource.Caller
	URL   string // of the service
	Dir   string // directory of the images' content
}

// Service is the handler of Glance's API, below /image.
type Service struct {
	o   Options
	mux *resource.Mux
}

const (
	images  = "images"
	members = "image-members"
)

// New returns the service.
func New(o Options) *Service {
	s := &Service{o: o, mux: &resource.Mux{Who: o.Who, Fault: fault}}
	s.mux.Open("GET /{$}", s.versions)
	s.mux.Open("GET /versions", s.versions)
	s.mux.Handle("GET /v2/images", s.list)
	s.mux.Handle("POST /v2/images", s.create)
	s.mux.Handle("GET /v2/images/{id}", s.show)
	s.mux.Handle("PATCH /v2/images/{id}", s.patch)
	s.mux.Handle("DELETE /v2/images/{id}", s.delete)
	s.mux.Handle("PUT /v2/images/{id}/file", s.upload)
	s.mux.Handle("GET /v2/images/{id}/file", s.download)
	s.mux.Handle("POST /v2/images/{id}/actions/deactivate", s.activate("deactivated"))
	s.mux.Handle("POST /v2/images/{id}/actions/reactivate", s.activate("active"))
	s.mux.Handle("PUT /v2/images/{id}/tags/{tag}", s.tag)
	s.mux.Handle("DELETE /v2/images/{id}/tags/{tag}", s.tag)
	s.mux.Handle("GET /v2/images/{id}/members", s.members)
	s.mux.Handle("POST /v2/images/{id}/members", s.addMember)
	s.mux.Handle("GET /v2/images/{id}/members/{member}", s.member)
	s.mux.Handle("PUT /v2/images/{id}/members/{member}", s.setMember)
	s.mux.Handle("DELETE /v2/images/{id}/members/{member}", s.removeMember)
	s.taskRoutes()
	s.namespaceRoutes()
	s.definitionRoutes()
	for _, name := range []string{"image", "member", "task"} {
		s.mux.Handle("GET /v2/schemas/"+name, func(*resource.Request) (any, error) { return schema(name), nil })
		s.mux.Handle("GET /v2/schemas/"+name+"s", func(*resource.Request) (any, error) { return schemas(name), nil })
	}
	return s
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// fault returns an error as an HTML page, as Glance does.
func fault(e *resource.Error) (any, string) {
	title := http.StatusText(e.Status)
	return nil, "<html>\n <head>\n  <title>" + title + "</title>\n </head>\n <body>\n  <h1>" + title + "</h1>\n  " + e.Message + "<br />" +
		"<br />\n\n\n\n </body>\n</html>"
}

func (s *Service) versions(*resource.Request) (any, error) {
	list := []any{}
	for _, v := range []string{"v2.17", "v2.16", "v2.15", "v2.9", "v2.7", "v2.6", "v2.5", "v2.4", "v2.3", "v2.2", "v2.1", "v2.0"} {
		status := "SUPPORTED"
		if v == "v2.17" {
			status = "CURRENT"
		}
		list = append(list, map[string]any{"id": v, "status": status, "links": []any{map[string]string{"rel": "self", "href": s.o.URL + "/v2/"}}})
	}
	return &resource.Reply{Status: http.StatusMultipleChoices, Body: map[string]any{"versions": list}}, nil
}

func missing(id string) error {
	return resource.Errorf(http.StatusNotFound, "NotFound", "Failed to find image %s", id)
}

// find returns an image that the caller may see.
func (s *Service) find(r *resource.Request) (resource.Doc, error) {
	id := r.PathValue("id")
	d := s.o.Store.Get(images, id)
	if d == nil || !s.sees(r.Caller, d) {
		return nil, missing(id)
	}
	return d, nil
}

func (s *Service) sees(c *resource.Caller, d resource.Doc) bool {
	switch {
	case c.Can(resource.Text(d, "owner")), d["visibility"] == "public", d["visibility"] == "community":
		return true
	}
	return s.o.Store.Get(members, resource.Text(d, "id")+"/"+c.ProjectID) != nil
}

// own returns an image that the caller may change.
func (s *Service) own(r *resource.Request) (resource.Doc, error) {
	d, err := s.find(r)
	if err == nil && !r.Caller.Can(resource.Text(d, "owner")) {
		err = resource.Errorf(http.StatusForbidden, "Forbidden", "You are not authorized to complete this action on image %s.", d["id"])
	}
	return d, err
}

func (s *Service) show(r *resource.Request) (any, error) {
	d, err := s.find(r)
	return resource.Shown(d), err
}

// baseFields are the fields of an image that are not properties set by its owner.
var baseFields = []string{"id", "status", "created_at", "updated_at", "file", "schema", "self", "owner", "size", "virtual_size", "checksum",
	"os_hash_algo", "os_hash_value", "locations", "direct_url"}

func (s *Service) create(r *resource.Request) (any, error) {
	body, err := r.Body("")
	if err != nil {
		return nil, err
	}
	id := resource.Text(body, "id")
	if id == "" {
		id = uuid.NewString()
	}
	if s.o.Store.Get(images, id) != nil {
		return nil, resource.Errorf(http.StatusConflict, "Duplicate", "Image ID %s already exists!", id)
	}
	if resource.Text(body, "visibility") == "public" && !r.Caller.Admin {
		return nil, resource.Errorf(http.StatusForbidden, "Forbidden", "You are not authorized to complete publicize_image action.")
	}
	owner := r.Caller.ProjectID
	if o := resource.Text(body, "owner"); o != "" && r.Caller.Admin {
		owner = o
	}
	d, err := s.make(id, owner, body)
	if err != nil {
		return nil, err
	}
	return &resource.Reply{Status: http.StatusCreated, Body: resource.Shown(d),
		Header: map[string]string{"Location": s.o.URL + "/v2/images/" + id}}, nil
}

func (s *Service) make(id, owner string, body resource.Doc) (resource.Doc, error) {
	now := s.o.Store.Now()
	d := resource.Doc{"name": nil, "visibility": "shared", "protected": false, "container_format": nil, "disk_format": nil, "min_disk": 0,
		"min_ram": 0, "os_hidden": false, "tags": []any{}}
	for k, v := range body {
		if !slices.Contains(baseFields, k) {
			d[k] = v
		}
	}
	maps.Copy(d, map[string]any{"id": id, "status": "queued", "created_at": now, "updated_at": now, "file": "/v2/images/" + id + "/file",
		"self":   "/v2/images/" + id,
		"schema": "/v2/schemas/image", "owner": owner, "size": nil, "virtual_size": nil, "checksum": nil, "os_hash_algo": nil,
		"os_hash_value": nil})
	return d, s.o.Store.Put(images, id, d)
}

// patch applies Glance's variant of a JSON patch, whose paths are names of fields.
func (s *Service) patch(r *resource.Request) (any, error) {
	d, err := s.own(r)
	if err != nil {
		return nil, err
	}
	changes, err := patchOf(r)
	if err != nil {
		return nil, err
	}
	d, err = s.o.Store.Update(images, resource.Text(d, "id"), func(d resource.Doc) error {
		for _, c := range changes {
			field := strings.NewReplacer("~1", "/", "~0", "~").Replace(strings.TrimPrefix(resource.Text(c, "path"), "/"))
			_, there := d[field]
			op := resource.Text(c, "op")
			switch {
			case field == "locations":
				d["_locations"] = c["value"]
				d["status"] = "active"
				if d["size"] == nil {
					d["size"] = 0
				}
			case slices.Contains(baseFields, field) && field != "owner":
				return resource.Errorf(http.StatusForbidden, "Forbidden", "Attribute '%s' is read-only.", field)
			case op == "remove" && !there, op == "replace" && !there:
				return resource.Errorf(http.StatusConflict, "Conflict", "Property %s does not exist.", field)
			case op == "remove":
				delete(d, field)
			default:
				d[field] = c["value"]
			}
		}
		d["updated_at"] = s.o.Store.Now()
		return nil
	})
	return resource.Shown(d), err
}

func (s *Service) delete(r *resource.Request) (any, error) {
	d, err := s.own(r)
	if err != nil {
		return nil, err
	}
	if resource.Bool(d, "protected") {
		return nil, resource.Errorf(http.StatusForbidden, "Forbidden", "Image %s is protected and cannot be deleted.", d["id"])
	}
	return nil, s.Delete(resource.Text(d, "id"))
}

// Delete deletes an image and its content.
func (s *Service) Delete(id string) error {
	if _, err := s.o.Store.Delete(images, id); err != nil {
		return err
	}
	for _, file := range []string{s.path(id), s.staged(id)} {
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (s *Service) path(id string) string { return filepath.Join(s.o.Dir, url.PathEscape(id)) }

// upload stores the content of an image.
func (s *Service) upload(r *resource.Request) (any, error) {
	d, err := s.own(r)
	if err != nil {
		return nil, err
	}
	if d["status"] != "queued" {
		return nil, resource.Errorf(http.StatusConflict, "Conflict", "Image status transition from %s to saving is not allowed", d["status"])
	}
	err = s.fill(resource.Text(d, "id"), r.Request.Body)
	return &resource.Reply{Status: http.StatusNoContent}, err
}

// fill stores content and makes the image active.
func (s *Service) fill(id string, content io.Reader) error {
	if err := os.MkdirAll(s.o.Dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(s.o.Dir, ".new")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	sum, long := md5.New(), sha512.New()
	n, err := io.Copy(io.MultiWriter(f, sum, long), content)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), s.path(id)); err != nil {
		return err
	}
	_, err = s.o.Store.Update(images, id, func(d resource.Doc) error {
		d["status"], d["size"], d["checksum"] = "active", n, hex.EncodeToString(sum.Sum(nil))
		d["os_hash_algo"], d["os_hash_value"], d["updated_at"] = "sha512", hex.EncodeToString(long.Sum(nil)), s.o.Store.Now()
		return nil
	})
	return err
}

func (s *Service) download(r *resource.Request) (any, error) {
	d, err := s.find(r)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(s.path(resource.Text(d, "id")))
	if err != nil {
		return &resource.Reply{Status: http.StatusNoContent}, nil
	}
	return &resource.Reply{Stream: selfClosingFile{f}, Header: map[string]string{"Content-Type": "application/octet-stream",
		"Content-Md5": resource.Text(d, "checksum")}}, nil
}

// selfClosingFile closes the file when it has been read.
type selfClosingFile struct{ *os.File }

// Read implements io.Reader.
func (c selfClosingFile) Read(p []byte) (int, error) {
	n, err := c.File.Read(p)
	if err != nil {
		_ = c.Close()
	}
	return n, err
}

// activate returns a handler that sets the status of an image with content.
func (s *Service) activate(status string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		d, err := s.own(r)
		if err != nil {
			return nil, err
		}
		_, err = s.o.Store.Update(images, resource.Text(d, "id"), func(d resource.Doc) error {
			if d["status"] != "active" && d["status"] != "deactivated" {
				return resource.Errorf(http.StatusForbidden, "Forbidden", "Not allowed to change the status of image %s from %s", d["id"], d["status"])
			}
			d["status"] = status
			return nil
		})
		return &resource.Reply{Status: http.StatusNoContent}, err
	}
}

func (s *Service) tag(r *resource.Request) (any, error) {
	d, err := s.own(r)
	if err != nil {
		return nil, err
	}
	_, err = s.o.Store.Update(images, resource.Text(d, "id"), func(d resource.Doc) error {
		tags := slices.DeleteFunc(resource.Strings(d, "tags"), func(t string) bool { return t == r.PathValue("tag") })
		if r.Method == http.MethodPut {
			tags = append(tags, r.PathValue("tag"))
		}
		d["tags"] = resource.Anys(tags)
		return nil
	})
	return &resource.Reply{Status: http.StatusNoContent}, err
}
