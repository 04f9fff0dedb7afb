package placement

import (
	"errors"
	"maps"
	"net/http"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// inventory returns the inventory of a body with default values.
func inventory(body resource.Doc) resource.Doc {
	d := resource.Doc{}
	for field, value := range map[string]any{"total": 0, "reserved": 0, "min_unit": 1, "max_unit": 1<<31 - 1, "step_size": 1,
		"allocation_ratio": 1.0} {
		d[field] = resource.Or(body, field, value)
	}
	return d
}

// changeInventories replaces the inventories of a provider by a copy that f has changed. It
// refuses to remove allocated resources. If body has a generation, the provider must have it.
func (s *Service) changeInventories(id string, body resource.Doc, f func(all resource.Doc) error) (resource.Doc, error) {
	d, err := s.o.Store.Update(providers, id, func(d resource.Doc) error {
		if outdated(d, body) {
			return conflict()
		}
		all := maps.Clone(resource.Object(d, "inventories"))
		if err := f(all); err != nil {
			return err
		}
		for class, n := range s.used(id) {
			if _, kept := all[class]; !kept && n > 0 {
				return resource.Errorf(http.StatusConflict, "placement.inventory.inuse", "Inventory for '%s' on resource provider '%s' in use.",
					class, id)
			}
		}
		d["inventories"], d["generation"] = all, resource.Int(d, "generation")+1
		return nil
	})
	if errors.Is(err, resource.ErrNotFound) {
		err = missing(id)
	}
	return d, err
}

// outdated tells whether a request has another generation than the provider.
func outdated(d, body resource.Doc) bool {
	return body["resource_provider_generation"] != nil && resource.Int(body, "resource_provider_generation") != resource.Int(d, "generation")
}

func inventoryView(d resource.Doc, class string) resource.Doc {
	out := maps.Clone(resource.Object(resource.Object(d, "inventories"), class))
	out["resource_provider_generation"] = resource.Int(d, "generation")
	return out
}

func (s *Service) setInventories(r *resource.Request) (any, error) {
	body, err := r.Body("")
	if err != nil {
		return nil, err
	}
	d, err := s.changeInventories(r.PathValue("id"), body, func(all resource.Doc) error {
		clear(all)
		given := resource.Object(body, "inventories")
		for class := range given {
			all[class] = inventory(resource.Object(given, class))
		}
		return nil
	})
	return map[string]any{"inventories": d["inventories"], "resource_provider_generation": d["generation"]}, err
}

func (s *Service) deleteInventories(r *resource.Request) (any, error) {
	_, err := s.changeInventories(r.PathValue("id"), nil, func(all resource.Doc) error { clear(all); return nil })
	return nil, err
}

func (s *Service) inventory(r *resource.Request) (any, error) {
	id, class := r.PathValue("id"), r.PathValue("class")
	d := s.o.Store.Get(providers, id)
	if d == nil {
		return nil, missing(id)
	}
	if resource.Object(d, "inventories")[class] == nil {
		return nil, resource.Errorf(http.StatusNotFound, "placement.undefined_code", "No inventory of class %s for %s", class, id)
	}
	return inventoryView(d, class), nil
}

func (s *Service) addInventory(r *resource.Request) (any, error) {
	body, err := r.Body("")
	if err != nil {
		return nil, err
	}
	class := resource.Text(body, "resource_class")
	d, err := s.changeInventories(r.PathValue("id"), body, func(all resource.Doc) error {
		if all[class] != nil {
			return resource.Errorf(http.StatusConflict, "placement.concurrent_update", "Update conflict: there is an inventory of class %s.", class)
		}
		all[class] = inventory(body)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return inventoryView(d, class), nil
}

func (s *Service) setInventory(r *resource.Request) (any, error) {
	body, err := r.Body("")
	if err != nil {
		return nil, err
	}
	id, class := r.PathValue("id"), r.PathValue("class")
	d, err := s.changeInventories(id, body, func(all resource.Doc) error {
		if all[class] == nil {
			return resource.Errorf(http.StatusBadRequest, "placement.undefined_code",
				"No inventory record with resource class for resource provider %s: No inventory of class %s found.", id, class)
		}
		all[class] = inventory(body)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return inventoryView(d, class), nil
}

func (s *Service) deleteInventory(r *resource.Request) (any, error) {
	class := r.PathValue("class")
	_, err := s.changeInventories(r.PathValue("id"), nil, func(all resource.Doc) error {
		if all[class] == nil {
			return resource.Errorf(http.StatusNotFound, "placement.undefined_code", "No inventory of class %s found for delete", class)
		}
		delete(all, class)
		return nil
	})
	return nil, err
}
