// Package volume stands in for Cinder: volumes, snapshots, attachments and volume types. Volumes
// have no content.
package volume

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// Options are the parameters of New.
type Options struct {
	Store *resource.Store
	Who   func(token string) *resource.Caller
	URL   string // of the service
	// Image returns an image, or nil.
	Image func(id string) resource.Doc
	// Upload creates an active image of a project with these fields, and returns its id.
	Upload func(project string, fields resource.Doc) (string, error)
}

// Service is the handler of Cinder's API, below /volume.
type Service struct {
	o       Options
	mux     *resource.Mux
	actions map[string]volumeAction
}

const (
	volumes     = "volumes"
	snapshots   = "snapshots"
	attachments = "attachments"
	types       = "volume-types"
	quotas      = "volume-quotas"
	transfers   = "volume-transfers"
	defaults    = "volume-default-types"
	classes     = "volume-quota-classes"
	qosSpecs    = "qos-specs"

	groupTypes     = "group_types"
	volumeGroups   = "groups"
	groupSnapshots = "group_snapshots"
)

// newestMicroversion is the newest microversion.
const newestMicroversion = "3.71"

// New returns the service.
func New(o Options) *Service {
	s := &Service{o: o, mux: &resource.Mux{Who: o.Who, Fault: resource.WSGIFault}}
	s.actions = s.volumeActions()
	s.mux.Open("GET /{$}", s.versions)
	s.mux.Open("GET /v3", s.versions)
	for pattern, h := range map[string]resource.Handler{
		"GET /v3/volumes": s.list(volumes, false), "GET /v3/volumes/detail": s.list(volumes, true), "POST /v3/volumes": s.createVolume,
		"GET /v3/volumes/{id}": s.show(volumes), "PUT /v3/volumes/{id}": s.update(volumes), "DELETE /v3/volumes/{id}": s.deleteVolume,
		"POST /v3/volumes/{id}/action": s.action,
		"GET /v3/volumes/summary":      s.summary,
		"GET /v3/snapshots":            s.list(snapshots, false), "GET /v3/snapshots/detail": s.list(snapshots, true),
		"POST /v3/snapshots":     s.createSnapshot,
		"GET /v3/snapshots/{id}": s.show(snapshots), "PUT /v3/snapshots/{id}": s.update(snapshots),
		"DELETE /v3/snapshots/{id}": s.deleteSnapshot, "POST /v3/snapshots/{id}/action": s.snapshotAction,
		"GET /v3/attachments": s.list(attachments, false), "GET /v3/attachments/detail": s.list(attachments, true),
		"POST /v3/attachments":     s.createAttachment,
		"GET /v3/attachments/{id}": s.showAttachment, "PUT /v3/attachments/{id}": s.updateAttachment,
		"DELETE /v3/attachments/{id}":      s.deleteAttachment,
		"POST /v3/attachments/{id}/action": s.completeAttachment,
		"GET /v3/types":                    s.listTypes, "GET /v3/types/{id}": s.showType, "POST /v3/types": s.createType,
		"DELETE /v3/types/{id}": s.deleteType,
		"PUT /v3/types/{id}":    s.updateType, "GET /v3/types/{id}/extra_specs": s.specs, "GET /v3/types/{id}/extra_specs/{key}": s.spec,
		"POST /v3/types/{id}/extra_specs": s.setSpecs, "PUT /v3/types/{id}/extra_specs/{key}": s.setSpecs,
		"DELETE /v3/types/{id}/extra_specs/{key}": s.deleteSpec, "GET /v3/types/{id}/os-volume-type-access": s.typeAccess,
		"POST /v3/types/{id}/action": s.typeAction,
		"GET /v3/limits":             s.limits, "GET /v3/os-availability-zone": zones, "GET /v3/os-services": s.services,
		"GET /v3/os-quota-sets/{project}": s.quota, "PUT /v3/os-quota-sets/{project}": s.setQuota,
		"DELETE /v3/os-quota-sets/{project}": s.deleteQuota, "GET /v3/os-quota-sets/{project}/defaults": s.defaultQuota,
		"GET /v3/resource_filters": resourceFilters, "GET /v3/capabilities/{host}": capabilities,
		"GET /v3/backups": noBackups, "GET /v3/backups/detail": noBackups,
		"GET /v3/scheduler-stats/get_pools":   s.pools,
		"GET /v3/extensions":                  extensions,
		"GET /v3/os-quota-class-sets/{class}": s.quotaClass, "PUT /v3/os-quota-class-sets/{class}": s.setQuotaClass,
	} {
		s.mux.Handle(pattern, h)
	}
	s.registerMetadata(volumes)
	s.registerMetadata(snapshots)
	s.registerTransfers()
	s.registerGroups()
	s.registerDefaultTypes()
	s.registerQoSSpecs()
	s.registerEncryption()
	return s
}

// withProject matches a path with the project id, which older clients send.
var withProject = regexp.MustCompile(`^/v3/[0-9a-f]{32}(/|$)`)

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if at := withProject.FindStringIndex(r.URL.Path); at != nil {
		u := *r.URL
		u.Path, u.RawPath = "/v3/"+r.URL.Path[at[1]:], ""
		r2 := *r
		r2.URL = &u
		r = &r2
	}
	w.Header().Set("OpenStack-API-Version", "volume "+newestMicroversion)
	s.mux.ServeHTTP(w, r)
}

