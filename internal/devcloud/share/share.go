// Package share stands in for Manila: shares with their export locations, access rules, snapshots
// and locks, and share types. Shares have no content.
package share

import (
	"errors"
	"net/http"
	"slices"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// Options are the parameters of New.
type Options struct {
	Store *resource.Store
	Who   func(token string) *resource.Caller
	URL   string // of the service
}

// Service is the handler of Manila's API, below /share.
type Service struct {
	o   Options
	mux *resource.Mux
}

// The kinds of documents.
const (
	shares    = "shares"
	rules     = "share-access-rules"
	locks     = "share-resource-locks"
	snapshots = "share-snapshots"
	types     = "share-types"
	quotas    = "share-quotas"
)

// newestMicroversion is the newest microversion. All requests are answered in its form.
const newestMicroversion = "2.82"

// New returns the service.
func New(o Options) *Service {
	s := &Service{o: o, mux: &resource.Mux{Who: o.Who, Fault: resource.WSGIFault}}
	s.mux.Open("GET /{$}", s.versions)
	s.mux.Open("GET /v2", s.versions)
	for pattern, h := range map[string]resource.Handler{
		"GET /v2/shares": s.list(shares, "shares", brief), "GET /v2/shares/detail": s.list(shares, "shares", nil),
		"POST /v2/shares": s.create, "GET /v2/shares/{id}": s.show(shares, "share"), "PUT /v2/shares/{id}": s.update(shares, "share"),
		"DELETE /v2/shares/{id}": s.delete, "POST /v2/shares/{id}/action": s.action,
		"GET /v2/shares/{id}/export_locations": s.exportLocations, "GET /v2/shares/{id}/export_locations/{location}": s.exportLocation,

		"GET /v2/share-access-rules": s.listRules, "GET /v2/share-access-rules/{id}": s.show(rules, "access"),
		"PUT /v2/share-access-rules/{id}/metadata": s.ruleMetadata,

		"GET /v2/resource-locks": s.list(locks, "resource_locks", nil), "POST /v2/resource-locks": s.createLock,
		"GET /v2/resource-locks/{id}": s.show(locks, "resource_lock"), "PUT /v2/resource-locks/{id}": s.update(locks, "resource_lock"),
		"DELETE /v2/resource-locks/{id}": s.deleteLock,

		"GET /v2/snapshots": s.list(snapshots, "snapshots", brief), "GET /v2/snapshots/detail": s.list(snapshots, "snapshots", nil),
		"POST /v2/snapshots": s.createSnapshot, "GET /v2/snapshots/{id}": s.show(snapshots, "snapshot"),
		"PUT /v2/snapshots/{id}": s.update(snapshots, "snapshot"), "DELETE /v2/snapshots/{id}": s.deleteSnapshot,

		"GET /v2/types": s.list(types, "share_types", nil), "GET /v2/types/default": s.defaultType, "POST /v2/types": s.createType,
		"GET /v2/types/{id}": s.show(types, "share_type"), "PUT /v2/types/{id}": s.updateType, "DELETE /v2/types/{id}": s.deleteType,
		"GET /v2/types/{id}/extra_specs": s.specs, "POST /v2/types/{id}/extra_specs": s.setSpecs,
		"DELETE /v2/types/{id}/extra_specs/{key}": s.deleteSpec,

		"GET /v2/availability-zones": s.zones, "GET /v2/os-availability-zone": s.zones, // the latter before microversion 2.7
		"GET /v2/services": s.services, "GET /v2/limits": s.limits,
		"GET /v2/quota-sets/{project}": s.quota, "GET /v2/quota-sets/{project}/defaults": s.quota,
		"GET /v2/quota-sets/{project}/detail": s.quotaDetail, "PUT /v2/quota-sets/{project}": s.setQuota,
		"DELETE /v2/quota-sets/{project}": s.deleteQuota,
		"GET /v2/messages":                empty("messages"), "GET /v2/scheduler-stats/pools": s.pools,
		"GET /v2/scheduler-stats/pools/detail": s.pools,
	} {
		s.mux.Handle(pattern, h)
	}
	for path, kind := range map[string]string{"shares": shares, "snapshots": snapshots} {
		resource.Metadata{Store: o.Store, Kind: kind, Find: func(r *resource.Request) (resource.Doc, error) { return s.find(r, kind) },
			Absent: func(*resource.Request) error {
				return resource.Errorf(http.StatusNotFound, "", "Metadata item was not found.")
			}}.Register(s.mux, "/v2/"+path+"/{id}/metadata")
	}
	return s
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-OpenStack-Manila-API-Version", newestMicroversion)
	w.Header().Set("OpenStack-API-Version", "shared-file-system "+newestMicroversion)
	s.mux.ServeHTTP(w, r)
}

func (s *Service) versions(*resource.Request) (any, error) {
	return map[string]any{"versions": []any{map[string]any{"id": "v2.0", "status": "CURRENT", "version": newestMicroversion,
		"min_version": "2.0", "updated": "2015-08-27T11:33:21Z",
		"links": []any{map[string]string{"rel": "self", "href": s.o.URL + "/v2/"}},
		"media-types": []any{map[string]string{"base": "application/json",
			"type": "application/vnd.openstack.share+json;version=1"}}}}}, nil
}

// nouns are the names of resources in errors, by kind.
var nouns = map[string]string{shares: "Share", rules: "Share access", locks: "Resource lock", snapshots: "Snapshot", types: "Share type"}

func missing(kind, id string) error {
	return resource.Errorf(http.StatusNotFound, "", "%s %s could not be found.", nouns[kind], id)
}

func bad(format string, args ...any) error {
	return resource.Errorf(http.StatusBadRequest, "", format, args...)
}

func accepted(err error) (any, error) { return &resource.Reply{Status: http.StatusAccepted}, err }

// find returns a resource that the caller may see.
func (s *Service) find(r *resource.Request, kind string) (resource.Doc, error) {
	d := s.o.Store.Get(kind, r.PathValue("id"))
	if d == nil || !sees(r.Caller, d) {
		return nil, missing(kind, r.PathValue("id"))
	}
	return d, nil
}

// sees tells whether a caller may see a resource: one of its project, or one without a project.
func sees(c *resource.Caller, d resource.Doc) bool {
	return d["_project"] == nil || c.Can(resource.Text(d, "_project")) || resource.Bool(d, "is_public")
}

// brief are the fields of lists without details.
var brief = []string{"id", "name", "links"}

var query = resource.Query{Ignore: []string{"all_tenants", "all_projects", "with_count", "is_public", "extra_specs"},
	Same: map[string]string{"display_name": "name", "display_description": "description"},
	Special: map[string]func(resource.Doc, []string) bool{"metadata": func(d resource.Doc, values []string) bool {
		return resource.HasPairs(d, "metadata", values[0])
	}}}

// list lists the resources of the caller's project, for administrators with all_tenants of all.
func (s *Service) list(kind, key string, fields []string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		var seen []resource.Doc
		q := r.URL.Query()
		everyone := r.Caller.Admin && (resource.Bool(resource.Doc{"": q.Get("all_projects")}, "") ||
			slices.Contains([]string{"1", "True", "true"}, q.Get("all_tenants")+q.Get("all_projects")))
		for _, d := range s.o.Store.All(kind) {
			if d["_project"] == nil || d["_project"] == r.Caller.ProjectID || everyone {
				seen = append(seen, d)
			}
		}
		page, _ := query.Select(seen, q)
		if fields != nil {
			for n, d := range page {
				short := resource.Doc{}
				for _, f := range fields {
					short[f] = d[f]
				}
				page[n] = short
			}
		}
		return map[string]any{key: page}, nil
	}
}

