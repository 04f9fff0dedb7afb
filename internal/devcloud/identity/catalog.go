package identity

import (
	"net/http"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// service is a service of the cloud at a path of the cloud's address.
type service struct{ name, kind, path string }

var cloud = []service{
	{"keystone", "identity", "/identity/v3"}, {"nova", "compute", "/v2.1"}, {"glance", "image", "/image"},
	{"neutron", "network", "/network"}, {"cinder", "block-storage", "/volume/v3"}, {"cinderv3", "volumev3", "/volume/v3"},
	{"manila", "shared-file-system", "/share/v2"}, {"manilav2", "sharev2", "/share/v2"}, {"placement", "placement", "/placement"},
}

func (s service) id() string { return nameID("service-", s.name) }

func (s service) endpoint(of string) string { return nameID(s.name, of) }

// interfaces are the interfaces of the endpoints of each service.
var interfaces = []string{"public", "internal", "admin"}

// catalog returns the services with their endpoints in the form of tokens.
func (s *Service) catalog() []any {
	list := []any{}
	for _, one := range cloud {
		endpoints := []any{}
		for _, of := range interfaces {
			endpoints = append(endpoints, map[string]string{"id": one.endpoint(of), "interface": of, "region": Region, "region_id": Region,
				"url": s.o.URL + one.path})
		}
		list = append(list, map[string]any{"id": one.id(), "type": one.kind, "name": one.name, "endpoints": endpoints})
	}
	return list
}

func (s *Service) showCatalog(*resource.Request) (any, error) {
	return map[string]any{"catalog": s.catalog(), "links": map[string]any{}}, nil
}

func (s *Service) services() []resource.Doc {
	var list []resource.Doc
	for _, one := range cloud {
		list = append(list, resource.Doc{"id": one.id(), "type": one.kind, "name": one.name, "enabled": true,
			"links": map[string]any{"self": s.self("services/" + one.id())}})
	}
	return list
}

func (s *Service) endpoints() []resource.Doc {
	var list []resource.Doc
	for _, one := range cloud {
		for _, of := range interfaces {
			list = append(list, resource.Doc{"id": one.endpoint(of), "interface": of, "region": Region, "region_id": Region, "service_id": one.id(),
				"url": s.o.URL + one.path, "enabled": true, "links": map[string]any{"self": s.self("endpoints/" + one.endpoint(of))}})
		}
	}
	return list
}

func (s *Service) listCatalog(kind string, of func() []resource.Doc) resource.Handler {
	return func(r *resource.Request) (any, error) {
		page, _ := listQuery.Select(of(), r.URL.Query())
		return map[string]any{kind: page, "links": s.links(kind)}, nil
	}
}

func (s *Service) showInCatalog(kind string, of func() []resource.Doc) resource.Handler {
	return func(r *resource.Request) (any, error) {
		id := r.PathValue("id")
		for _, d := range of() {
			if d["id"] == id {
				return map[string]any{singular(kind): d}, nil
			}
		}
		return nil, notFound(singular(kind), id)
	}
}

func catalogIsFixed() error {
	return refuse(http.StatusForbidden, "The catalog of nova-api --dev cannot be changed.")
}

// fixedCatalog refuses changes of the services and the endpoints.
func fixedCatalog(*resource.Request) (any, error) { return nil, catalogIsFixed() }