func (s *Service) versions(*resource.Request) (any, error) {
	return &resource.Reply{Status: http.StatusMultipleChoices, Body: map[string]any{"versions": []any{map[string]any{"id": "v3.0",
		"status": "CURRENT", "version": newestMicroversion, "min_version": "3.0", "updated": "2024-01-01T00:00:00Z",
		"links": []any{map[string]string{"rel": "self", "href": s.o.URL + "/v3/"}}, "media-types": []any{}}}}}, nil
}

// resourceNames are Cinder's names of resources in messages.
var resourceNames = map[string][2]string{volumes: {"volume", "Volume"}, snapshots: {"snapshot", "Snapshot"},
	attachments: {"attachment", "Volume attachment"}, volumeGroups: {"group", "Group"}, groupSnapshots: {"group_snapshot", "GroupSnapshot"}}

func missing(kind, id string) error {
	if kind == attachments {
		return resource.Errorf(http.StatusNotFound, "", "Volume attachment could not be found with filter: attachment_id = %s.", id)
	}
	return resource.Errorf(http.StatusNotFound, "", "%s %s could not be found.", resourceNames[kind][1], id)
}

func bad(format string, args ...any) error {
	return resource.Errorf(http.StatusBadRequest, "", format, args...)
}

func (s *Service) find(kind, id string, c *resource.Caller) (resource.Doc, error) {
	d := s.o.Store.Get(kind, id)
	if d == nil || !c.Can(resource.Text(d, "_project")) {
		return nil, missing(kind, id)
	}
	return d, nil
}

// briefFields are the fields in lists without details.
var briefFields = map[string][]string{volumes: {"id", "name", "links"}, snapshots: nil,
	attachments: {"id", "status", "instance", "volume_id"}, volumeGroups: {"id", "name"}, groupSnapshots: {"id", "name"}}

func (s *Service) list(kind string, detail bool) resource.Handler {
	return func(r *resource.Request) (any, error) {
		values := r.URL.Query()
		var seen []resource.Doc
		everyones, err := strconv.ParseBool(strings.ToLower(values.Get("all_tenants")))
		if err != nil {
			everyones = kind == attachments
		}
		for _, d := range slices.Backward(s.o.Store.All(kind)) { // the newest first
			if resource.Text(d, "_project") == r.Caller.ProjectID || r.Caller.Admin && everyones {
				seen = append(seen, s.view(d))
			}
		}
		page, more := resource.Query{Special: map[string]func(resource.Doc, []string) bool{"metadata": hasMetadata},
			Ignore: []string{"all_tenants", "with_count"}, Same: map[string]string{"project_id": "os-vol-tenant-attr:tenant_id",
				"instance_id": "instance", "display_name": "name"}}.Select(seen, values)
		if fields := briefFields[kind]; !detail && fields != nil {
			for n, d := range page {
				page[n] = resource.Doc{}
				for _, f := range fields {
					page[n][f] = d[f]
				}
			}
		}
		out := map[string]any{kind: page}
		if more {
			values.Set("marker", resource.Text(page[len(page)-1], "id"))
			path := s.o.URL + r.URL.Path + "?" + values.Encode()
			out[kind+"_links"] = []any{map[string]string{"rel": "next", "href": path}}
		}
		return out, nil
	}
}

// view returns a volume with its attachments, or another resource unchanged.
func (s *Service) view(d resource.Doc) resource.Doc {
	if _, isVolume := d["bootable"]; !isVolume {
		return d
	}
	out := resource.Shown(d)
	out["_project"] = d["_project"]
	list := []any{}
	for _, a := range s.o.Store.Find(attachments, "volume_id", d["id"]) {
		if resource.Text(a, "status") == "attached" {
			list = append(list, resource.Doc{"server_id": a["instance"], "attachment_id": a["id"], "volume_id": d["id"], "id": d["id"],
				"device": a["_device"], "host_name": a["_host"], "attached_at": a["attached_at"]})
		}
	}
	out["attachments"] = list
	return out
}

func (s *Service) show(kind string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		d, err := s.find(kind, r.PathValue("id"), r.Caller)
		if err != nil {
			return nil, err
		}
		return map[string]any{resourceNames[kind][0]: resource.Shown(s.view(d))}, nil
	}
}

func (s *Service) update(kind string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		d, err := s.find(kind, r.PathValue("id"), r.Caller)
		if err != nil {
			return nil, err
		}
		body, err := r.Body(resourceNames[kind][0])
		if err != nil {
			return nil, err
		}
		d, err = s.o.Store.Update(kind, resource.Text(d, "id"), func(d resource.Doc) error {
			for _, field := range []string{"name", "description", "metadata"} {
				if v, given := body[field]; given {
					d[field] = v
				}
			}
			d["updated_at"] = s.o.Store.NowMicro()
			return nil
		})
		if err != nil {
			return nil, err
		}
		return map[string]any{resourceNames[kind][0]: resource.Shown(s.view(d))}, nil
	}
}

func (s *Service) summary(r *resource.Request) (any, error) {
	count, size := 0, int64(0)
	for _, d := range s.o.Store.Find(volumes, "_project", r.Caller.ProjectID) {
		count, size = count+1, size+resource.Int(d, "size")
	}
	return map[string]any{"volume-summary": map[string]any{"total_count": count, "total_size": size, "metadata": resource.Doc{}}}, nil
}
