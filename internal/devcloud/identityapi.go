package devcloud

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// userPassword is the path at which users change their passwords.
var userPassword = regexp.MustCompile(`^/v3/users/([^/]+)/password$`)

// ServeHTTP answers as Keystone does, below /identity.
func (i *identity) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimRight(r.URL.Path, "/")
	switch {
	case path == "":
		answer(w, http.StatusMultipleChoices, map[string]any{"versions": map[string]any{"values": []any{i.version()}}})
	case path == "/v3":
		answer(w, http.StatusOK, map[string]any{"version": i.version()})
	case path == "/v3/auth/tokens" && r.Method == http.MethodPost:
		i.authenticate(w, r)
	case userPassword.MatchString(path) && r.Method == http.MethodPost:
		i.servePassword(w, r, userPassword.FindStringSubmatch(path)[1])
	default:
		i.authenticated(w, r, path)
	}
}

func (i *identity) version() map[string]any {
	return map[string]any{"id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z",
		"links":       []any{map[string]string{"rel": "self", "href": i.url + "/identity/v3/"}},
		"media-types": []any{map[string]string{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}}}
}

// authenticated serves what needs a token.
func (i *identity) authenticated(w http.ResponseWriter, r *http.Request, path string) {
	t := i.find(r.Header.Get("X-Auth-Token"))
	if t == nil {
		w.Header().Set("WWW-Authenticate", `Keystone uri="`+i.url+`/identity/v3"`)
		answer(w, http.StatusUnauthorized, fault(http.StatusUnauthorized, "The request you have made requires authentication."))
		return
	}
	kind, name, _ := strings.Cut(strings.TrimPrefix(path, "/v3/"), "/")
	switch {
	case path == "/v3/auth/tokens":
		i.subject(w, r)
	case path == "/v3/auth/catalog":
		answer(w, http.StatusOK, map[string]any{"catalog": i.catalog(t), "links": map[string]any{}})
	case path == "/v3/auth/system":
		all := []any{}
		if u := i.user(t.UserID, ""); u != nil && i.known.Load().rolesIn(u, system) != nil {
			all = append(all, map[string]bool{"all": true})
		}
		answer(w, http.StatusOK, map[string]any{"system": all, "links": i.self("auth/system", "")})
	case path == "/v3/auth/domains":
		known := i.known.Load()
		var list []project
		for _, d := range known.Domains {
			if u := known.user(t.UserID, ""); u != nil && known.rolesIn(u, d.ID) != nil {
				list = append(list, d)
			}
		}
		i.list(w, r, "domains", list, "")
	case path == "/v3/auth/projects":
		i.list(w, r, "projects", i.projectsOf(t), "")
	case kind == "users" && strings.Contains(name, "/application_credentials"):
		i.serveCredentials(w, r, t, strings.Split(name, "/"))
	case kind == "services" || kind == "endpoints":
		i.serveCatalog(w, r, kind, name)
	case kind == "projects" || kind == "users" || kind == "groups" || kind == "roles" || kind == "domains" || kind == "role_assignments" || kind == regions || kind == system:
		i.servePeople(w, r, t, strings.Split(strings.TrimPrefix(path, "/v3/"), "/"))
	default:
		answer(w, http.StatusNotFound, fault(http.StatusNotFound, "The resource could not be found."))
	}
}

func (i *identity) projectsOf(t *token) []project {
	known := i.known.Load()
	u := known.user(t.UserID, "")
	var list []project
	for _, p := range known.Projects {
		if u != nil && known.rolesIn(u, p.ID) != nil && !p.Disabled {
			list = append(list, p)
		}
	}
	return list
}

// list answers a collection, or the member that one names by id.
func (i *identity) list(w http.ResponseWriter, r *http.Request, kind string, list []project, one string) {
	if one != "" {
		n := lookup(list, one, "")
		if n == nil {
			answer(w, http.StatusNotFound, fault(http.StatusNotFound, "Could not find "+strings.TrimSuffix(kind, "s")+": "+one+"."))
			return
		}
		answer(w, http.StatusOK, map[string]any{strings.TrimSuffix(kind, "s"): i.shown(kind, n)})
		return
	}
	found := []any{}
	docs := make([]resource.Doc, len(list))
	for n := range list {
		docs[n] = i.shown(kind, &list[n])
	}
	page, _ := listed.Select(docs, r.URL.Query())
	for _, d := range page {
		found = append(found, d)
	}
	answer(w, http.StatusOK, map[string]any{kind: found, "links": map[string]any{"self": i.url + "/identity/v3/" + kind, "next": nil, "previous": nil}})
}

// shown is a member of a collection as Keystone shows it.
func (i *identity) shown(kind string, p *project) map[string]any {
	d := map[string]any{"id": p.ID, "name": p.Name, "description": p.Description, "options": map[string]any{}, "links": map[string]string{"self": i.url + "/identity/v3/" + kind + "/" + p.ID}}
	switch kind {
	case "roles":
		d["domain_id"] = nil
		if maps.Copy(d, p.More); p.Domain != "" {
			d["domain_id"] = p.Domain
		}
		return d
	case "groups":
		delete(d, "options")
		maps.Copy(d, p.More)
		d["domain_id"] = p.domain()
		return d
	case "projects":
		d["is_domain"], d["parent_id"], d["tags"] = false, p.domain(), []any{}
	case "users":
		if d["password_expires_at"] = nil; p.Description == "" {
			delete(d, "description")
		}
	case "domains":
		d["tags"] = []any{}
	case regions:
		d = map[string]any{"id": p.ID, "description": p.Description, "parent_region_id": nil, "links": d["links"]}
		maps.Copy(d, p.More)
		return d
	}
	maps.Copy(d, p.More)
	if d["enabled"] = !p.Disabled; kind != "domains" {
		d["domain_id"] = p.domain()
	}
	if kind == "projects" && p.Root {
		d["is_domain"], d["parent_id"], d["domain_id"] = true, nil, nil
	}
	return d
}

