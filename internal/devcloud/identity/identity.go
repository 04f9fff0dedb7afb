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

	"github.com/nova-go/nova/internal/devcloud/resource"
)

const (
	// Password is that of the users that each cloud has.
	Password = "secret"
	// Region is the one that the services of the cloud are in.
	Region = "RegionOne"
)

// Options make a Service.
type Options struct {
	// Dir is the directory of people.json and tokens.json, which keep what the service
	// knows. They are no documents of the resource.Store of the other services: a reset
	// of the cloud empties that one, and users and tokens outlive it.
	Dir string
	URL string // of the cloud: "http://127.0.0.1:8774"
}

// Service answers as Keystone does, below /identity.
type Service struct {
	o   Options
	mux *resource.Mux

	mu     sync.RWMutex // held to change known, and to use tokens
	tokens map[string]*token
	// known is replaced as a whole by a change; what it points to never changes.
	known atomic.Pointer[directory]
}

// New makes the service of a directory. Its errors are those of the files.
func New(o Options) (*Service, error) {
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

// self is the URL of a path below /v3.
func (s *Service) self(path string) string { return s.o.URL + "/identity/v3/" + path }

// links are those of a collection.
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

// done is the answer of an operation that shows nothing: 204, or the error.
func noContent(err error) (any, error) { return &resource.Reply{Status: http.StatusNoContent}, err }

// read decodes the JSON of a body of at most 64 KiB.
func read(r *resource.Request, into any) error {
	return json.NewDecoder(http.MaxBytesReader(nil, r.Request.Body, 64<<10)).Decode(into)
}

// singular is the key of one member of a collection: "user" of "users".
func singular(kind string) string { return strings.TrimSuffix(kind, "s") }

// nameID makes the id of what has a name: the same in every cloud, so that references
// to it survive a new state directory.
func nameID(kind, name string) string {
	return hex.EncodeToString(fmt.Appendf(nil, "%-16.16s", kind+name))
}

// ProjectID is the id of a project that each cloud has: "admin", "demo", "service".
func ProjectID(name string) string { return nameID("project-", name) }

// ProjectName is the name of a project, or "".
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
