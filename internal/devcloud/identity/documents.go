package identity

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// The kinds of documents of a directory, which the service stores and shows without effect.
const (
	accessRules      = "access_rules"
	domainConfigs    = "domain_configs"
	registeredLimits = "registered_limits"
	limits           = "limits"
)

// documentRoutes are the operations on access rules, the configurations of domains, and limits.
func (s *Service) documentRoutes() []route {
	const rules, config = "/v3/users/{user}/access_rules", "/v3/domains/{domain}/config"
	list := []route{
		{"GET", rules, ownerOrAdmin, s.listRules},
		{"GET", rules + "/{id}", ownerOrAdmin, s.showRule},
		{"DELETE", rules + "/{id}", ownerOrAdmin, s.deleteRule},
		{"GET", config, admins, s.showConfig},
		{"PUT", config, admins, s.setConfig},
		{"PATCH", config, admins, s.setConfig},
		{"DELETE", config, admins, s.deleteConfig},
		{"GET", config + "/{group}", admins, s.showConfig},
		{"GET", config + "/{group}/{option}", admins, s.showConfig},
		{"GET", "/v3/limits/model", authenticated, limitModel},
	}
	for _, kind := range []string{registeredLimits, limits} {
		all, one := "/v3/"+kind, "/v3/"+kind+"/{id}"
		list = append(list,
			route{"GET", all, authenticated, s.listLimits(kind)},
			route{"POST", all, admins, s.createLimits(kind)},
			route{"GET", one, authenticated, s.showLimit(kind)},
			route{"PATCH", one, admins, s.updateLimit(kind)},
			route{"DELETE", one, admins, s.deleteLimit(kind)})
	}
	return list
}

// document returns a document by id, or nil.
func (d *directory) document(kind, id string) resource.Doc {
	for _, one := range d.Documents[kind] {
		if one["id"] == id {
			return one
		}
	}
	return nil
}

// put adds a document, or replaces that with the same id.
func (d *directory) put(kind string, one resource.Doc) {
	d.Documents = maps.Clone(d.Documents)
	if d.Documents == nil {
		d.Documents = map[string][]resource.Doc{}
	}
	list := slices.Clone(d.Documents[kind])
	if n := slices.IndexFunc(list, func(old resource.Doc) bool { return old["id"] == one["id"] }); n >= 0 {
		list[n] = one
	} else {
		list = append(list, one)
	}
	d.Documents[kind] = list
}

// drop deletes a document.
func (d *directory) drop(kind, id string) {
	d.Documents = maps.Clone(d.Documents)
	if d.Documents != nil {
		d.Documents[kind] = slices.DeleteFunc(slices.Clone(d.Documents[kind]), func(one resource.Doc) bool { return one["id"] == id })
	}
}

// rulesOfCredential returns the access rules of a new application credential, and stores those that the user
// does not have.
func (d *directory) rulesOfCredential(user string, wanted []resource.Doc) []resource.Doc {
	var list []resource.Doc
	for _, want := range wanted {
		var rule resource.Doc
		for _, old := range d.Documents[accessRules] {
			same := old["id"] == want["id"] || old["service"] == want["service"] && old["path"] == want["path"] && old["method"] == want["method"]
			if old["_user"] == user && same {
				rule = old
			}
		}
		if rule == nil {
			rule = resource.Doc{"id": newID(), "service": want["service"], "path": want["path"], "method": want["method"], "_user": user}
			d.put(accessRules, rule)
		}
		list = append(list, resource.Shown(rule))
	}
	return list
}

func (s *Service) viewRule(d resource.Doc) resource.Doc {
	out := resource.Shown(d)
	out["links"] = map[string]any{"self": s.self("access_rules/" + resource.Text(d, "id"))}
	return out
}

func (s *Service) listRules(r *resource.Request) (any, error) {
	list := []any{}
	for _, d := range s.known.Load().Documents[accessRules] {
		if d["_user"] == r.PathValue("user") {
			list = append(list, s.viewRule(d))
		}
	}
	return map[string]any{accessRules: list, "links": s.links("users/" + r.PathValue("user") + "/access_rules")}, nil
}

func (s *Service) rule(r *resource.Request) (resource.Doc, error) {
	d := s.known.Load().document(accessRules, r.PathValue("id"))
	if d == nil || d["_user"] != r.PathValue("user") {
		return nil, notFound("Access Rule", r.PathValue("id"))
	}
	return d, nil
}

