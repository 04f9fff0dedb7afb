package devcloud

import (
	"net/http"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// services are those of the cloud, each under a path of its one address.
var services = []struct{ name, kind, path string }{
	{"keystone", "identity", "/identity/v3"}, {"nova", "compute", "/v2.1"}, {"glance", "image", "/image"},
	{"neutron", "network", "/network"}, {"cinder", "block-storage", "/volume/v3"}, {"cinderv3", "volumev3", "/volume/v3"}, {"placement", "placement", "/placement"},
}

// interfaces are those that each service has an endpoint of.
var interfaces = []string{"public", "internal", "admin"}

// catalog lists the services with their endpoints, as tokens have them.
func (i *identity) catalog(*token) []any {
	list := []any{}
	for _, s := range services {
		endpoints := []any{}
		for _, of := range interfaces {
			endpoints = append(endpoints, map[string]string{"id": id(s.name, of), "interface": of, "region": region, "region_id": region, "url": i.url + s.path})
		}
		list = append(list, map[string]any{"id": id("service-", s.name), "type": s.kind, "name": s.name, "endpoints": endpoints})
	}
	return list
}

// serveCatalog lists or shows the services or their endpoints. They are what they
// are: nobody makes others.
func (i *identity) serveCatalog(w http.ResponseWriter, r *http.Request, kind, one string) {
	single := kind[:len(kind)-1]
	var all []resource.Doc
	for _, s := range services {
		if kind == "services" {
			all = append(all, resource.Doc{"id": id("service-", s.name), "type": s.kind, "name": s.name, "enabled": true, "links": i.self(kind, id("service-", s.name))})
			continue
		}
		for _, of := range interfaces {
			all = append(all, resource.Doc{"id": id(s.name, of), "interface": of, "region": region, "region_id": region, "service_id": id("service-", s.name),
				"url": i.url + s.path, "enabled": true, "links": i.self(kind, id(s.name, of))})
		}
	}
	if r.Method != http.MethodGet {
		answer(w, http.StatusForbidden, fault(http.StatusForbidden, "The catalog of nova-api --dev cannot be changed."))
		return
	}
	if one == "" {
		page, _ := listed.Select(all, r.URL.Query())
		answer(w, http.StatusOK, map[string]any{kind: page, "links": i.self(kind, "")})
		return
	}
	for _, d := range all {
		if d["id"] == one {
			answer(w, http.StatusOK, map[string]any{single: d})
			return
		}
	}
	answer(w, http.StatusNotFound, fault(http.StatusNotFound, "Could not find "+single+": "+one+"."))
}

// self are the links of a member of a collection, or for "" of the collection.
func (i *identity) self(kind, one string) map[string]any {
	if one == "" {
		return map[string]any{"self": i.url + "/identity/v3/" + kind, "next": nil, "previous": nil}
	}
	return map[string]any{"self": i.url + "/identity/v3/" + kind + "/" + one}
}
