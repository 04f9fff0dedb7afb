package identity

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// reference is a resource in a body, by id or by name. Names are unique in a domain only.
type reference struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Domain struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"domain"`
}

// id returns the id of a member of the list: that of the reference, or that of the member with its
// name, in its domain if several have the name.
func (d *directory) id(kind string, r reference) string {
	id := r.ID
	for _, e := range d.all(kind) {
		if r.ID != "" || e.Name != r.Name {
			continue
		}
		if in := d.domainOf(&e); id == "" || in["id"] == r.Domain.ID || in["name"] == r.Domain.Name {
			id = e.ID
		}
	}
	return id
}

// authRequest is the body of POST /v3/auth/tokens.
type authRequest struct {
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

func unauthorized() error {
	return refuse(http.StatusUnauthorized, "The request you have made requires authentication.")
}

func (s *Service) authenticate(r *resource.Request) (any, error) {
	var q authRequest
	if err := read(r, &q); err != nil {
		return nil, refuse(http.StatusBadRequest, "The body is not the JSON of an authentication request.")
	}
	t := s.prove(&q)
	// An application credential has its scope.
	if t == nil || t.Credential == "" && !s.known.Load().scope(t, q.Auth.Scope) {
		return nil, unauthorized()
	}
	id, err := s.issue(t)
	if err != nil {
		return nil, err
	}
	return s.answerToken(http.StatusCreated, id, t), nil
}

// prove returns an unscoped token of the user that the request authenticates with another token,
// an application credential or a password, or nil.
func (s *Service) prove(q *authRequest) *token {
	known, proof := s.known.Load(), q.Auth.Identity
	var u *user
	switch before := s.token(proof.Token.ID); {
	case before != nil:
		u = known.user(before.UserID, "")
	case slices.Contains(proof.Methods, credentialMethod):
		return known.authenticate(proof.Credential.reference, proof.Credential.User, proof.Credential.Secret)
	default:
		u = known.user(known.id(users, proof.Password.User.reference), "")
		if u != nil && u.Password != proof.Password.User.Password {
			return nil
		}
	}
	if u == nil || u.Disabled {
		return nil
	}
	return &token{UserID: u.ID}
}

// scope sets the scope of a token that a request asks for: a project, the system, or none. It
// returns false if the user has no role there.
func (d *directory) scope(t *token, text json.RawMessage) bool {
	if len(text) == 0 || string(text) == `"unscoped"` || string(text) == "null" {
		return true
	}
	var in struct {
		Project *reference     `json:"project"`
		System  map[string]any `json:"system"`
	}
	u := d.user(t.UserID, "")
	if u == nil || json.Unmarshal(text, &in) != nil {
		return false
	}
	switch {
	case in.System != nil:
		t.System = true
		return d.rolesIn(u, system) != nil
	case in.Project != nil:
		p := d.project(d.id(projects, *in.Project), "")
		if p == nil || p.Disabled || d.rolesIn(u, p.ID) == nil {
			return false
		}
		t.ProjectID = p.ID
		return true
	}
	return false
}

func (s *Service) ownSystem(r *resource.Request) (any, error) {
	all := []any{}
	known := s.known.Load()
	if u := known.user(r.Caller.UserID, ""); u != nil && known.rolesIn(u, system) != nil {
		all = append(all, map[string]bool{"all": true})
	}
	return map[string]any{"system": all, "links": s.links("auth/system")}, nil
}

func (s *Service) ownDomains(r *resource.Request) (any, error) {
	known := s.known.Load()
	return s.collection(r, domains, known.withRole(r.Caller.UserID, known.Domains)), nil
}

func (s *Service) ownProjects(r *resource.Request) (any, error) {
	known := s.known.Load()
	enabled := slices.DeleteFunc(known.withRole(r.Caller.UserID, known.Projects), func(p entity) bool { return p.Disabled })
	return s.collection(r, projects, enabled), nil
}

// withRole returns the projects or domains of a list in which a user has a role.
func (d *directory) withRole(id string, of []entity) []entity {
	var list []entity
	if u := d.user(id, ""); u != nil {
		for _, p := range of {
			if d.rolesIn(u, p.ID) != nil {
				list = append(list, p)
			}
		}
	}
	return list
}

// changePassword changes the password of a user. The body must have the current password.
func (s *Service) changePassword(r *resource.Request) (any, error) {
	var q struct {
		User struct {
			Password string `json:"password"`
			Before   string `json:"original_password"`
		} `json:"user"`
	}
	if err := read(r, &q); err != nil || q.User.Password == "" {
		return nil, refuse(http.StatusBadRequest, "'password' is a required property")
	}
	return noContent(s.change(func(d *directory) error {
		u := d.user(r.PathValue("user"), "")
		if u == nil || u.Disabled || u.Password != q.User.Before {
			return unauthorized()
		}
		u.Password = q.User.Password
		return nil
	}))
}