func (s *Service) show(kind, key string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		d, err := s.find(r, kind)
		return map[string]any{key: resource.Shown(d)}, err
	}
}

// changeable are the fields that a PUT changes, by their names in requests.
var changeable = map[string]string{"display_name": "name", "name": "name", "display_description": "description",
	"description": "description", "is_public": "is_public", "lock_reason": "lock_reason", "resource_action": "resource_action"}

func (s *Service) update(kind, key string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		d, err := s.find(r, kind)
		if err != nil {
			return nil, err
		}
		body, err := r.Body(key)
		if err != nil {
			return nil, err
		}
		d, err = s.o.Store.Update(kind, resource.Text(d, "id"), func(d resource.Doc) error {
			for given, field := range changeable {
				if v, ok := body[given]; ok {
					d[field] = v
				}
			}
			d["updated_at"] = s.o.Store.NowMicro()
			return nil
		})
		if errors.Is(err, resource.ErrNotFound) {
			err = missing(kind, r.PathValue("id"))
		}
		return map[string]any{key: resource.Shown(d)}, err
	}
}

func empty(key string) resource.Handler {
	return func(*resource.Request) (any, error) { return map[string]any{key: []any{}}, nil }
}

func (s *Service) links(path, id string) []any {
	return []any{map[string]string{"rel": "self", "href": s.o.URL + "/v2/" + path + "/" + id},
		map[string]string{"rel": "bookmark", "href": s.o.URL + "/" + path + "/" + id}}
}