// subject shows or revokes the token in X-Subject-Token.
func (i *identity) subject(w http.ResponseWriter, r *http.Request) {
	id := r.Header.Get("X-Subject-Token")
	t := i.find(id)
	switch {
	case t == nil:
		answer(w, http.StatusNotFound, fault(http.StatusNotFound, "Could not find token."))
	case r.Method == http.MethodDelete:
		if err := i.revoke(id); err != nil {
			answer(w, http.StatusInternalServerError, fault(http.StatusInternalServerError, err.Error()))
			return
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("X-Subject-Token", id)
		answer(w, http.StatusOK, map[string]any{"token": i.document(t)})
	}
}

// reference names a thing in a request, by id or by name.
type reference struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// request is the body of POST /v3/auth/tokens.
type request struct {
	Auth struct {
		Identity struct {
			Methods  []string `json:"methods"`
			Password struct {
				User struct {
					reference
					Password string `json:"password"`
				} `json:"user"`
			} `json:"password"`
			Token      reference `json:"token"`
			Credential struct {
				reference
				Secret string    `json:"secret"`
				User   reference `json:"user"`
			} `json:"application_credential"`
		} `json:"identity"`
		Scope json.RawMessage `json:"scope"`
	} `json:"auth"`
}

func (i *identity) authenticate(w http.ResponseWriter, r *http.Request) {
	var q request
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&q); err != nil {
		answer(w, http.StatusBadRequest, fault(http.StatusBadRequest, "The body is not the JSON of an authentication request."))
		return
	}
	refused := func() {
		answer(w, http.StatusUnauthorized, fault(http.StatusUnauthorized, "The request you have made requires authentication."))
	}
	who := q.Auth.Identity.Password.User
	u := i.user(who.ID, who.Name)
	if before := i.find(q.Auth.Identity.Token.ID); before != nil {
		u = i.user(before.UserID, "")
	} else if slices.Contains(q.Auth.Identity.Methods, credentialMethod) {
		c := q.Auth.Identity.Credential
		t := i.known.Load().authenticate(c.reference, c.User, c.Secret)
		if t == nil {
			refused()
			return
		}
		i.answerToken(w, t)
		return
	} else if u == nil || who.Password != u.Password {
		refused()
		return
	}
	if u == nil || u.Disabled {
		refused()
		return
	}
	t := &token{UserID: u.ID}
	if !i.scope(t, u, q.Auth.Scope) {
		refused()
		return
	}
	i.answerToken(w, t)
}

// answerToken issues a token and shows it.
func (i *identity) answerToken(w http.ResponseWriter, t *token) {
	id, err := i.issue(t)
	if err != nil {
		answer(w, http.StatusInternalServerError, fault(http.StatusInternalServerError, err.Error()))
		return
	}
	w.Header().Set("X-Subject-Token", id)
	answer(w, http.StatusCreated, map[string]any{"token": i.document(t)})
}

// scope reads what a token is asked for: a project, the system, or nothing.
func (i *identity) scope(t *token, u *user, text json.RawMessage) bool {
	if len(text) == 0 || string(text) == `"unscoped"` || string(text) == "null" {
		return true
	}
	var s struct {
		Project *reference     `json:"project"`
		System  map[string]any `json:"system"`
	}
	if json.Unmarshal(text, &s) != nil {
		return false
	}
	switch {
	case s.System != nil:
		t.System = true
		return i.known.Load().rolesIn(u, system) != nil
	case s.Project != nil:
		p := i.project(s.Project.ID, s.Project.Name)
		if p == nil || p.Disabled || i.known.Load().rolesIn(u, p.ID) == nil {
			return false
		}
		t.ProjectID = p.ID
		return true
	}
	return false
}

// document is a token as Keystone shows it.
func (i *identity) document(t *token) map[string]any {
	const micro = "2006-01-02T15:04:05.000000Z"
	known := i.known.Load()
	in := func(p *project) map[string]string {
		d := lookup(known.Domains, p.domain(), "")
		return map[string]string{"id": d.ID, "name": d.Name}
	}
	u := known.user(t.UserID, "")
	method := "password"
	if t.Credential != "" {
		method = credentialMethod
	}
	d := map[string]any{"methods": []string{method}, "audit_ids": []string{"dev"}, "issued_at": t.Issued.Format(micro), "expires_at": t.Expires.Format(micro),
		"user": map[string]any{"id": u.ID, "name": u.Name, "domain": in(&u.project), "password_expires_at": nil}}
	if p := known.project(t.ProjectID, ""); t.ProjectID != "" && p != nil {
		d["project"] = map[string]any{"id": p.ID, "name": p.Name, "domain": in(p)}
		d["is_domain"] = false
	}
	if c := known.credential(t.Credential); c != nil {
		d[credentialMethod] = map[string]any{"id": c.ID, "name": c.Name, "restricted": !c.Unrestricted}
	}
	if t.System {
		d["system"] = map[string]bool{"all": true}
	}
	if roles := i.rolesOf(t); roles != nil {
		list := []any{}
		for _, name := range roles {
			list = append(list, map[string]string{"id": known.roleID(name), "name": name})
		}
		d["roles"], d["catalog"] = list, i.catalog(t)
	}
	return d
}
