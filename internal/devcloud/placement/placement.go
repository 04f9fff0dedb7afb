// Package placement stands in for Placement: resource providers with their
// inventories, traits and aggregates, and what consumers hold of them.
package placement

import (
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// Options make a Service.
type Options struct {
	Store *resource.Store
	Who   func(token string) *resource.Caller
}

// Service answers as Placement does, below /placement.
type Service struct {
	o   Options
	mux *resource.Mux
}

const (
	providers = "providers"
	consumers = "consumers"
	traits    = "traits"
	classes   = "resource-classes"
)

// New makes the service.
func New(o Options) *Service {
	s := &Service{o: o, mux: &resource.Mux{Who: o.Who, Fault: fault}}
	s.mux.Open("GET /{$}", func(*resource.Request) (any, error) {
		return map[string]any{"versions": []any{map[string]any{"id": "v1.0", "max_version": "1.39", "min_version": "1.0", "status": "CURRENT", "links": []any{map[string]string{"rel": "self", "href": ""}}}}}, nil
	})
	for pattern, h := range map[string]resource.Handler{
		"GET /resource_providers": s.list, "POST /resource_providers": s.create,
		"GET /resource_providers/{id}": s.show, "PUT /resource_providers/{id}": s.rename, "DELETE /resource_providers/{id}": s.delete,
		"GET /resource_providers/{id}/inventories": s.part("inventories", "inventories"), "PUT /resource_providers/{id}/inventories": s.setPart("inventories", "inventories"),
		"GET /resource_providers/{id}/traits": s.part("traits", "traits"), "PUT /resource_providers/{id}/traits": s.setPart("traits", "traits"),
		"GET /resource_providers/{id}/aggregates": s.part("aggregates", "aggregates"), "PUT /resource_providers/{id}/aggregates": s.setPart("aggregates", "aggregates"),
		"GET /resource_providers/{id}/usages": s.usages, "GET /resource_providers/{id}/allocations": s.held,
		"GET /allocations/{id}": s.allocations, "PUT /allocations/{id}": s.setAllocations, "DELETE /allocations/{id}": s.dropAllocations, "POST /allocations": s.setMany,
		"GET /usages": s.projectUsages, "GET /traits": s.traits, "PUT /traits/{name}": s.addTrait, "GET /traits/{name}": s.trait,
		"GET /resource_classes": s.classes, "PUT /resource_classes/{name}": s.addClass, "GET /allocation_candidates": s.candidates,
	} {
		s.mux.Handle(pattern, h)
	}
	return s
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("OpenStack-API-Version", strings.TrimSpace(r.Header.Get("OpenStack-API-Version")))
	s.mux.ServeHTTP(w, r)
}

func fault(e *resource.Error) (any, string) {
	one := map[string]any{"status": e.Status, "title": http.StatusText(e.Status), "detail": e.Message}
	if e.Kind != "" {
		one["code"] = e.Kind
	}
	return map[string]any{"errors": []any{one}}, ""
}

func missing(id string) error {
	return resource.Errorf(http.StatusNotFound, "placement.undefined_code", "No resource provider with uuid %s found", id)
}

func conflict() error {
	return resource.Errorf(http.StatusConflict, "placement.concurrent_update", "resource provider generation conflict")
}

func links(id string) []any {
	list := []any{map[string]string{"rel": "self", "href": "/resource_providers/" + id}}
	for _, part := range []string{"inventories", "usages", "aggregates", "traits", "allocations"} {
		list = append(list, map[string]string{"rel": part, "href": "/resource_providers/" + id + "/" + part})
	}
	return list
}

func view(d resource.Doc) resource.Doc {
	id := resource.Text(d, "uuid")
	return resource.Doc{"uuid": id, "name": d["name"], "generation": resource.Int(d, "generation"), "parent_provider_uuid": d["parent"], "root_provider_uuid": resource.Or(d, "root", id), "links": links(id)}
}

func (s *Service) list(r *resource.Request) (any, error) {
	q := r.URL.Query()
	list := []any{}
	for _, d := range s.o.Store.All(providers) {
		in := q.Get("in_tree")
		switch {
		case q.Get("name") != "" && d["name"] != q.Get("name"), q.Get("uuid") != "" && d["uuid"] != q.Get("uuid"),
			in != "" && d["uuid"] != in && d["root"] != in && d["parent"] != in:
			continue
		}
		if of := q.Get("member_of"); of != "" && !slices.ContainsFunc(strings.Split(strings.TrimPrefix(of, "in:"), ","), func(a string) bool { return slices.Contains(resource.Strings(d, "aggregates"), a) }) {
			continue
		}
		list = append(list, view(d))
	}
	return map[string]any{"resource_providers": list}, nil
}

func (s *Service) create(r *resource.Request) (any, error) {
	body, err := r.Body("")
	if err != nil {
		return nil, err
	}
	id := resource.Text(body, "uuid")
	if id == "" {
		id = uuid.NewString()
	}
	if s.o.Store.Get(providers, id) != nil || len(s.o.Store.Find(providers, "name", body["name"])) > 0 {
		return nil, resource.Errorf(http.StatusConflict, "placement.duplicate_name", "Conflicting resource provider name: %s already exists.", body["name"])
	}
	d := provider(id, resource.Text(body, "name"))
	d["parent"] = body["parent_provider_uuid"]
	return &resource.Reply{Status: http.StatusOK, Body: view(d), Header: map[string]string{"Location": "/resource_providers/" + id}}, s.o.Store.Put(providers, id, d)
}

func provider(id, name string) resource.Doc {
	return resource.Doc{"uuid": id, "name": name, "generation": 0, "parent": nil, "root": id, "inventories": resource.Doc{}, "traits": []any{}, "aggregates": []any{}}
}

func (s *Service) show(r *resource.Request) (any, error) {
	d := s.o.Store.Get(providers, r.PathValue("id"))
	if d == nil {
		return nil, missing(r.PathValue("id"))
	}
	return view(d), nil
}

func (s *Service) rename(r *resource.Request) (any, error) {
	body, err := r.Body("")
	if err != nil {
		return nil, err
	}
	d, err := s.o.Store.Update(providers, r.PathValue("id"), func(d resource.Doc) error { d["name"] = resource.Or(body, "name", d["name"]); return nil })
	if err == resource.ErrNotFound {
		return nil, missing(r.PathValue("id"))
	}
	return view(d), err
}

func (s *Service) delete(r *resource.Request) (any, error) {
	id := r.PathValue("id")
	if len(s.holding(id)) > 0 {
		return nil, resource.Errorf(http.StatusConflict, "placement.resource_provider.inuse", "Unable to delete resource provider %s: Resource provider has allocations.", id)
	}
	there, err := s.o.Store.Delete(providers, id)
	if err == nil && !there {
		err = missing(id)
	}
	return nil, err
}

func (s *Service) part(field, key string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		d := s.o.Store.Get(providers, r.PathValue("id"))
		if d == nil {
			return nil, missing(r.PathValue("id"))
		}
		return map[string]any{key: d[field], "resource_provider_generation": resource.Int(d, "generation")}, nil
	}
}

