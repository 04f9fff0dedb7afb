package middleware

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/nova-go/nova/internal/pyjson"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest"
)

// Token is a token that Keystone has validated, with data that is derived from it once. All
// requests with the token share it, and it is immutable.
type Token struct {
	ExpiresAt time.Time

	UserID, UserName                   string
	UserDomainID, UserDomainName       string
	ProjectID, ProjectName             string
	ProjectDomainID, ProjectDomainName string
	DomainID, DomainName               string
	SystemScope                        string // "all" or ""
	IsAdminProject                     bool
	Roles                              []string
	ApplicationCredentialID            string // "" for other tokens
	// Catalog is the whole catalog in the format of Identity v2; nil if the token has none.
	Catalog []reqctx.CatalogEntry

	rules   *accessRules
	compute []reqctx.CatalogEntry // the part of Catalog that Nova keeps
	whole   rest.Catalog          // Catalog in the form for requests to other services
	bind    map[string]any

	// These are the headers of requests. The values are shared, so that filling a header map
	// allocates nothing.
	userHeaders    []headerValue
	serviceHeaders []headerValue
}

type headerValue struct {
	name  string
	value []string
}

// tokenBody is the body of GET /v3/auth/tokens.
type tokenBody struct {
	Token *struct {
		ExpiresAt string `json:"expires_at"`
		User      *struct {
			ID, Name string
			Domain   struct{ ID, Name string }
		} `json:"user"`
		Project *struct {
			ID, Name string
			Domain   struct{ ID, Name string }
		} `json:"project"`
		Domain *struct{ ID, Name string } `json:"domain"`
		System map[string]bool            `json:"system"`
		Roles  []struct{ Name string }    `json:"roles"`
		// Catalog is absent, not empty, if it was not requested.
		Catalog               *[]catalogService `json:"catalog"`
		IsAdminProject        *bool             `json:"is_admin_project"`
		Bind                  map[string]any    `json:"bind"`
		ApplicationCredential *struct {
			ID          string        `json:"id"`
			AccessRules *[]accessRule `json:"access_rules"`
		} `json:"application_credential"`
	} `json:"token"`
}

type catalogService struct {
	Type      string            `json:"type"`
	Name      *string           `json:"name"`
	Endpoints []catalogEndpoint `json:"endpoints"`
}

type catalogEndpoint struct {
	Region    *string `json:"region"`
	Interface string  `json:"interface"`
	URL       string  `json:"url"`
}

// parseToken parses Keystone's answer. withCatalog keeps the catalog for requests.
func parseToken(data []byte, withCatalog bool) (*Token, error) {
	var body tokenBody
	if err := json.Unmarshal(data, &body); err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	b := body.Token
	if b == nil || b.User == nil {
		return nil, fmt.Errorf("token: Keystone's answer has no token or user")
	}
	expires, err := parseTime(b.ExpiresAt)
	if err != nil {
		return nil, fmt.Errorf("token: expires_at: %w", err)
	}
	t := &Token{
		ExpiresAt: expires, UserID: b.User.ID, UserName: b.User.Name, UserDomainID: b.User.Domain.ID, UserDomainName: b.User.Domain.Name,
		IsAdminProject: b.IsAdminProject == nil || *b.IsAdminProject, bind: b.Bind,
	}
	if p := b.Project; p != nil {
		t.ProjectID, t.ProjectName, t.ProjectDomainID, t.ProjectDomainName = p.ID, p.Name, p.Domain.ID, p.Domain.Name
	}
	if b.Domain != nil {
		t.DomainID, t.DomainName = b.Domain.ID, b.Domain.Name
	}
	if b.System["all"] {
		t.SystemScope = "all"
	}
	for _, r := range b.Roles {
		t.Roles = append(t.Roles, r.Name)
	}
	if ac := b.ApplicationCredential; ac != nil {
		t.ApplicationCredentialID = ac.ID
	}
	if ac := b.ApplicationCredential; ac != nil && ac.AccessRules != nil {
		t.rules = newAccessRules(*ac.AccessRules, b.Catalog)
	}
	if b.Catalog != nil && withCatalog {
		t.Catalog = v2Catalog(*b.Catalog)
		t.compute = forCompute(t.Catalog)
		t.whole = rest.CatalogOf(t.Catalog)
	}
	t.prepare()
	return t, nil
}

func parseTime(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time", text)
}

