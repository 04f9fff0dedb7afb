// Package versions serves the version documents and extensions.
package versions

import (
	"net/http"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/webob"
	"github.com/nova-go/nova/paste"
)

// API has the handlers.
type API struct{ Release release.Release }

// versionDocument is the description of one version of the API.
type versionDocument struct {
	id, status, version, minVersion, updated, media string
}

func v20(r release.Release) *versionDocument {
	d := &versionDocument{id: "v2.0", status: "SUPPORTED", updated: "2011-01-21T11:33:21Z",
		media: "application/vnd.openstack.compute+json;version=2"}
	if r.Has(release.V20Deprecated) {
		d.status, d.updated = "DEPRECATED", "2025-07-04T12:00:00Z"
	}
	return d
}

func v21(r release.Release) *versionDocument {
	return &versionDocument{id: "v2.1", status: "CURRENT", version: api.Newest(r).String(), minVersion: mv.Min.String(),
		updated: "2013-07-23T11:33:21Z", media: "application/vnd.openstack.compute+json;version=2.1"}
}

func (d *versionDocument) path() string {
	if d.id == "v2.0" {
		return "v2"
	}
	return d.id
}

func (d *versionDocument) head(o *api.Object) {
	o.Str("id", d.id)
	o.Str("status", d.status)
	o.Str("version", d.version)
	o.Str("min_version", d.minVersion)
	o.Str("updated", d.updated)
}

func (d *versionDocument) mediaTypes(o *api.Object) {
	o.List("media-types", 1, func(_ int, a *api.Array) {
		a.Obj(func(o *api.Object) {
			o.Str("base", "application/json")
			o.Str("type", d.media)
		})
	})
}

func selfLink(o *api.Object, href string) {
	o.List("links", 1, func(_ int, a *api.Array) {
		a.Obj(func(o *api.Object) {
			o.Str("rel", "self")
			o.Str("href", href)
		})
	})
}

// whole writes a version's own document, {"version": {…}}.
func (d *versionDocument) whole(prefix string) api.Encoder {
	return api.Doc(func(o *api.Object) {
		o.Obj("version", func(o *api.Object) {
			d.head(o)
			o.List("links", 2, func(i int, a *api.Array) {
				a.Obj(func(o *api.Object) {
					if i == 0 {
						o.Str("rel", "self")
						o.Str("href", strings.TrimRight(prefix, "/")+"/")
						return
					}
					o.Str("rel", "describedby")
					o.Str("type", "text/html")
					o.Str("href", "http://docs.openstack.org/")
				})
			})
			d.mediaTypes(o)
		})
	})
}

// show answers / and /versions/{id} of the API, with a token.
func (a *API) show(r *api.Request) (any, error) {
	d := v21(a.Release)
	switch id := r.Var("id"); {
	case r.Legacy():
		d = v20(a.Release)
	case id == "" || id == "v2.1":
	case id == "v2.0":
		d = v20(a.Release)
	default:
		return nil, api.Bare(http.StatusNotFound)
	}
	return d.whole(r.Prefix()), nil
}

// Root is the application for all paths without a version: / lists the versions, any other path
// answers with multiple choices. It needs neither a token nor a database.
type Root struct {
	LinkPrefix string
	Release    release.Release
}

// ServeHTTP implements http.Handler.
func (v Root) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	base := api.WithPrefix(api.ApplicationURL(r), v.LinkPrefix)
	link := func(d *versionDocument, path string) string {
		return strings.TrimRight(base, "/") + "/" + d.path() + "/" + strings.TrimLeft(path, "/")
	}
	documents := []*versionDocument{v20(v.Release), v21(v.Release)}
	if r.URL.Path == "/" {
		api.Write(w, r, http.StatusOK, api.Doc(func(o *api.Object) {
			o.List("versions", 2, func(i int, a *api.Array) {
				a.Obj(func(o *api.Object) {
					documents[i].head(o)
					selfLink(o, link(documents[i], ""))
				})
			})
		}))
		return
	}
	path := strings.TrimRight(webob.QuotePath(paste.ScriptName(r)+r.URL.Path), "/")
	api.Write(w, r, http.StatusMultipleChoices, api.Doc(func(o *api.Object) {
		o.List("choices", 2, func(i int, a *api.Array) {
			a.Obj(func(o *api.Object) {
				o.Str("id", documents[i].id)
				o.Str("status", documents[i].status)
				selfLink(o, link(documents[i], path))
				documents[i].mediaTypes(o)
			})
		})
	}))
}

// Version is the application for the root of /v2.1 and /v2: it writes the document of one
// version, without a token.
type Version struct {
	LinkPrefix string
	Release    release.Release
}

// ServeHTTP implements http.Handler.
func (v Version) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d := v21(v.Release)
	if api.Legacy(r) {
		d = v20(v.Release)
	}
	prefix := api.WithPrefix(api.ApplicationURL(r), v.LinkPrefix)
	api.Versioned(w, r, v.Release, func() (int, any) { return http.StatusOK, d.whole(prefix) })
}
