// Package identity stands in for Keystone: users, groups, projects, domains, roles and
// their assignments, application credentials, tokens, and the catalog of the cloud.
package identity

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

const (
	// Password is the password of the users of every cloud.
	Password = "secret"
	// Region is the region of the cloud's services.
	Region = "RegionOne"
)

// Options are the parameters of New.
type Options struct {
	// Dir is the directory of people.json and tokens.json. They are not in the resource.Store of
	// the other services, because a reset of the cloud empties the store but keeps users and
	// tokens.
	Dir string
	URL string // of the cloud: "http://127.0.0.1:8774"
	// Now returns the current time, for tokens; nil means time.Now.
	Now func() time.Time
}

// Service is the handler of Keystone's API, below /identity.
type Service struct {
	o   Options
	mux *resource.Mux

	mu     sync.RWMutex // held to change known, and to use tokens
	tokens map[string]*token
	// known is replaced by each change. The directory that it points to is never modified.
	known atomic.Pointer[directory]
}

// New returns the service of a directory, or an error of its files.
func New(o Options) (*Service, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Service{o: o, tokens: map[string]*token{}}
	s.mux = &resource.Mux{Who: s.Caller, Fault: fault, Challenge: `Keystone uri="` + o.URL + `/identity/v3"`}
	if err := s.openDirectory(); err != nil {
		return nil, err
	}
	if err := s.openTokens(); err != nil {
		return nil, err
	}
	for _, r := range s.routes() {
		r.register(s.mux)
	}
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func (s *Service) file(name string) string { return filepath.Join(s.o.Dir, name) }

// self returns the URL of a path below /v3.
func (s *Service) self(path string) string { return s.o.URL + "/identity/v3/" + path }

// links returns the links of a collection.
func (s *Service) links(path string) map[string]any {
	return map[string]any{"self": s.self(path), "next": nil, "previous": nil}
}

func fault(e *resource.Error) (any, string) {
	return map[string]any{"error": map[string]any{"code": e.Status, "title": http.StatusText(e.Status), "message": e.Message}}, ""
}

func refuse(status int, format string, args ...any) error {
	return resource.Errorf(status, "", format, args...)
}

func notFound(kind, id string) error {
	return refuse(http.StatusNotFound, "Could not find %s: %s.", kind, id)
}

// noContent returns the answer of an operation without a body: status 204, or the error.
func noContent(err error) (any, error) { return &resource.Reply{Status: http.StatusNoContent}, err }

// read decodes a JSON body of at most 64 KiB.
func read(r *resource.Request, into any) error {
	return json.NewDecoder(http.MaxBytesReader(nil, r.Request.Body, 64<<10)).Decode(into)
}

// singular returns the key of one member of a collection: "user" for "users".
func singular(kind string) string { return strings.TrimSuffix(kind, "s") }

// nameID returns an id that depends only on the name, so that references to it stay valid with a
// new state directory.
func nameID(kind, name string) string {
	return hex.EncodeToString(fmt.Appendf(nil, "%-16.16s", kind+name))
}

// ProjectID returns the id of one of the projects of every cloud: "admin", "demo", "service".
func ProjectID(name string) string { return nameID("project-", name) }

// ProjectName returns the name of a project, or "".
func (s *Service) ProjectName(id string) string {
	if p := s.known.Load().project(id, ""); p != nil {
		return p.Name
	}
	return ""
}

func (s *Service) versions(*resource.Request) (any, error) {
	return &resource.Reply{Status: http.StatusMultipleChoices,
		Body: map[string]any{"versions": map[string]any{"values": []any{s.version()}}}}, nil
}

func (s *Service) showVersion(*resource.Request) (any, error) {
	return map[string]any{"version": s.version()}, nil
}

func (s *Service) version() map[string]any {
	return map[string]any{"id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z",
		"links":       []any{map[string]string{"rel": "self", "href": s.self("")}},
		"media-types": []any{map[string]string{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}}}
}