// v2Catalog groups the endpoints by region, as in X-Service-Catalog.
func v2Catalog(services []catalogService) []reqctx.CatalogEntry {
	catalog := make([]reqctx.CatalogEntry, 0, len(services))
	for _, s := range services {
		entry := reqctx.CatalogEntry{Type: s.Type, Endpoints: []json.RawMessage{}}
		if s.Name != nil {
			entry.Name = *s.Name
		}
		var names []string
		regions := map[string][][2]string{}
		for _, e := range s.Endpoints {
			name := ""
			if e.Region != nil {
				name = *e.Region
			}
			if _, ok := regions[name]; !ok {
				names = append(names, name)
				if name != "" {
					regions[name] = [][2]string{{"region", name}}
				}
			}
			key := strings.ToLower(e.Interface) + "URL"
			pairs := regions[name]
			if i := slices.IndexFunc(pairs, func(p [2]string) bool { return p[0] == key }); i >= 0 {
				pairs[i][1] = e.URL
				continue
			}
			regions[name] = append(pairs, [2]string{key, e.URL})
		}
		for _, name := range names {
			entry.Endpoints = append(entry.Endpoints, jsonObject(regions[name]))
		}
		catalog = append(catalog, entry)
	}
	return catalog
}

// jsonObject returns a JSON object with its members in this order and Python's spacing.
func jsonObject(pairs [][2]string) json.RawMessage {
	b := []byte{'{'}
	for i, p := range pairs {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = pyjson.Append(append(pyjson.Append(b, p[0]), ": "...), p[1])
	}
	return append(b, '}')
}

// prepare builds the headers.
func (t *Token) prepare() {
	roles := strings.Join(t.Roles, ",")
	admin := "False"
	if t.IsAdminProject {
		admin = "True"
	}
	common := func(prefix string) []headerValue {
		var out []headerValue
		add := func(name, value string) {
			if value != "" {
				out = append(out, headerValue{http.CanonicalHeaderKey("X" + prefix + name), []string{value}})
			}
		}
		// A token without roles has the header, too.
		out = append(out, headerValue{http.CanonicalHeaderKey("X" + prefix + "-Roles"), []string{roles}})
		add("-Domain-Id", t.DomainID)
		add("-Domain-Name", t.DomainName)
		add("-Project-Id", t.ProjectID)
		add("-Project-Name", t.ProjectName)
		add("-Project-Domain-Id", t.ProjectDomainID)
		add("-Project-Domain-Name", t.ProjectDomainName)
		add("-User-Id", t.UserID)
		add("-User-Name", t.UserName)
		add("-User-Domain-Id", t.UserDomainID)
		add("-User-Domain-Name", t.UserDomainName)
		if t.SystemScope != "" {
			out = append(out, headerValue{"Openstack-System-Scope", []string{t.SystemScope}})
		}
		return out
	}
	t.userHeaders = append(common(""), headerValue{"X-Identity-Status", []string{"Confirmed"}},
		headerValue{"X-Is-Admin-Project", []string{admin}}, headerValue{"X-Role", []string{roles}})
	for _, old := range [][2]string{{"X-User", t.UserName}, {"X-Tenant-Id", t.ProjectID}, {"X-Tenant-Name", t.ProjectName},
		{"X-Tenant", t.ProjectName}} {
		if old[1] != "" {
			t.userHeaders = append(t.userHeaders, headerValue{old[0], []string{old[1]}})
		}
	}
	if t.Catalog != nil {
		t.userHeaders = append(t.userHeaders, headerValue{"X-Service-Catalog", []string{catalogText(t.Catalog)}})
	}
	t.serviceHeaders = append(common("-Service"), headerValue{"X-Service-Identity-Status", []string{"Confirmed"}})
}

func catalogText(catalog []reqctx.CatalogEntry) string {
	b := []byte{'['}
	for i, s := range catalog {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = pyjson.Append(append(b, `{"type": `...), s.Type)
		b = pyjson.Append(append(b, `, "name": `...), s.Name)
		b = append(b, `, "endpoints": [`...)
		for j, e := range s.Endpoints {
			if j > 0 {
				b = append(b, ", "...)
			}
			b = append(b, e...)
		}
		b = append(b, "]}"...)
	}
	return string(append(b, ']'))
}

// fill copies the caller into a context. Slices are shared.
func (t *Token) fill(c *reqctx.Caller) {
	c.UserID, c.UserName, c.UserDomainID, c.UserDomainName = t.UserID, t.UserName, t.UserDomainID, t.UserDomainName
	c.ProjectID, c.ProjectName, c.ProjectDomainID, c.ProjectDomainName = t.ProjectID, t.ProjectName, t.ProjectDomainID, t.ProjectDomainName
	c.DomainID, c.SystemScope, c.IsAdminProject = t.DomainID, t.SystemScope, t.IsAdminProject
	c.Roles, c.ServiceCatalog = t.Roles, t.compute
}

// fillService copies the service that sends the request into a context.
func (t *Token) fillService(c *reqctx.Caller) {
	c.ServiceUserID, c.ServiceUserDomainID, c.ServiceUserDomainName = t.UserID, t.UserDomainID, t.UserDomainName
	c.ServiceProjectID, c.ServiceProjectDomainID, c.ServiceProjectDomainName = t.ProjectID, t.ProjectDomainID, t.ProjectDomainName
	c.ServiceRoles = t.Roles
}
