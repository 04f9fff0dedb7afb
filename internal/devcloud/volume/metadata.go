package volume

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// hasMetadata is the filter of lists by metadata, in Python's syntax: "{'a': 'b'}".
func hasMetadata(d resource.Doc, values []string) bool {
	var want map[string]string
	if err := json.Unmarshal([]byte(strings.ReplaceAll(values[0], "'", `"`)), &want); err != nil {
		return false
	}
	for k, v := range want {
		if resource.Object(d, "metadata")[k] != v {
			return false
		}
	}
	return true
}

// registerMetadata registers the operations on the metadata of volumes or of snapshots.
func (s *Service) registerMetadata(kind string) {
	path := "/v3/" + kind + "/{id}/metadata"
	change := func(r *resource.Request, f func(all resource.Doc) (resource.Doc, error)) (resource.Doc, error) {
		d, err := s.find(kind, r.PathValue("id"), r.Caller)
		if err != nil {
			return nil, err
		}
		return s.o.Store.Update(kind, resource.Text(d, "id"), func(d resource.Doc) error {
			all, err := f(maps.Clone(resource.Object(d, "metadata")))
			d["metadata"] = all
			return err
		})
	}
	absent := func(r *resource.Request) error {
		return resource.Errorf(http.StatusNotFound, "", "%s %s has no metadata with key %s.", resourceNames[kind][1], r.PathValue("id"),
			r.PathValue("key"))
	}
	s.mux.Handle("GET "+path, func(r *resource.Request) (any, error) {
		d, err := s.find(kind, r.PathValue("id"), r.Caller)
		return map[string]any{"metadata": resource.Object(d, "metadata")}, err
	})
	for _, method := range []string{http.MethodPost, http.MethodPut} { // POST adds keys, PUT replaces all
		s.mux.Handle(method+" "+path, func(r *resource.Request) (any, error) {
			body, err := r.Body("metadata")
			if err != nil {
				return nil, err
			}
			d, err := change(r, func(all resource.Doc) (resource.Doc, error) {
				if method == http.MethodPut {
					return body, nil
				}
				maps.Copy(all, body)
				return all, nil
			})
			return &resource.Reply{Status: http.StatusOK, Body: map[string]any{"metadata": resource.Object(d, "metadata")}}, err
		})
	}
	s.mux.Handle("GET "+path+"/{key}", func(r *resource.Request) (any, error) {
		d, err := s.find(kind, r.PathValue("id"), r.Caller)
		if err != nil {
			return nil, err
		}
		value, there := resource.Object(d, "metadata")[r.PathValue("key")]
		if !there {
			return nil, absent(r)
		}
		return map[string]any{"meta": resource.Doc{r.PathValue("key"): value}}, nil
	})
	s.mux.Handle("PUT "+path+"/{key}", func(r *resource.Request) (any, error) {
		body, err := r.Body("meta")
		if err != nil {
			return nil, err
		}
		_, err = change(r, func(all resource.Doc) (resource.Doc, error) { maps.Copy(all, body); return all, nil })
		return map[string]any{"meta": body}, err
	})
	s.mux.Handle("DELETE "+path+"/{key}", func(r *resource.Request) (any, error) {
		_, err := change(r, func(all resource.Doc) (resource.Doc, error) {
			if _, there := all[r.PathValue("key")]; !there {
				return nil, absent(r)
			}
			delete(all, r.PathValue("key"))
			return all, nil
		})
		return &resource.Reply{Status: http.StatusOK}, err
	})
}