func (s *Service) setPart(field, key string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		body, err := r.Body("")
		if err != nil {
			return nil, err
		}
		d, err := s.o.Store.Update(providers, r.PathValue("id"), func(d resource.Doc) error {
			if g, given := body["resource_provider_generation"]; given && g != nil && resource.Int(body, "resource_provider_generation") != resource.Int(d, "generation") {
				return conflict()
			}
			d[field], d["generation"] = body[key], resource.Int(d, "generation")+1
			return nil
		})
		if err == resource.ErrNotFound {
			return nil, missing(r.PathValue("id"))
		}
		return map[string]any{key: d[field], "resource_provider_generation": d["generation"]}, err
	}
}

// holding are the consumers that hold something of a provider.
func (s *Service) holding(provider string) []resource.Doc {
	var list []resource.Doc
	for _, c := range s.o.Store.All(consumers) {
		if resource.Object(c, "allocations")[provider] != nil {
			list = append(list, c)
		}
	}
	return list
}

func (s *Service) usages(r *resource.Request) (any, error) {
	d := s.o.Store.Get(providers, r.PathValue("id"))
	if d == nil {
		return nil, missing(r.PathValue("id"))
	}
	used := resource.Doc{}
	for class := range resource.Object(d, "inventories") {
		used[class] = int64(0)
	}
	for class, n := range s.used(r.PathValue("id")) {
		used[class] = n
	}
	return map[string]any{"usages": used, "resource_provider_generation": resource.Int(d, "generation")}, nil
}

func (s *Service) used(provider string) map[string]int64 {
	used := map[string]int64{}
	for _, c := range s.holding(provider) {
		resources := resource.Object(resource.Object(resource.Object(c, "allocations"), provider), "resources")
		for class := range resources {
			used[class] += resource.Int(resources, class)
		}
	}
	return used
}

func (s *Service) held(r *resource.Request) (any, error) {
	d := s.o.Store.Get(providers, r.PathValue("id"))
	if d == nil {
		return nil, missing(r.PathValue("id"))
	}
	out := resource.Doc{}
	for _, c := range s.holding(r.PathValue("id")) {
		out[resource.Text(c, "id")] = resource.Doc{"resources": resource.Object(resource.Object(resource.Object(c, "allocations"), r.PathValue("id")), "resources"), "consumer_generation": resource.Int(c, "generation")}
	}
	return map[string]any{"allocations": out, "resource_provider_generation": resource.Int(d, "generation")}, nil
}
