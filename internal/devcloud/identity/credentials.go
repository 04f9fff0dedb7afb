package identity

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"slices"
	"time"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// credentialMethod is the name of the authentication method for application credentials.
const credentialMethod = "application_credential"

// credential is an application credential: a secret for a user in one project, with some of the
// user's roles.
type credential struct {
	ID           string    `json:"id"`
	Name         string    `json:"name"`
	Description  string    `json:"description,omitempty"`
	Secret       string    `json:"secret"`
	User         string    `json:"user"`
	Project      string    `json:"project"`
	Roles        []string  `json:"roles"` // names
	Unrestricted bool      `json:"unrestricted,omitempty"`
	Expires      time.Time `json:"expires,omitzero"`
	// Rules are the access rules, which Nova enforces with the tokens of the credential.
	Rules []resource.Doc `json:"rules,omitempty"`
}

// authenticate returns a token for an application credential and its secret, or nil. A reference
// by name must have the user.
func (d *directory) authenticate(which, of reference, secret string) *token {
	if which.ID == "" {
		u := d.user(d.id(users, of), "")
		for _, c := range d.Credentials {
			if u != nil && c.User == u.ID && c.Name == which.Name {
				which.ID = c.ID
			}
		}
	}
	c := d.credential(which.ID)
	if c == nil || c.Secret != secret || d.user(c.User, "").Disabled {
		return nil
	}
	return &token{UserID: c.User, ProjectID: c.Project, Credential: c.ID}
}

func credentialsOf(user string) string { return users + "/" + user + "/application_credentials" }

// viewCredential returns a credential without its secret.
func (s *Service) viewCredential(c *credential) resource.Doc {
	known := s.known.Load()
	list := []any{}
	for _, name := range c.Roles {
		list = append(list, map[string]any{"id": known.roleID(name), "name": name, "domain_id": nil, "description": nil,
			"options": map[string]any{}})
	}
	d := resource.Doc{"id": c.ID, "name": c.Name, "description": c.Description, "user_id": c.User, "project_id": c.Project, "system": nil,
		"roles": list, "unrestricted": c.Unrestricted,
		"expires_at": nil, "links": map[string]any{"self": s.self(credentialsOf(c.User) + "/" + c.ID)}}
	if len(c.Rules) > 0 {
		d[accessRules] = c.Rules
	}
	if !c.Expires.IsZero() {
		d["expires_at"] = c.Expires.UTC().Format("2006-01-02T15:04:05.000000")
	}
	return d
}

func (s *Service) listCredentials(r *resource.Request) (any, error) {
	known, of := s.known.Load(), r.PathValue("user")
	all := []resource.Doc{}
	for n := range known.Credentials {
		if known.Credentials[n].User == of {
			all = append(all, s.viewCredential(&known.Credentials[n]))
		}
	}
	page, _ := listQuery.Select(all, r.URL.Query())
	return map[string]any{"application_credentials": page, "links": s.links(credentialsOf(of))}, nil
}

// ownCredential returns the credential in the path of a request, which must belong to the user
// there.
func (s *Service) ownCredential(r *resource.Request) (*credential, error) {
	c := s.known.Load().credential(r.PathValue("id"))
	if c == nil || c.User != r.PathValue("user") {
		return nil, notFound("Application Credential", r.PathValue("id"))
	}
	return c, nil
}

func (s *Service) showCredential(r *resource.Request) (any, error) {
	c, err := s.ownCredential(r)
	if err != nil {
		return nil, err
	}
	return map[string]any{credentialMethod: s.viewCredential(c)}, nil
}

func (s *Service) deleteCredential(r *resource.Request) (any, error) {
	c, err := s.ownCredential(r)
	if err != nil {
		return nil, err
	}
	return nil, s.change(func(d *directory) error {
		d.Credentials = slices.DeleteFunc(d.Credentials, func(other credential) bool { return other.ID == c.ID })
		return nil
	})
}

// newCredential is the body of a request for an application credential.
type newCredential struct {
	Name, Description, Secret string
	Roles                     []reference
	Unrestricted              bool
	Expires                   string         `json:"expires_at"`
	Rules                     []resource.Doc `json:"access_rules"`
}

func (s *Service) createCredential(r *resource.Request) (any, error) {
	var q struct {
		In newCredential `json:"application_credential"`
	}
	if err := read(r, &q); err != nil || q.In.Name == "" {
		return nil, refuse(http.StatusBadRequest, "'name' is a required property")
	}
	known := s.known.Load()
	if r.Caller.ProjectID == "" || known.restricted(r.Caller) {
		return nil, refuse(http.StatusForbidden, "Could not make an application credential with this token.")
	}
	c := credential{ID: newID(), Name: q.In.Name, Description: q.In.Description, Secret: q.In.secret(), User: r.Caller.UserID,
		Project: r.Caller.ProjectID, Unrestricted: q.In.Unrestricted}
	var err error
	if c.Expires, err = q.In.expiry(); err != nil {
		return nil, err
	}
	if c.Roles, err = known.rolesFor(r.Caller, q.In.Roles); err != nil {
		return nil, err
	}
	if err := s.change(func(d *directory) error {
		c.Rules = d.rulesOfCredential(c.User, q.In.Rules)
		return d.addCredential(c)
	}); err != nil {
		return nil, err
	}
	d := s.viewCredential(&c)
	d["secret"] = c.Secret
	return map[string]any{credentialMethod: d}, nil
}

// restricted tells whether the caller's token comes from a credential that must not create
// others.
func (d *directory) restricted(caller *resource.Caller) bool {
	if caller.Credential == "" {
		return false
	}
	c := d.credential(caller.Credential)
	return c == nil || !c.Unrestricted
}

// secret returns the secret in the request, or a new one.
func (n *newCredential) secret() string {
	if n.Secret != "" {
		return n.Secret
	}
	var b [48]byte
	_, _ = rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// expiry returns the expiry time in the request, which may have a time zone, or the zero time.
func (n *newCredential) expiry() (time.Time, error) {
	if n.Expires == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		if at, err := time.Parse(layout, n.Expires); err == nil {
			return at, nil
		}
	}
	return time.Time{}, refuse(http.StatusBadRequest, "Invalid input for field 'expires_at': '%s' is not a date.", n.Expires)
}

// rolesFor returns the names of the requested roles, which the caller must have, or all roles of
// the caller if none are requested.
func (d *directory) rolesFor(caller *resource.Caller, wanted []reference) ([]string, error) {
	var names []string
	for _, want := range wanted {
		role := lookup(d.Roles, want.ID, want.Name)
		if role == nil || !slices.Contains(caller.Roles, role.Name) {
			return nil, refuse(http.StatusBadRequest, "Invalid application credential: Could not find role assignment with role: %s%s, user or "+
				"group: %s, project, domain, or system: %s.", want.ID, want.Name, caller.UserID, caller.ProjectID)
		}
		names = append(names, role.Name)
	}
	if len(names) == 0 {
		return caller.Roles, nil
	}
	return names, nil
}

func (d *directory) addCredential(c credential) error {
	for _, other := range d.Credentials {
		if other.User == c.User && other.Name == c.Name {
			return refuse(http.StatusConflict, "Conflict occurred attempting to store application_credential - Duplicate entry found with name "+
				"%s.", c.Name)
		}
	}
	d.Credentials = append(d.Credentials, c)
	return nil
}
