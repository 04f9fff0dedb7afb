// Package placement stands in for Placement: resource providers with inventories, traits and
// aggregates, and the allocations of consumers.
package placement

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// Options are the parameters of New.
type Options struct {
	Store *resource.Store
	Who   func(token string) *resource.Caller
}

// Service is the handler of Placement's API, below /placement.
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

// newestMicroversion is the minor number of the newest microversion, 1.39.
const newestMicroversion = 39

// New returns the service.
func New(o Options) *Service {
	s := &Service{o: o, mux: &resource.Mux{Who: o.Who, Fault: fault}}
	s.mux.Open("GET /{$}", func(*resource.Request) (any, error) {
		return map[string]any{"versions": []any{map[string]any{"id": "v1.0", "max_version": fmt.Sprintf("1.%d", newestMicroversion),
			"min_version": "1.0",
			"status":      "CURRENT", "links": []any{map[string]string{"rel": "self", "href": ""}}}}}, nil
	})
	for pattern, h := range map[string]resource.Handler{
		"GET /resource_providers": s.list, "POST /resource_providers": s.create,
		"GET /resource_providers/{id}": s.show, "PUT /resource_providers/{id}": s.update, "DELETE /resource_providers/{id}": s.delete,
		"GET /resource_providers/{id}/inventories": s.part("inventories"), "PUT /resource_providers/{id}/inventories": s.setInventories,
		"POST /resource_providers/{id}/inventories": s.addInventory, "DELETE /resource_providers/{id}/inventories": s.deleteInventories,
		"GET /resource_providers/{id}/inventories/{class}": s.inventory, "PUT /resource_providers/{id}/inventories/{class}": s.setInventory,
		"DELETE /resource_providers/{id}/inventories/{class}": s.deleteInventory,
		"GET /resource_providers/{id}/traits":                 s.part("traits"), "PUT /resource_providers/{id}/traits": s.setTraits,
		"DELETE /resource_providers/{id}/traits":  s.deleteTraits,
		"GET /resource_providers/{id}/aggregates": s.aggregates, "PUT /resource_providers/{id}/aggregates": s.setAggregates,
		"GET /resource_providers/{id}/usages": s.usages, "GET /resource_providers/{id}/allocations": s.held,
		"GET /allocations/{id}": s.allocations, "PUT /allocations/{id}": s.setAllocations, "DELETE /allocations/{id}": s.dropAllocations,
		"POST /allocations": s.setMany,
		"GET /usages":       s.projectUsages, "GET /traits": s.traits, "PUT /traits/{name}": s.addTrait, "GET /traits/{name}": s.trait,
		"DELETE /traits/{name}": s.deleteTrait,
		"GET /resource_classes": s.classes, "POST /resource_classes": s.createClass, "GET /resource_classes/{name}": s.class,
		"PUT /resource_classes/{name}": s.addClass, "DELETE /resource_classes/{name}": s.deleteClass,
		"GET /allocation_candidates": s.candidates,
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

// version returns the minor number of a request's microversion: 38 for "placement 1.38", or 0
// without one.
func version(r *resource.Request) int {
	asked := strings.TrimSpace(strings.TrimPrefix(r.Header.Get("OpenStack-API-Version"), "placement "))
	if asked == "latest" {
		return newestMicroversion
	}
	_, minor, _ := strings.Cut(asked, ".")
	n, err := strconv.Atoi(minor)
	if err != nil {
		return 0
	}
	return n
}

// versionedField is the value of a field with the microversion that added the field.
type versionedField struct {
	version int
	value   any
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
	return resource.Doc{"uuid": id, "name": d["name"], "generation": resource.Int(d, "generation"), "parent_provider_uuid": d["parent"],
		"root_provider_uuid": resource.Or(d, "root", id), "links": links(id)}
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
		if of := q.Get("member_of"); of != "" && !slices.ContainsFunc(strings.Split(strings.TrimPrefix(of, "in:"), ","),
			func(a string) bool { return slices.Contains(resource.Strings(d, "aggregates"), a) }) {
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
		return nil, resource.Errorf(http.StatusConflict, "placement.duplicate_name", "Conflicting resource provider name: %s already exists.",
			body["name"])
	}
	d := provider(id, resource.Text(body, "name"))
	root, err := s.rootOf(id, body)
	if err != nil {
		return nil, err
	}
	d["parent"], d["root"] = body["parent_provider_uuid"], root
	reply := &resource.Reply{Header: map[string]string{"Location": "/resource_providers/" + id}}
	if version(r) >= 20 {
		reply.Status, reply.Body = http.StatusOK, view(d)
	}
	return reply, s.o.Store.Put(providers, id, d)
}

func provider(id, name string) resource.Doc {
	return resource.Doc{"uuid": id, "name": name, "generation": 0, "parent": nil, "root": id, "inventories": resource.Doc{},
		"traits": []any{}, "aggregates": []any{}}
}

func (s *Service) show(r *resource.Request) (any, error) {
	d := s.o.Store.Get(providers, r.PathValue("id"))
	if d == nil {
		return nil, missing(r.PathValue("id"))
	}
	return view(d), nil
}

// update renames a provider, or changes or removes its parent since microversion 1.37.
func (s *Service) update(r *resource.Request) (any, error) {
	body, err := r.Body("")
	if err != nil {
		return nil, err
	}
	id := r.PathValue("id")
	root, err := s.rootOf(id, body)
	if err != nil {
		return nil, err
	}
	d, err := s.o.Store.Update(providers, id, func(d resource.Doc) error {
		d["name"] = resource.Or(body, "name", d["name"])
		parent, given := body["parent_provider_uuid"]
		if !given || parent == d["parent"] {
			return nil
		}
		if d["parent"] != nil && version(r) < 37 {
			why := "re-parenting a provider"
			if parent == nil {
				why = "un-parenting a provider"
			}
			return resource.Errorf(http.StatusBadRequest, "placement.undefined_code",
				"Unable to save resource provider %s: Object action update failed because: %s is not currently allowed.", id, why)
		}
		d["parent"], d["root"] = parent, root
		return nil
	})
	if errors.Is(err, resource.ErrNotFound) {
		return nil, missing(id)
	}
	return view(d), err
}

// rootOf returns the root of the provider's tree for the parent in body.
func (s *Service) rootOf(id string, body resource.Doc) (string, error) {
	parent := resource.Text(body, "parent_provider_uuid")
	if parent == "" {
		return id, nil
	}
	d := s.o.Store.Get(providers, parent)
	if d == nil {
		return "", resource.Errorf(http.StatusBadRequest, "placement.undefined_code", "Unable to create resource provider \"%v\", %s: Object "+
			"action create failed because: parent provider UUID does not exist.", body["name"], id)
	}
	return fmt.Sprint(resource.Or(d, "root", parent)), nil
}

func (s *Service) delete(r *resource.Request) (any, error) {
	id := r.PathValue("id")
	if len(s.holding(id)) > 0 {
		return nil, resource.Errorf(http.StatusConflict, "placement.resource_provider.inuse",
			"Unable to delete resource provider %s: Resource provider has allocations.", id)
	}
	if len(s.o.Store.Find(providers, "parent", id)) > 0 {
		return nil, resource.Errorf(http.StatusConflict, "placement.resource_provider.cannot_delete_parent",
			"Unable to delete parent resource provider %s: It has child resource providers.", id)
	}
	there, err := s.o.Store.Delete(providers, id)
	if err == nil && !there {
		err = missing(id)
	}
	return nil, err
}

// part returns a handler that shows a field of a provider.
func (s *Service) part(field string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		d := s.o.Store.Get(providers, r.PathValue("id"))
		if d == nil {
			return nil, missing(r.PathValue("id"))
		}
		return map[string]any{field: d[field], "resource_provider_generation": resource.Int(d, "generation")}, nil
	}
}

func (s *Service) setTraits(r *resource.Request) (any, error) {
	body, err := r.Body("")
	if err != nil {
		return nil, err
	}
	return s.setPart(r.PathValue("id"), "traits", body, conflict())
}

func (s *Service) deleteTraits(r *resource.Request) (any, error) {
	_, err := s.setPart(r.PathValue("id"), "traits", resource.Doc{"traits": []any{}}, conflict())
	return nil, err
}

// setPart replaces a field of a provider. If the request has another generation, the error is
// stale.
func (s *Service) setPart(id, field string, body resource.Doc, stale error) (resource.Doc, error) {
	d, err := s.o.Store.Update(providers, id, func(d resource.Doc) error {
		if outdated(d, body) {
			return stale
		}
		d[field], d["generation"] = body[field], resource.Int(d, "generation")+1
		return nil
	})
	if errors.Is(err, resource.ErrNotFound) {
		return nil, missing(id)
	}
	return resource.Doc{field: d[field], "resource_provider_generation": d["generation"]}, err
}

// aggregates shows the aggregates of a provider, since microversion 1.19 with the generation.
func (s *Service) aggregates(r *resource.Request) (any, error) {
	d := s.o.Store.Get(providers, r.PathValue("id"))
	if d == nil {
		return nil, missing(r.PathValue("id"))
	}
	return aggregateView(r, resource.Doc{"aggregates": d["aggregates"], "resource_provider_generation": resource.Int(d, "generation")}), nil
}

func aggregateView(r *resource.Request, d resource.Doc) resource.Doc {
	if version(r) < 19 {
		delete(d, "resource_provider_generation")
	}
	return d
}

// setAggregates replaces the aggregates of a provider. Before microversion 1.19 the body is a
// list.
func (s *Service) setAggregates(r *resource.Request) (any, error) {
	var body resource.Doc
	var err error
	if version(r) < 19 {
		var list []any
		err = json.NewDecoder(http.MaxBytesReader(nil, r.Request.Body, 1<<20)).Decode(&list)
		body = resource.Doc{"aggregates": list}
	} else {
		body, err = r.Body("")
	}
	if err != nil {
		return nil, resource.Errorf(http.StatusBadRequest, "placement.undefined_code", "JSON does not validate: %s", err)
	}
	d, err := s.setPart(r.PathValue("id"), "aggregates", body, resource.Errorf(http.StatusConflict, "placement.concurrent_update",
		"Resource provider's generation already changed. Please update the generation and try again."))
	return aggregateView(r, d), err
}

// holding returns the consumers with allocations of a provider.
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
		out[resource.Text(c, "id")] = resource.Doc{"resources": resource.Object(resource.Object(resource.Object(c, "allocations"),
			r.PathValue("id")), "resources"), "consumer_generation": resource.Int(c, "generation")}
	}
	return map[string]any{"allocations": out, "resource_provider_generation": resource.Int(d, "generation")}, nil
}
