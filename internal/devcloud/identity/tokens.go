package identity

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/nova-go/nova/internal/devcloud/private"
	"github.com/nova-go/nova/internal/devcloud/resource"
)

// tokenLifetime is the lifetime of a token.
const tokenLifetime = 24 * time.Hour

// token is a token in the form of tokens.json.
type token struct {
	UserID    string `json:"user"`
	ProjectID string `json:"project,omitempty"`
	System    bool   `json:"system,omitempty"`
	// Credential is the id of the application credential that authenticated the token.
	Credential string    `json:"credential,omitempty"`
	Issued     time.Time `json:"issued"`
	Expires    time.Time `json:"expires"`
}

func (s *Service) tokensFile() string { return s.file(tokenFile) }

func (s *Service) openTokens() error {
	text, err := os.ReadFile(s.tokensFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &s.tokens); err != nil {
		return fmt.Errorf("%s: %w", s.tokensFile(), err)
	}
	return nil
}

// saveTokens writes the tokens. The caller must hold s.mu.
func (s *Service) saveTokens() error { return writeJSON(s.tokensFile(), s.tokens) }

// writeJSON replaces a file by the JSON of a value.
func writeJSON(file string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return private.Replace(file, text)
}

// issue stores a token and returns its id.
func (s *Service) issue(t *token) (string, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	t.Issued = s.o.Now().UTC().Truncate(time.Second)
	t.Expires = t.Issued.Add(tokenLifetime)
	id := "dev" + hex.EncodeToString(b[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	for old, o := range s.tokens {
		if s.o.Now().After(o.Expires) {
			delete(s.tokens, old)
		}
	}
	s.tokens[id] = t
	return id, s.saveTokens()
}

// token returns the token with an id, or nil.
func (s *Service) token(id string) *token {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if t := s.tokens[id]; t != nil && s.o.Now().Before(t.Expires) {
		return t
	}
	return nil
}

func (s *Service) revoke(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tokens, id)
	return s.saveTokens()
}

// Caller returns the caller of a token, or nil.
func (s *Service) Caller(id string) *resource.Caller {
	t := s.token(id)
	if t == nil {
		return nil
	}
	known := s.known.Load()
	c := &resource.Caller{UserID: t.UserID, ProjectID: t.ProjectID, Credential: t.Credential, Roles: known.rolesOf(t)}
	if u := known.user(t.UserID, ""); u != nil {
		c.UserName = u.Name
	}
	if p := known.project(t.ProjectID, ""); t.ProjectID != "" && p != nil {
		c.ProjectName = p.Name
	}
	c.Admin = c.HasRole("admin")
	return c
}

// UserNames returns the names of all users.
func (s *Service) UserNames() []string {
	var names []string
	for _, u := range s.known.Load().Users {
		names = append(names, u.Name)
	}
	return names
}

// TokenOf issues a token for the user with a name, in the project of the same name or otherwise
// in the project demo. The error for an unknown user names the existing ones.
func (s *Service) TokenOf(name string) (string, error) {
	known := s.known.Load()
	u := known.user("", name)
	if u == nil {
		return "", fmt.Errorf("there is no user %s: there are %s", name, strings.Join(s.UserNames(), ", "))
	}
	p := known.project("", name)
	if p == nil {
		p = known.project("", "demo")
	}
	if p == nil {
		return "", fmt.Errorf("there is no project %s, and no project demo", name)
	}
	return s.issue(&token{UserID: u.ID, ProjectID: p.ID})
}

// rolesOf returns the roles of a token, including implied ones.
func (d *directory) rolesOf(t *token) []string {
	u := d.user(t.UserID, "")
	switch {
	case u == nil:
		return nil
	case t.Credential != "":
		if c := d.credential(t.Credential); c != nil {
			return withImplied(c.Roles)
		}
	case t.System:
		return withImplied(d.rolesIn(u, system))
	case t.ProjectID != "" && d.project(t.ProjectID, "") != nil:
		return withImplied(d.rolesIn(u, t.ProjectID))
	}
	return nil
}

// subject returns the token in the header X-Subject-Token.
func (s *Service) subject(r *resource.Request) (id string, t *token, err error) {
	id = r.Header.Get("X-Subject-Token")
	if t = s.token(id); t == nil {
		err = refuse(http.StatusNotFound, "Could not find token.")
	}
	return id, t, err
}

func (s *Service) showToken(r *resource.Request) (any, error) {
	id, t, err := s.subject(r)
	if err != nil {
		return nil, err
	}
	return s.answerToken(http.StatusOK, id, t), nil
}

func (s *Service) revokeToken(r *resource.Request) (any, error) {
	id, _, err := s.subject(r)
	if err != nil {
		return nil, err
	}
	return nil, s.revoke(id)
}

func (s *Service) answerToken(status int, id string, t *token) *resource.Reply {
	return &resource.Reply{Status: status, Header: map[string]string{"X-Subject-Token": id}, Body: map[string]any{"token": s.document(t)}}
}

// document returns the view of a token.
func (s *Service) document(t *token) map[string]any {
	const micro = "2006-01-02T15:04:05.000000Z"
	known := s.known.Load()
	u := known.user(t.UserID, "")
	method := "password"
	if t.Credential != "" {
		method = credentialMethod
	}
	d := map[string]any{"methods": []string{method}, "audit_ids": []string{"dev"}, "issued_at": t.Issued.Format(micro),
		"expires_at": t.Expires.Format(micro),
		"user":       map[string]any{"id": u.ID, "name": u.Name, "domain": known.domainOf(&u.entity), "password_expires_at": nil}}
	if p := known.project(t.ProjectID, ""); t.ProjectID != "" && p != nil {
		d["project"] = map[string]any{"id": p.ID, "name": p.Name, "domain": known.domainOf(p)}
		d["is_domain"] = false
	}
	if c := known.credential(t.Credential); c != nil {
		of := map[string]any{"id": c.ID, "name": c.Name, "restricted": !c.Unrestricted}
		if len(c.Rules) > 0 {
			of[accessRules] = c.Rules
		}
		d[credentialMethod] = of
	}
	if t.System {
		d["system"] = map[string]bool{"all": true}
	}
	if names := known.rolesOf(t); names != nil {
		list := []any{}
		for _, name := range names {
			list = append(list, map[string]string{"id": known.roleID(name), "name": name})
		}
		d["roles"], d["catalog"] = list, s.catalog(t.ProjectID, t.UserID)
	}
	return d
}
