package placement

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

func (s *Service) allocations(r *resource.Request) (any, error) {
	c := s.o.Store.Get(consumers, r.PathValue("id"))
	out := resource.Doc{}
	for id, a := range resource.Object(c, "allocations") {
		out[id] = resource.Doc{"resources": resource.Object(a.(resource.Doc), "resources"),
			"generation": resource.Int(s.o.Store.Get(providers, id), "generation")}
	}
	body := resource.Doc{"allocations": out}
	for field, value := range map[string]versionedField{"project_id": {12, c["project_id"]}, "user_id": {12, c["user_id"]},
		"consumer_generation": {28, resource.Int(c, "generation")}, "consumer_type": {38, typeOf(c)}} {
		if len(out) > 0 && version(r) >= value.version {
			body[field] = value.value
		}
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

// set replaces the allocations of a consumer.
func (s *Service) set(id string, body resource.Doc) error {
	old := s.o.Store.Get(consumers, id)
	if g, given := body["consumer_generation"]; given {
		if (g == nil) != (old == nil) || old != nil && resource.Int(body, "consumer_generation") != resource.Int(old, "generation") {
			return resource.Errorf(http.StatusConflict, "placement.concurrent_update", "consumer generation conflict - expected %v but got %v",
				old["generation"], g)
		}
	}
	held := resource.Doc{}
	for p, a := range resource.Object(body, "allocations") {
		if s.o.Store.Get(providers, p) == nil {
			return resource.Errorf(http.StatusBadRequest, "placement.undefined_code",
				"Allocation for resource provider '%s' that does not exist.", p)
		}
		held[p] = a
	}
	if len(held) == 0 {
		_, err := s.o.Store.Delete(consumers, id)
		return err
	}
	return s.o.Store.Put(consumers, id, resource.Doc{"id": id, "allocations": held, "project_id": body["project_id"],
		"user_id": body["user_id"], "consumer_type": body["consumer_type"], "generation": resource.Int(old, "generation") + 1})
}

func (s *Service) dropAllocations(r *resource.Request) (any, error) {
	there, err := s.o.Store.Delete(consumers, r.PathValue("id"))
	if err == nil && !there {
		err = resource.Errorf(http.StatusNotFound, "placement.undefined_code", "No allocations for consumer '%s'", r.PathValue("id"))
	}
	return nil, err
}

// typeOf returns the type of a consumer.
func typeOf(c resource.Doc) string { return fmt.Sprint(resource.Or(c, "consumer_type", "unknown")) }

// projectUsages returns the sums of the allocations of a project: since microversion 1.38 by
// consumer type, for one type in the query, or for "all".
func (s *Service) projectUsages(r *resource.Request) (any, error) {
	q := r.URL.Query()
	if q.Get("project_id") == "" {
		return nil, resource.Errorf(http.StatusBadRequest, "placement.undefined_code",
			"Invalid query string parameters: 'project_id' is a required property")
	}
	all := map[string]map[string]int64{}
	together := "all"
	for _, c := range s.o.Store.Find(consumers, "project_id", q.Get("project_id")) {
		kind, wanted := typeOf(c), q.Get("consumer_type")
		if user := q.Get("user_id"); user != "" && resource.Text(c, "user_id") != user {
			continue
		}
		if version(r) < 38 || wanted == together {
			kind = together
		} else if wanted != "" && wanted != kind {
			continue
		}
		if all[kind] == nil {
			all[kind] = map[string]int64{}
		}
		for _, a := range resource.Object(c, "allocations") {
			resources := resource.Object(a.(resource.Doc), "resources")
			for class := range resources {
				all[kind][class] += resource.Int(resources, class)
			}
		}
		if version(r) >= 38 {
			all[kind]["consumer_count"]++
		}
	}
	if version(r) < 38 {
		used := all[together]
		if used == nil {
			used = map[string]int64{}
		}
		return map[string]any{"usages": used}, nil
	}
	return map[string]any{"usages": all}, nil
}

// candidates returns the providers with enough room for resources=CLASS:N,…, in the form of the
// microversion.
func (s *Service) candidates(r *resource.Request) (any, error) {
	asked := resource.Doc{}
	for one := range strings.SplitSeq(r.URL.Query().Get("resources"), ",") {
		if class, n, ok := strings.Cut(one, ":"); ok {
			asked[class] = resource.Int(resource.Doc{"": n}, "")
		}
	}
	limit, err := limitOf(r)
	if err != nil {
		return nil, err
	}
	requests, summaries := []any{}, resource.Doc{}
	for _, d := range s.o.Store.All(providers) {
		id := resource.Text(d, "uuid")
		if limit > 0 && len(requests) == limit {
			break
		}
		if !s.fits(d, asked) {
			continue
		}
		request := resource.Doc{"allocations": resource.Doc{id: resource.Doc{"resources": asked}}}
		if version(r) < 12 {
			request["allocations"] = []any{resource.Doc{"resource_provider": resource.Doc{"uuid": id}, "resources": asked}}
		}
		if version(r) >= 34 {
			request["mappings"] = map[string]any{"": []string{id}}
		}
		requests = append(requests, request)
		shown, used := resource.Doc{}, s.used(id)
		for class, inv := range resource.Object(d, "inventories") {
			if _, ok := asked[class]; ok || version(r) >= 27 {
				shown[class] = resource.Doc{"capacity": int64(capacity(inv.(resource.Doc))), "used": used[class]}
			}
		}
		summary := resource.Doc{"resources": shown}
		for field, value := range map[string]versionedField{"traits": {17, d["traits"]}, "parent_provider_uuid": {29, d["parent"]},
			"root_provider_uuid": {29, resource.Or(d, "root", id)}} {
			if version(r) >= value.version {
				summary[field] = value.value
			}
		}
		summaries[id] = summary
	}
	return map[string]any{"allocation_requests": requests, "provider_summaries": summaries}, nil
}

// limitOf returns the largest number of candidates that a request asks for, since microversion 1.16;
// 0: all.
func limitOf(r *resource.Request) (int, error) {
	text := r.URL.Query().Get("limit")
	if text == "" || version(r) < 16 {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, resource.Errorf(http.StatusBadRequest, "placement.undefined_code",
			"Invalid query string parameters: '%s' does not match '^[1-9][0-9]*$'", text)
	}
	return n, nil
}

// capacity returns how much of an inventory can be allocated.
func capacity(inventory resource.Doc) float64 {
	ratio := 1.0
	switch r := inventory["allocation_ratio"].(type) {
	case interface{ Float64() (float64, error) }:
		ratio, _ = r.Float64()
	case float64:
		ratio = r
	}
	return float64(resource.Int(inventory, "total")-resource.Int(inventory, "reserved")) * ratio
}

func (s *Service) fits(d, asked resource.Doc) bool {
	used := s.used(resource.Text(d, "uuid"))
	inventories := resource.Object(d, "inventories")
	for class := range asked {
		if float64(used[class]+resource.Int(asked, class)) > capacity(resource.Object(inventories, class)) {
			return false
		}
	}
	return true
}

// AddHost creates the resource provider of a host with the id of its compute node.
func (s *Service) AddHost(id, name string, vcpus, memory, disk int) error {
	if s.o.Store.Get(providers, id) != nil {
		return nil
	}
	inventory := func(total, reserved int, ratio float64) resource.Doc {
		return resource.Doc{"total": total, "reserved": reserved, "min_unit": 1, "max_unit": total, "step_size": 1, "allocation_ratio": ratio}
	}
	d := provider(id, name)
	d["inventories"] = resource.Doc{"VCPU": inventory(vcpus, 0, 4), "MEMORY_MB": inventory(memory, 512, 1), "DISK_GB": inventory(disk, 0, 1)}
	d["traits"] = []any{"COMPUTE_NODE", "COMPUTE_TRUSTED_CERTS", "COMPUTE_VOLUME_MULTI_ATTACH",
		"COMPUTE_RESCUE_BFV", "COMPUTE_STORAGE_VIRTIO_FS", "COMPUTE_MEM_BACKING_FILE"}
	return s.o.Store.Put(providers, id, d)
}

// Claim replaces the allocations of a consumer by resources of a provider. It returns false if
// the provider has too few.
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
	return true, s.set(consumer, resource.Doc{"allocations": resource.Doc{provider: resource.Doc{"resources": asked}}, "project_id": project,
		"user_id": user, "consumer_type": "INSTANCE"})
}

// Release deletes the allocations of a consumer.
func (s *Service) Release(consumer string) error {
	_, err := s.o.Store.Delete(consumers, consumer)
	return err
}

// Hand transfers the allocations of one consumer to another one.
func (s *Service) Hand(from, to string) error {
	c := s.o.Store.Get(consumers, from)
	if c == nil {
		return nil
	}
	if err := s.set(to, resource.Doc{"allocations": c["allocations"], "project_id": c["project_id"], "user_id": c["user_id"],
		"consumer_type": c["consumer_type"]}); err != nil {
		return err
	}
	return s.Release(from)
}

// SetTrait adds a trait to a provider, or removes it.
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

// Consumers returns the ids of all consumers with allocations.
func (s *Service) Consumers() []string {
	var ids []string
	for _, c := range s.o.Store.All(consumers) {
		ids = append(ids, resource.Text(c, "id"))
	}
	return ids
}
