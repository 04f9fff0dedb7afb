package devcloud

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

const (
	// Password is that of the users that each cloud has.
	Password = "secret"
	region   = "RegionOne"
	domain   = "default"
	lifetime = 24 * time.Hour
)

// identity stands in for Keystone's v3 API: users, projects, roles,
// tokens and a catalog. They survive a restart.
type identity struct {
	url  string
	file string

	mu     sync.RWMutex // of changes, and of the tokens
	tokens map[string]*token
	// known is replaced by whoever changes it; what it points to never changes.
	known atomic.Pointer[people]
}

// token is what a token says; it is stored as it is.
type token struct {
	UserID    string `json:"user"`
	ProjectID string `json:"project,omitempty"`
	System    bool   `json:"system,omitempty"`
	// Credential is the id of the application credential that it was made with.
	Credential string    `json:"credential,omitempty"`
	Issued     time.Time `json:"issued"`
	Expires    time.Time `json:"expires"`
}

// id makes the id of a name: the same in every cloud, so that what refers to it
// survives a new state directory.
func id(kind, name string) string {
	return hex.EncodeToString(fmt.Appendf(nil, "%-16.16s", kind+name))
}

func openIdentity(state, url string) (*identity, error) {
	i := &identity{url: url, file: filepath.Join(state, "tokens.json"), tokens: map[string]*token{}}
	if err := i.openPeople(); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(i.file)
	if os.IsNotExist(err) {
		return i, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &i.tokens); err != nil {
		return nil, fmt.Errorf("%s: %w", i.file, err)
	}
	return i, nil
}

// issue makes a token and remembers it.
func (i *identity) issue(t *token) (string, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	t.Issued = time.Now().UTC().Truncate(time.Second)
	t.Expires = t.Issued.Add(lifetime)
	id := "dev" + hex.EncodeToString(b[:])
	i.mu.Lock()
	defer i.mu.Unlock()
	for old, o := range i.tokens {
		if time.Now().After(o.Expires) {
			delete(i.tokens, old)
		}
	}
	i.tokens[id] = t
	return id, i.save()
}

// save writes the tokens.
func (i *identity) save() error {
	return replace(i.file, i.tokens)
}

// replace writes a file of JSON whole.
func replace(file string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := writePrivate(file+".new", text); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

func (i *identity) find(id string) *token {
	i.mu.RLock()
	defer i.mu.RUnlock()
	if t := i.tokens[id]; t != nil && time.Now().Before(t.Expires) {
		return t
	}
	return nil
}

func (i *identity) revoke(id string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.tokens, id)
	return i.save()
}

// rolesOf are the roles of a token.
func (i *identity) rolesOf(t *token) []string {
	known := i.known.Load()
	u := known.user(t.UserID, "")
	switch {
	case u == nil:
		return nil
	case t.Credential != "":
		if c := known.credential(t.Credential); c != nil {
			return implied(c.Roles)
		}
	case t.System:
		return implied(known.rolesIn(u, system))
	case t.ProjectID != "" && known.project(t.ProjectID, "") != nil:
		return implied(known.rolesIn(u, t.ProjectID))
	}
	return nil
}

// caller is who has a token, for the other services; nil: nobody.
func (i *identity) caller(id string) *resource.Caller {
	t := i.find(id)
	if t == nil {
		return nil
	}
	u, c := i.user(t.UserID, ""), &resource.Caller{UserID: t.UserID, ProjectID: t.ProjectID, Roles: i.rolesOf(t)}
	if u != nil {
		c.UserName = u.Name
	}
	if p := i.project(t.ProjectID, ""); t.ProjectID != "" && p != nil {
		c.ProjectName = p.Name
	}
	c.Admin = c.HasRole("admin")
	return c
}

// answer writes JSON.
func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// fault is an error as OpenStack's services write it.
func fault(status int, message string) map[string]any {
	return map[string]any{"error": map[string]any{"code": status, "title": http.StatusText(status), "message": message}}
}
