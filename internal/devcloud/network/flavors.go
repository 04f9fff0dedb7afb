package network

import (
	"net/http"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// serviceTypes are the types of services that flavors can have: those of Neutron's plugins.
var serviceTypes = []string{"L3_ROUTER_NAT", "CORE", "FLAVORS", "QOS"}

// flavorCollections are the flavors of services and their service profiles, for administrators. They
// have no effect.
func (s *Service) flavorCollections() []collection {
	everyone := func(resource.Doc) bool { return true }
	return []collection{
		{kind: flavors, singular: "flavor", class: "Flavor", create: s.newFlavor, forAdmins: true, visible: everyone,
			readOnly: []string{"service_type"}, remove: func(d resource.Doc) error {
				return s.unused(routers, "flavor_id", d, "FlavorInUse", "Flavor %s is used by some service instance.")
			}},
		{kind: profiles, singular: "service_profile", class: "ServiceProfile", noun: "Service Profile", create: s.newProfile,
			forAdmins: true,
			remove: func(d resource.Doc) error {
				for _, f := range s.o.Store.All(flavors) {
					if slices.Contains(resource.Strings(f, "service_profiles"), resource.Text(d, "id")) {
						return resource.Errorf(http.StatusConflict, "ServiceProfileInUse",
							"Service Profile %s is used by some service instance.", d["id"])
					}
				}
				return nil
			}},
	}
}

// unused refuses to delete a resource that resources of another kind have.
func (s *Service) unused(kind, field string, d resource.Doc, class, words string) error {
	if len(s.o.Store.Find(kind, field, d["id"])) > 0 {
		return resource.Errorf(http.StatusConflict, class, words, d["id"])
	}
	return nil
}

func (s *Service) newFlavor(r *resource.Request, id string, body resource.Doc) (resource.Doc, error) {
	if err := forAdmins(r, "create_flavor"); err != nil {
		return nil, err
	}
	kind := body["service_type"]
	if kind == nil {
		return nil, bad("Failed to parse request. Required attribute 'service_type' not specified")
	}
	if text, _ := kind.(string); !slices.Contains(serviceTypes, text) {
		return nil, resource.Errorf(http.StatusBadRequest, "InvalidServiceType", "Invalid service type: %v.", kind)
	}
	return resource.Doc{"id": id, "name": resource.Or(body, "name", ""), "description": resource.Or(body, "description", ""),
		"service_type": kind, "enabled": resource.Or(body, "enabled", true), "service_profiles": []any{}}, nil
}

func (s *Service) newProfile(r *resource.Request, id string, body resource.Doc) (resource.Doc, error) {
	if err := forAdmins(r, "create_service_profile"); err != nil {
		return nil, err
	}
	driver, info := resource.Text(body, "driver"), resource.Text(body, "metainfo")
	if driver == "" && info == "" {
		return nil, resource.Errorf(http.StatusBadRequest, "ServiceProfileEmpty", "Service Profile needs either a driver or metainfo.")
	}
	if driver != "" && !strings.HasPrefix(driver, "neutron.") {
		return nil, resource.Errorf(http.StatusNotFound, "ServiceProfileDriverNotFound", "Service Profile driver %s could not be found.", driver)
	}
	return resource.Doc{"id": id, "description": resource.Or(body, "description", ""), "driver": driver, "metainfo": info,
		"enabled": resource.Or(body, "enabled", true)}, nil
}

// registerFlavors registers the association of service profiles with flavors.
func (s *Service) registerFlavors(all []collection) {
	flavor, profile := all[0], all[1]
	handle := func(pattern string, do func(r *resource.Request, list []string) ([]string, error)) {
		s.mux.Handle(pattern, func(r *resource.Request) (any, error) {
			if err := forAdmins(r, "create_flavor_service_profile"); err != nil {
				return nil, err
			}
			d, err := s.find(flavor, r)
			if err != nil {
				return nil, err
			}
			list, err := do(r, resource.Strings(d, "service_profiles"))
			if err != nil {
				return nil, err
			}
			_, err = s.update(flavor, resource.Text(d, "id"), resource.Doc{"service_profiles": resource.Anys(list)})
			if r.Method == http.MethodDelete {
				return nil, err
			}
			return map[string]any{"service_profile": resource.Doc{"id": d["id"]}}, err
		})
	}
	path := flavor.path() + "/{id}/service_profiles"
	handle("POST "+path, func(r *resource.Request, list []string) ([]string, error) {
		body, err := r.Body("service_profile")
		if err != nil {
			return nil, err
		}
		id := resource.Text(body, "id")
		if s.o.Store.Get(profiles, id) == nil {
			return nil, profile.missing(id)
		}
		if slices.Contains(list, id) {
			return nil, resource.Errorf(http.StatusConflict, "FlavorServiceProfileBindingExists",
				"Service Profile %s is already associated with flavor %s.", id, r.PathValue("id"))
		}
		return append(list, id), nil
	})
	handle("DELETE "+path+"/{profile}", func(r *resource.Request, list []string) ([]string, error) {
		id := r.PathValue("profile")
		if !slices.Contains(list, id) {
			return nil, resource.Errorf(http.StatusNotFound, "FlavorServiceProfileBindingNotFound",
				"Service Profile %s is not associated with flavor %s.", id, r.PathValue("id"))
		}
		return slices.DeleteFunc(list, func(p string) bool { return p == id }), nil
	})
}
