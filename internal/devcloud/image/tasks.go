package image

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// importTasks is the kind of the tasks of imports.
const importTasks = "image-tasks"

// taskLifetime is the time after which Glance removes a task. Here it is only shown.
const taskLifetime = 48 * time.Hour

func (s *Service) taskRoutes() {
	s.mux.Handle("PUT /v2/images/{id}/stage", s.stage)
	s.mux.Handle("POST /v2/images/{id}/import", s.importImage)
	s.mux.Handle("GET /v2/images/{id}/tasks", s.tasksOfImage)
	s.mux.Handle("GET /v2/tasks", s.listTasks)
	s.mux.Handle("GET /v2/tasks/{id}", s.showTask)
	s.mux.Handle("GET /v2/info/import", func(*resource.Request) (any, error) {
		return map[string]any{"import-methods": map[string]any{"description": "Import methods available.", "type": "array",
			"value": []string{"glance-direct"}}}, nil
	})
	s.mux.Handle("GET /v2/info/stores", func(*resource.Request) (any, error) {
		return map[string]any{"stores": []any{map[string]any{"id": store, "default": "true"}}}, nil
	})
	s.mux.Handle("GET /v2/info/usage", func(*resource.Request) (any, error) { return map[string]any{"usage": resource.Doc{}}, nil })
}

// store is the id of the store of all images.
const store = "file"

func (s *Service) staged(id string) string { return s.path(id) + ".staged" }

// stage stores the content that an import makes the content of the image.
func (s *Service) stage(r *resource.Request) (any, error) {
	d, err := s.own(r)
	if err != nil {
		return nil, err
	}
	if d["status"] != "queued" {
		return nil, resource.Errorf(http.StatusConflict, "Conflict", "Image status transition from %s to uploading is not allowed", d["status"])
	}
	id := resource.Text(d, "id")
	if err := os.MkdirAll(filepath.Dir(s.staged(id)), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(s.staged(id), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	n, err := io.Copy(f, r.Request.Body)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	_, err = s.o.Store.Update(images, id, func(d resource.Doc) error {
		d["status"], d["size"], d["updated_at"] = "uploading", n, s.o.Store.Now()
		return nil
	})
	return &resource.Reply{Status: http.StatusNoContent}, err
}

// importImage makes the staged content the content of an image. Other methods of import do not
// exist.
func (s *Service) importImage(r *resource.Request) (any, error) {
	d, err := s.own(r)
	if err != nil {
		return nil, err
	}
	body, err := r.Body("method")
	if err != nil {
		return nil, err
	}
	if name := resource.Text(body, "name"); name != "glance-direct" {
		return nil, resource.Errorf(http.StatusBadRequest, "BadRequest", "Unknown import method name '%s'.", name)
	}
	if d["status"] != "uploading" {
		return nil, resource.Errorf(http.StatusConflict, "Conflict", "Image needs to be staged before 'glance-direct' method can be used")
	}
	id := resource.Text(d, "id")
	f, err := os.Open(s.staged(id))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.fill(id, f), f.Close(), os.Remove(s.staged(id))); err != nil {
		return nil, err
	}
	now, task := s.o.Store.Now(), uuid.NewString()
	created, err := time.Parse(time.RFC3339, now)
	if err != nil {
		return nil, err
	}
	return &resource.Reply{Status: http.StatusAccepted}, s.o.Store.Put(importTasks, task, resource.Doc{"id": task, "type": "api_image_import",
		"status": "success", "owner": d["owner"], "created_at": now, "updated_at": now,
		"expires_at": created.Add(taskLifetime).Format(time.RFC3339), "image_id": id, "user_id": r.Caller.UserID, "request_id": nil,
		"input":  resource.Doc{"image_id": id, "import_req": resource.Doc{"method": body}, "backend": []any{store}},
		"result": resource.Doc{"image_id": id}, "message": ""})
}

// listed returns a task as the list of all tasks shows it.
func listed(d resource.Doc) resource.Doc {
	out := resource.Doc{"self": "/v2/tasks/" + resource.Text(d, "id"), "schema": "/v2/schemas/task"}
	for _, field := range []string{"id", "type", "status", "owner", "created_at", "updated_at", "expires_at"} {
		out[field] = d[field]
	}
	return out
}

func (s *Service) listTasks(r *resource.Request) (any, error) {
	var seen []resource.Doc
	for _, d := range s.o.Store.All(importTasks) {
		if r.Caller.Can(resource.Text(d, "owner")) {
			seen = append(seen, listed(d))
		}
	}
	page, _ := resource.Query{Only: []string{"type", "status"}}.Select(seen, r.URL.Query())
	return map[string]any{"tasks": page, "first": "/v2/tasks", "schema": "/v2/schemas/tasks"}, nil
}

func (s *Service) showTask(r *resource.Request) (any, error) {
	id := r.PathValue("id")
	d := s.o.Store.Get(importTasks, id)
	if d == nil || !r.Caller.Can(resource.Text(d, "owner")) {
		return nil, resource.Errorf(http.StatusNotFound, "NotFound", "Could not find task %s", id)
	}
	out := listed(d)
	for _, field := range []string{"input", "result", "message", "image_id", "user_id", "request_id"} {
		out[field] = d[field]
	}
	return out, nil
}

func (s *Service) tasksOfImage(r *resource.Request) (any, error) {
	d, err := s.find(r)
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, t := range s.o.Store.Find(importTasks, "image_id", d["id"]) {
		list = append(list, t)
	}
	return map[string]any{"tasks": list}, nil
}
