package placement

import (
	"net/http"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

func (s *Service) allocations(r *resource.Request) (any, error) {
	c := s.o.Store.Get(consumers, r.PathValue("id"))
	out := resource.Doc{}
	for id, a := range resource.Object(c, "allocations") {
		out[id] = resource.Doc{"resources": resource.Object(a.(resource.Doc), "resources"), "generation": resource.Int(s.o.Store.Get(providers, id), "generation")}
	}
	body := resource.Doc{"allocations": out}
	if len(out) > 0 {
		body["project_id"], body["user_id"], body["consumer_generation"] = c["project_id"], c["user_id"], resource.Int(c, "generation")
		body["consumer_type"] = "INSTANCE"
	}
	return body, nil
}

func (s *Service) setAllocations(r *resource.Request) (any, error) {
	body, err := r.Body("")
	if err != nil {
		return nil, err
	}
	return &resource.Reply{Status: http.StatusNoContent}, s.set(r.PathValue("id"), body)
}

func (s *Service) setMany(r *resource.Request) (any, error) {
	body, err := r.Body("")
	if err != nil {
		return nil, err
	}
	for id := range body {
		if err := s.set(id, resource.Object(body, id)); err != nil {
			return nil, err
		}
	}
	return &resource.Reply{Status: http.StatusNoContent}, nil
}

// set replaces what a consumer holds.
func (s *Service) set(id string, body resource.Doc) error {
	old := s.o.Store.Get(consumers, id)
	if g, given := body["consumer_generation"]; given {
		if (g == nil) != (old == nil) || old != nil && resource.Int(body, "consumer_generation") != resource.Int(old, "generation") {
			return resource.Errorf(http.StatusConflict, "placement.concurrent_update", "consumer generation conflict - expected %v but got %v", old["generation"], g)
		}
	}
	held := resource.Doc{}
	for p, a := range resource.Object(body, "allocations") {
		if s.o.Store.Get(providers, p) == nil {
			return resource.Errorf(http.StatusBadRequest, "placement.undefined_code", "Allocation for resource provider '%s' that does not exist.", p)
		}
		held[p] = a
	}
	if len(held) == 0 {
		_, err := s.o.Store.Delete(consumers, id)
		return err
	}
	return s.o.Store.Put(consumers, id, resource.Doc{"id": id, "allocations": held, "project_id": body["project_id"], "user_id": body["user_id"], "generation": resource.Int(old, "generation") + 1})
}

func (s *Service) dropAllocations(r *resource.Request) (any, error) {
	there, err := s.o.Store.Delete(consumers, r.PathValue("id"))
	if err == nil && !there {
		err = resource.Errorf(http.StatusNotFound, "placement.undefined_code", "No allocations for consumer '%s'", r.PathValue("id"))
	}
	return nil, err
}

func (s *Service) projectUsages(r *resource.Request) (any, error) {
	used := map[string]int64{}
	user := r.URL.Query().Get("user_id")
	for _, c := range s.o.Store.Find(consumers, "project_id", r.URL.Query().Get("project_id")) {
		if user != "" && resource.Text(c, "user_id") != user {
			continue
		}
		for _, a := range resource.Object(c, "allocations") {
			resources := resource.Object(a.(resource.Doc), "resources")
			for class := range resources {
				used[class] += resource.Int(resources, class)
			}
		}
	}
	return map[string]any{"usages": used}, nil
}

// standard are traits and classes that every cloud knows.
var (
	standardTraits  = []string{"COMPUTE_NODE", "COMPUTE_STATUS_DISABLED", "COMPUTE_TRUSTED_CERTS", "COMPUTE_VOLUME_MULTI_ATTACH", "COMPUTE_SAME_HOST_COLD_MIGRATE", "COMPUTE_RESCUE_BFV", "HW_CPU_X86_VMX"}
	standardClasses = []string{"VCPU", "PCPU", "MEMORY_MB", "DISK_GB"}
)

func (s *Service) traits(r *resource.Request) (any, error) {
	list := []any{}
	want := r.URL.Query().Get("name")
	for _, name := range append(append([]string{}, standardTraits...), names(s.o.Store.All(traits))...) {
		if prefix, ok := strings.CutPrefix(want, "startswith:"); want == "" || ok && strings.HasPrefix(name, prefix) || strings.HasPrefix(want, "in:") && strings.Contains(","+want[3:]+",", ","+name+",") {
			list = append(list, name)
		}
	}
	return map[string]any{"traits": list}, nil
}

func names(docs []resource.Doc) []string {
	out := []string{}
	for _, d := range docs {
		out = append(out, resource.Text(d, "name"))
	}
	return out
}

func (s *Service) addTrait(r *resource.Request) (any, error) {
	return &resource.Reply{Status: http.StatusCreated}, s.o.Store.Put(traits, r.PathValue("name"), resource.Doc{"name": r.PathValue("name")})
}

func (s *Service) trait(r *resource.Request) (any, error) {
	name := r.PathValue("name")
	if slices.Contains(standardTraits, name) {
		return &resource.Reply{Status: http.StatusNoContent}, nil
	}
	if s.o.Store.Get(traits, name) == nil {
		return nil, resource.Errorf(http.StatusNotFound, "placement.undefined_code", "No such trait: %s", name)
	}
	return &resource.Reply{Status: http.StatusNoContent}, nil
}

func (s *Service) classes(*resource.Request) (any, error) {
	list := []any{}
	for _, name := range append(append([]string{}, standardClasses...), names(s.o.Store.All(classes))...) {
		list = append(list, map[string]any{"name": name, "links": []any{map[string]string{"rel": "self", "href": "/resource_classes/" + name}}})
	}
	return map[string]any{"resource_classes": list}, nil
}

func (s *Service) addClass(r *resource.Request) (any, error) {
	return &resource.Reply{Status: http.StatusCreated}, s.o.Store.Put(classes, r.PathValue("name"), resource.Doc{"name": r.PathValue("name")})
}

// candidates are the providers that have room for resources=CLASS:N,….
func (s *Service) candidates(r *resource.Request) (any, error) {
	asked := resource.Doc{}
	for one := range strings.SplitSeq(r.URL.Query().Get("resources"), ",") {
		if class, n, ok := strings.Cut(one, ":"); ok {
			asked[class] = resource.Int(resource.Doc{"": n}, "")
		}
	}
	requests, summaries := []any{}, resource.Doc{}
	for _, d := range s.o.Store.All(providers) {
		id := resource.Text(d, "uuid")
		if !s.fits(d, asked) {
			continue
		}
		requests = append(requests, map[string]any{"allocations": resource.Doc{id: resource.Doc{"resources": asked}}, "mappings": map[string]any{"": []string{id}}})
		shown := resource.Doc{}
		used := s.used(id)
		for class, inv := range resource.Object(d, "inventories") {
			shown[class] = resource.Doc{"capacity": resource.Int(inv.(resource.Doc), "total"), "used": used[class]}
		}
		summaries[id] = resource.Doc{"resources": shown, "traits": d["traits"], "parent_provider_uuid": nil, "root_provider_uuid": id}
	}
	return map[string]any{"allocation_requests": requests, "provider_summaries": summaries}, nil
}

func (s *Service) fits(d, asked resource.Doc) bool {
	used := s.used(resource.Text(d, "uuid"))
	inventories := resource.Object(d, "inventories")
	for class := range asked {
		inv := resource.Object(inventories, class)
		ratio := 1.0
		if r, ok := inv["allocation_ratio"].(interface{ Float64() (float64, error) }); ok {
			ratio, _ = r.Float64()
		} else if r, ok := inv["allocation_ratio"].(float64); ok {
			ratio = r
		}
		if float64(used[class]+resource.Int(asked, class)) > float64(resource.Int(inv, "total")-resource.Int(inv, "reserved"))*ratio {
			return false
		}
	}
	return true
}

// AddHost makes the provider of a host of the cloud, with the id of its node.
func (s *Service) AddHost(id, name string, vcpus, memory, disk int) error {
	if s.o.Store.Get(providers, id) != nil {
		return nil
	}
	inventory := func(total, reserved int, ratio float64) resource.Doc {
		return resource.Doc{"total": total, "reserved": reserved, "min_unit": 1, "max_unit": total, "step_size": 1, "allocation_ratio": ratio}
	}
	d := provider(id, name)
	d["inventories"] = resource.Doc{"VCPU": inventory(vcpus, 0, 4), "MEMORY_MB": inventory(memory, 512, 1), "DISK_GB": inventory(disk, 0, 1)}
	d["traits"] = []any{"COMPUTE_NODE", "COMPUTE_TRUSTED_CERTS", "COMPUTE_VOLUME_MULTI_ATTACH", "COMPUTE_SAME_HOST_COLD_MIGRATE", "COMPUTE_RESCUE_BFV"}
	return s.o.Store.Put(providers, id, d)
}

// Claim lets a consumer hold resources of a provider, and nothing else, if there
// is room for them.
func (s *Service) Claim(consumer, provider, project, user string, resources map[string]int64) (bool, error) {
	asked := resource.Doc{}
	for class, n := range resources {
		if n > 0 {
			asked[class] = n
		}
	}
	d := s.o.Store.Get(providers, provider)
	if d == nil || !s.fits(d, asked) {
		return false, nil
	}
	return true, s.set(consumer, resource.Doc{"allocations": resource.Doc{provider: resource.Doc{"resources": asked}}, "project_id": project, "user_id": user})
}

// Release gives back what a consumer holds.
func (s *Service) Release(consumer string) error {
	_, err := s.o.Store.Delete(consumers, consumer)
	return err
}

// Hand gives what one consumer holds to another one.
func (s *Service) Hand(from, to string) error {
	c := s.o.Store.Get(consumers, from)
	if c == nil {
		return nil
	}
	if err := s.set(to, resource.Doc{"allocations": c["allocations"], "project_id": c["project_id"], "user_id": c["user_id"]}); err != nil {
		return err
	}
	return s.Release(from)
}

// SetTrait gives a provider a trait, or takes it away.
func (s *Service) SetTrait(provider, trait string, on bool) error {
	_, err := s.o.Store.Update(providers, provider, func(d resource.Doc) error {
		kept := []any{}
		for _, t := range resource.Strings(d, "traits") {
			if t != trait {
				kept = append(kept, t)
			}
		}
		if on {
			kept = append(kept, trait)
		}
		d["traits"], d["generation"] = kept, resource.Int(d, "generation")+1
		return nil
	})
	return err
}

// Consumers are all that hold something.
func (s *Service) Consumers() []string {
	var ids []string
	for _, c := range s.o.Store.All(consumers) {
		ids = append(ids, resource.Text(c, "id"))
	}
	return ids
}
