package versions

import (
	"net/http"
	"slices"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
)

// requestedExtensions returns the extensions of the requested API, by alias.
func requestedExtensions(r *api.Request) []extension {
	if !r.Legacy() {
		return extensions
	}
	all := slices.Concat(extensions, legacyExtensions)
	slices.SortFunc(all, func(a, b extension) int { return strings.Compare(a.alias, b.alias) })
	return all
}

func (a *API) extensions(r *api.Request) (any, error) {
	list := requestedExtensions(r)
	return api.Doc(func(o *api.Object) {
		o.List("extensions", len(list), func(i int, arr *api.Array) { arr.Obj(list[i].write) })
	}), nil
}

func (a *API) extension(r *api.Request) (any, error) {
	for _, e := range requestedExtensions(r) {
		if e.alias == r.Var("id") {
			return api.Doc(func(o *api.Object) { o.Obj("extension", e.write) }), nil
		}
	}
	return nil, api.Bare(http.StatusNotFound)
}

func (e extension) write(o *api.Object) {
	o.Str("name", e.name)
	o.Str("alias", e.alias)
	o.Str("description", e.description)
	o.Str("updated", "2014-12-03T00:00:00Z")
	o.Str("namespace", "http://docs.openstack.org/compute/ext/fake_xml")
	o.List("links", 0, nil)
}
