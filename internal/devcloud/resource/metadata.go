package resource

import (
	"maps"
	"net/http"
)

// Metadata are the operations on the metadata of documents as Cinder and Manila have them.
type Metadata struct {
	Store *Store
	Kind  string
	// Find returns the document of a request.
	Find func(*Request) (Doc, error)
	// Absent returns the error for a key that a document does not have.
	Absent func(*Request) error
}

// change stores what f returns as the metadata of the document of a request.
func (m Metadata) change(r *Request, f func(all Doc) (Doc, error)) (Doc, error) {
	d, err := m.Find(r)
	if err != nil {
		return nil, err
	}
	return m.Store.Update(m.Kind, Text(d, "id"), func(d Doc) error {
		all, err := f(maps.Clone(Object(d, "metadata")))
		d["metadata"] = all
		return err
	})
}

// Register registers the operations at a path with {id}, and at {key} below it.
func (m Metadata) Register(mux *Mux, path string) {
	mux.Handle("GET "+path, func(r *Request) (any, error) {
		d, err := m.Find(r)
		return map[string]any{"metadata": Object(d, "metadata")}, err
	})
	for _, method := range []string{http.MethodPost, http.MethodPut} { // POST adds keys, PUT replaces all
		mux.Handle(method+" "+path, func(r *Request) (any, error) {
			body, err := r.Body("metadata")
			if err != nil {
				return nil, err
			}
			d, err := m.change(r, func(all Doc) (Doc, error) {
				if method == http.MethodPut {
					return body, nil
				}
				maps.Copy(all, body)
				return all, nil
			})
			return &Reply{Status: http.StatusOK, Body: map[string]any{"metadata": Object(d, "metadata")}}, err
		})
	}
	key := func(r *Request) string { return r.PathValue("key") }
	mux.Handle("GET "+path+"/{key}", func(r *Request) (any, error) {
		d, err := m.Find(r)
		if err != nil {
			return nil, err
		}
		value, there := Object(d, "metadata")[key(r)]
		if !there {
			return nil, m.Absent(r)
		}
		return map[string]any{"meta": Doc{key(r): value}}, nil
	})
	mux.Handle("PUT "+path+"/{key}", func(r *Request) (any, error) {
		body, err := r.Body("meta")
		if err != nil {
			return nil, err
		}
		_, err = m.change(r, func(all Doc) (Doc, error) { maps.Copy(all, body); return all, nil })
		return map[string]any{"meta": body}, err
	})
	mux.Handle("DELETE "+path+"/{key}", func(r *Request) (any, error) {
		_, err := m.change(r, func(all Doc) (Doc, error) {
			if _, there := all[key(r)]; !there {
				return nil, m.Absent(r)
			}
			delete(all, key(r))
			return all, nil
		})
		return &Reply{Status: http.StatusOK}, err
	})
}
