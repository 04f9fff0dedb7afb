package devcloud

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// credentialMethod is what a token's request and the token call an application
// credential.
const credentialMethod = "application_credential"

// credential is an application credential: a secret that stands for a user in one
// project, with some of its roles.
type credential struct {
	ID           string    `json:"id"`
	Name         string    `json:"name"`
	Description  string    `json:"description,omitempty"`
	Secret       string    `json:"secret"`
	User         string    `json:"user"`
	Project      string    `json:"project"`
	Roles        []string  `json:"roles"` // by name
	Unrestricted bool      `json:"unrestricted,omitempty"`
	Expires      time.Time `json:"expires,omitzero"`
}

const expiry = "2006-01-02T15:04:05.000000"

// credential finds one by its id, unless its user or its time is over.
func (p *people) credential(id string) *credential {
	for n := range p.Credentials {
		c := &p.Credentials[n]
		if c.ID == id && p.user(c.User, "") != nil && (c.Expires.IsZero() || time.Now().Before(c.Expires)) {
			return c
		}
	}
	return nil
}

// authenticate makes the token of who knows a credential's secret, or nil. It is
// named by its id, or by its name and its user.
func (p *people) authenticate(which, of reference, secret string) *token {
	if which.ID == "" {
		u := p.user(of.ID, of.Name)
		for _, c := range p.Credentials {
			if u != nil && c.User == u.ID && c.Name == which.Name {
				which.ID = c.ID
			}
		}
	}
	c := p.credential(which.ID)
	if c == nil || c.Secret != secret || p.user(c.User, "").Disabled {
		return nil
	}
	return &token{UserID: c.User, ProjectID: c.Project, Credential: c.ID}
}

func (i *identity) shownCredential(c *credential) resource.Doc {
	known := i.known.Load()
	roles := []any{}
	for _, name := range c.Roles {
		roles = append(roles, map[string]any{"id": known.roleID(name), "name": name, "domain_id": nil, "description": nil, "options": map[string]any{}})
	}
	d := resource.Doc{"id": c.ID, "name": c.Name, "description": c.Description, "user_id": c.User, "project_id": c.Project, "system": nil, "roles": roles, "unrestricted": c.Unrestricted,
		"expires_at": nil, "links": i.self("users/"+c.User+"/application_credentials", c.ID)}
	if !c.Expires.IsZero() {
		d["expires_at"] = c.Expires.UTC().Format(expiry)
	}
	return d
}

// serveCredentials is /v3/users/{id}/application_credentials. Users make their own.
func (i *identity) serveCredentials(w http.ResponseWriter, r *http.Request, t *token, path []string) {
	mine := t.UserID == path[0]
	if !mine && (r.Method == http.MethodPost || !slices.Contains(i.rolesOf(t), "admin")) {
		answer(w, http.StatusForbidden, fault(http.StatusForbidden, "You are not authorized to perform the requested action."))
		return
	}
	if len(path) == 2 && r.Method == http.MethodPost {
		i.createCredential(w, r, t)
		return
	}
	known := i.known.Load()
	if len(path) == 2 {
		all := []resource.Doc{}
		for n := range known.Credentials {
			if known.Credentials[n].User == path[0] {
				all = append(all, i.shownCredential(&known.Credentials[n]))
			}
		}
		page, _ := listed.Select(all, r.URL.Query())
		answer(w, http.StatusOK, map[string]any{"application_credentials": page, "links": i.self("users/"+path[0]+"/application_credentials", "")})
		return
	}
	c := known.credential(path[2])
	switch {
	case c == nil || c.User != path[0]:
		answer(w, http.StatusNotFound, fault(http.StatusNotFound, "Could not find Application Credential: "+path[2]+"."))
	case r.Method == http.MethodDelete:
		if err := i.change(func(p *people) error {
			p.Credentials = slices.DeleteFunc(p.Credentials, func(c credential) bool { return c.ID == path[2] })
			return nil
		}); err != nil {
			answer(w, http.StatusInternalServerError, fault(http.StatusInternalServerError, err.Error()))
			return
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		answer(w, http.StatusOK, map[string]any{credentialMethod: i.shownCredential(c)})
	}
}

func (i *identity) createCredential(w http.ResponseWriter, r *http.Request, t *token) {
	refuse := func(status int, message string) { answer(w, status, fault(status, message)) }
	var q struct {
		In struct {
			Name, Description, Secret string
			Roles                     []reference
			Unrestricted              bool
			Expires                   string `json:"expires_at"`
		} `json:"application_credential"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&q); err != nil || q.In.Name == "" {
		refuse(http.StatusBadRequest, "'name' is a required property")
		return
	}
	if t.ProjectID == "" || t.Credential != "" && !i.known.Load().credential(t.Credential).Unrestricted {
		refuse(http.StatusForbidden, "Could not make an application credential with this token.")
		return
	}
	c := credential{ID: newID(), Name: q.In.Name, Description: q.In.Description, Secret: q.In.Secret, User: t.UserID, Project: t.ProjectID, Unrestricted: q.In.Unrestricted}
	if c.Secret == "" {
		var b [48]byte
		_, _ = rand.Read(b[:])
		c.Secret = base64.RawURLEncoding.EncodeToString(b[:])
	}
	if q.In.Expires != "" {
		var err error
		if c.Expires, err = time.Parse(time.RFC3339, q.In.Expires); err != nil {
			c.Expires, err = time.Parse("2006-01-02T15:04:05", q.In.Expires)
		}
		if err != nil {
			refuse(http.StatusBadRequest, "Invalid input for field 'expires_at': '"+q.In.Expires+"' is not a date.")
			return
		}
	}
	has := i.rolesOf(t)
	for _, want := range q.In.Roles {
		role := lookup(i.known.Load().Roles, want.ID, want.Name)
		if role == nil || !slices.Contains(has, role.Name) {
			refuse(http.StatusBadRequest, "Invalid application credential: Could not find role assignment with role: "+want.ID+want.Name+", user or group: "+t.UserID+", project, domain, or system: "+t.ProjectID+".")
			return
		}
		c.Roles = append(c.Roles, role.Name)
	}
	if len(c.Roles) == 0 {
		c.Roles = has
	}
	err := i.change(func(p *people) error {
		for _, other := range p.Credentials {
			if other.User == c.User && other.Name == c.Name {
				return &identityError{http.StatusConflict, "Conflict occurred attempting to store application_credential - Duplicate entry found with name " + c.Name + "."}
			}
		}
		p.Credentials = append(p.Credentials, c)
		return nil
	})
	if err != nil {
		i.fail(w, err)
		return
	}
	d := i.shownCredential(&c)
	d["secret"] = c.Secret
	answer(w, http.StatusCreated, map[string]any{credentialMethod: d})
}