func (s *Service) showRule(r *resource.Request) (any, error) {
	d, err := s.rule(r)
	return map[string]any{"access_rule": s.viewRule(d)}, err
}

func (s *Service) deleteRule(r *resource.Request) (any, error) {
	d, err := s.rule(r)
	if err != nil {
		return nil, err
	}
	return noContent(s.change(func(known *directory) error {
		for _, c := range known.Credentials {
			if slices.ContainsFunc(c.Rules, func(rule resource.Doc) bool { return rule["id"] == d["id"] }) {
				return refuse(http.StatusForbidden, "May not delete access rule in use")
			}
		}
		known.drop(accessRules, resource.Text(d, "id"))
		return nil
	}))
}

// configGroups are the groups of options that a domain can have.
var configGroups = []string{"identity", "ldap"}

func noConfig(domain string) error {
	return refuse(http.StatusNotFound, "Could not find any options in domain configuration for domain %s.", domain)
}

// showConfig shows the configuration of a domain, or a group or an option of it. It does not show
// passwords.
func (s *Service) showConfig(r *resource.Request) (any, error) {
	d := s.known.Load().document(domainConfigs, r.PathValue("domain"))
	if d == nil {
		return nil, noConfig(r.PathValue("domain"))
	}
	config := shownConfig(resource.Object(d, "config"))
	if group := r.PathValue("group"); group != "" {
		options := resource.Object(config, group)
		config = resource.Doc{group: options}
		if option := r.PathValue("option"); option != "" {
			config = resource.Doc{option: options[option]}
			options = resource.Doc{option: options[option]}
			if options[option] == nil {
				options = nil
			}
		}
		if len(options) == 0 {
			return nil, noConfig(r.PathValue("domain"))
		}
	}
	return map[string]any{"config": config}, nil
}

func shownConfig(config resource.Doc) resource.Doc {
	out := resource.Doc{}
	for group := range config {
		options := maps.Clone(resource.Object(config, group))
		delete(options, "password")
		out[group] = options
	}
	return out
}

// setConfig replaces the configuration of a domain (PUT) or the options in the request (PATCH).
func (s *Service) setConfig(r *resource.Request) (any, error) {
	var body struct{ Config map[string]map[string]any }
	if err := read(r, &body); err != nil {
		return nil, refuse(http.StatusBadRequest, "Expecting to find config in the body.")
	}
	domain := r.PathValue("domain")
	if lookup(s.known.Load().Domains, domain, "") == nil {
		return nil, notFound("domain", domain)
	}
	config := resource.Doc{}
	err := s.change(func(d *directory) error {
		old := resource.Object(d.document(domainConfigs, domain), "config")
		if r.Method == http.MethodPatch {
			maps.Copy(config, old)
		}
		for group, options := range body.Config {
			if !slices.Contains(configGroups, group) {
				return refuse(http.StatusForbidden,
					"Invalid domain specific configuration: Group %s is not supported for domain specific configurations.", group)
			}
			merged := maps.Clone(resource.Object(config, group))
			maps.Copy(merged, options)
			config[group] = merged
		}
		d.put(domainConfigs, resource.Doc{"id": domain, "config": config})
		return nil
	})
	status := http.StatusOK
	if r.Method == http.MethodPut {
		status = http.StatusCreated
	}
	return &resource.Reply{Status: status, Body: map[string]any{"config": shownConfig(config)}}, err
}

func (s *Service) deleteConfig(r *resource.Request) (any, error) {
	domain := r.PathValue("domain")
	return noContent(s.change(func(d *directory) error {
		if d.document(domainConfigs, domain) == nil {
			return noConfig(domain)
		}
		d.drop(domainConfigs, domain)
		return nil
	}))
}

func limitModel(*resource.Request) (any, error) {
	return map[string]any{"model": map[string]string{"name": "flat",
		"description": "Limit enforcement and validation does not take project hierarchy into consideration."}}, nil
}

// limitNouns are the names of limits in errors.
var limitNouns = map[string]string{registeredLimits: "registered limit", limits: "limit"}

func (s *Service) listLimits(kind string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		var seen []resource.Doc
		for _, d := range s.known.Load().Documents[kind] {
			if kind == registeredLimits || r.Caller.Admin || d["project_id"] == r.Caller.ProjectID {
				seen = append(seen, s.viewLimit(kind, d))
			}
		}
		filters := []string{"service_id", "region_id", "resource_name", "project_id", "domain_id"}
		page, _ := resource.Query{Only: filters}.Select(seen, r.URL.Query())
		return map[string]any{kind: page, "links": s.links(kind)}, nil
	}
}

func (s *Service) viewLimit(kind string, d resource.Doc) resource.Doc {
	out := maps.Clone(d)
	out["links"] = map[string]any{"self": s.self(kind + "/" + resource.Text(d, "id"))}
	return out
}

// sameLimit tells whether two limits are about the same resource.
func sameLimit(a, b resource.Doc) bool {
	return a["service_id"] == b["service_id"] && a["region_id"] == b["region_id"] && a["resource_name"] == b["resource_name"]
}

// createLimits creates the limits in a list.
func (s *Service) createLimits(kind string) resource.Handler {
	fields := []string{"service_id", "region_id", "resource_name", "description", "default_limit"}
	if kind == limits {
		fields = []string{"service_id", "region_id", "resource_name", "description", "resource_limit", "project_id", "domain_id"}
	}
	return func(r *resource.Request) (any, error) {
		var body map[string][]map[string]any
		if err := read(r, &body); err != nil || len(body[kind]) == 0 {
			return nil, refuse(http.StatusBadRequest, "'%s' is a required property", kind)
		}
		made := []any{}
		err := s.change(func(known *directory) error {
			for _, in := range body[kind] {
				d := resource.Doc{"id": newID()}
				for _, f := range fields {
					d[f] = in[f]
				}
				if s.entryOf(known, services, resource.Text(d, "service_id")) == nil {
					return notFound("service", resource.Text(d, "service_id"))
				}
				if kind == limits && !slices.ContainsFunc(known.Documents[registeredLimits], func(o resource.Doc) bool { return sameLimit(o, d) }) {
					return refuse(http.StatusForbidden, "Unable to create a limit that has no corresponding registered limit.")
				}
				for _, other := range known.Documents[kind] {
					if sameLimit(other, d) && other["project_id"] == d["project_id"] && other["domain_id"] == d["domain_id"] {
						return refuse(http.StatusConflict, "Conflict occurred attempting to store %s - Duplicate entry.", singular(kind))
					}
				}
				known.put(kind, d)
				made = append(made, s.viewLimit(kind, d))
			}
			return nil
		})
		return map[string]any{kind: made}, err
	}
}

func (s *Service) limit(kind string, r *resource.Request) (resource.Doc, error) {
	d := s.known.Load().document(kind, r.PathValue("id"))
	if d == nil {
		return nil, refuse(http.StatusNotFound, "Could not find %s for %s.", limitNouns[kind], r.PathValue("id"))
	}
	return d, nil
}

func (s *Service) showLimit(kind string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		d, err := s.limit(kind, r)
		if err != nil {
			return nil, err
		}
		return map[string]any{singular(kind): s.viewLimit(kind, d)}, nil
	}
}

func (s *Service) updateLimit(kind string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		d, err := s.limit(kind, r)
		if err != nil {
			return nil, err
		}
		var body map[string]map[string]json.RawMessage
		if err := read(r, &body); err != nil {
			return nil, refuse(http.StatusBadRequest, "'%s' is a required property", singular(kind))
		}
		d = maps.Clone(d)
		for field, text := range body[singular(kind)] {
			if _, known := d[field]; known && field != "id" {
				var v any
				if err := json.Unmarshal(text, &v); err != nil {
					return nil, err
				}
				d[field] = v
			}
		}
		return map[string]any{singular(kind): s.viewLimit(kind, d)}, s.change(func(known *directory) error { known.put(kind, d); return nil })
	}
}

func (s *Service) deleteLimit(kind string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		d, err := s.limit(kind, r)
		if err != nil {
			return nil, err
		}
		return noContent(s.change(func(known *directory) error {
			if kind == registeredLimits && slices.ContainsFunc(known.Documents[limits], func(o resource.Doc) bool { return sameLimit(o, d) }) {
				return refuse(http.StatusForbidden,
					"Unable to update or delete registered limit %s because there are project limits associated with it.", d["id"])
			}
			known.drop(kind, resource.Text(d, "id"))
			return nil
		}))
	}
}
