package resource

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Caller is the user of a request.
type Caller struct {
	UserID, UserName       string
	ProjectID, ProjectName string
	Roles                  []string
	Credential             string // id of the application credential that authenticated the token
	Admin                  bool   // may see and change all resources
}

// Can tells whether the caller may see the resources of a project.
func (c *Caller) Can(project string) bool { return c.Admin || c.ProjectID == project }

// Error is an error answer. Kind is the service's name of the error: "NetworkNotFound",
// "itemNotFound".
type Error struct {
	Status        int
	Kind, Message string
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// WSGIFault is the body of an error in the APIs whose code comes from Nova's: Cinder and Manila.
func WSGIFault(e *Error) (any, string) {
	kind := map[int]string{400: "badRequest", 401: "unauthorized", 403: "forbidden", 404: "itemNotFound", 409: "conflictingRequest",
		413: "overLimit"}[e.Status]
	if kind == "" {
		kind = "computeFault"
	}
	return map[string]any{kind: map[string]any{"code": e.Status, "message": e.Message}}, ""
}

// Errorf returns an Error.
func Errorf(status int, kind, format string, args ...any) *Error {
	return &Error{status, kind, fmt.Sprintf(format, args...)}
}

// Reply is an answer with a status, headers or a stream of its own.
type Reply struct {
	Status int
	Body   any       // encoded as JSON; nil: no body
	Stream io.Reader // the body, instead of Body
	Header map[string]string
}

// Request is the argument of a handler.
type Request struct {
	*http.Request
	Caller *Caller
}

// Handler answers a request with a value for JSON, or with a *Reply.
type Handler func(*Request) (any, error)

// Mux serves the paths of one service to callers with a token.
type Mux struct {
	// Who returns the caller of a token, or nil.
	Who func(token string) *Caller
	// Challenge is the header WWW-Authenticate for requests without a valid token; "": none.
	Challenge string
	// Fault returns an error in the service's form: body, or text if the form is not JSON.
	Fault func(*Error) (body any, text string)

	paths http.ServeMux
}

// Handle registers a handler for a pattern of http.ServeMux: "GET /v2.0/networks/{id}". Without a
// *Reply the status of a POST is 201, of a DELETE 204, and otherwise 200.
func (m *Mux) Handle(pattern string, h Handler) {
	m.paths.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		caller := m.Who(r.Header.Get("X-Auth-Token"))
		if caller == nil {
			if m.Challenge != "" {
				w.Header().Set("WWW-Authenticate", m.Challenge)
			}
			m.fail(w, Errorf(http.StatusUnauthorized, "Unauthorized", "The request you have made requires authentication."))
			return
		}
		m.answer(w, r, h, caller)
	})
}

// Open registers a handler for requests with or without a token.
func (m *Mux) Open(pattern string, h Handler) {
	m.paths.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { m.answer(w, r, h, &Caller{}) })
}

// ServeHTTP implements http.Handler.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path := strings.TrimRight(r.URL.Path, "/"); path != r.URL.Path && path != "" {
		u := *r.URL
		u.Path, u.RawPath = path, strings.TrimRight(u.RawPath, "/")
		r2 := *r
		r2.URL = &u
		r = &r2
	}
	w.Header().Set("X-Openstack-Request-Id", "req-"+uuid.NewString())
	if _, pattern := m.paths.Handler(r); pattern == "" {
		m.fail(w, Errorf(http.StatusNotFound, "HTTPNotFound", "The resource could not be found."))
		return
	}
	m.paths.ServeHTTP(w, r)
}

func (m *Mux) answer(w http.ResponseWriter, r *http.Request, h Handler, caller *Caller) {
	out, err := h(&Request{r, caller})
	if err != nil {
		e, ok := errors.AsType[*Error](err)
		if !ok {
			e = Errorf(http.StatusInternalServerError, "InternalServerError", "%s", err)
		}
		m.fail(w, e)
		return
	}
	reply, ok := out.(*Reply)
	if !ok {
		reply = &Reply{Body: out}
	}
	status := reply.Status
	if status == 0 {
		status = map[string]int{http.MethodPost: http.StatusCreated, http.MethodDelete: http.StatusNoContent}[r.Method]
	}
	if status == 0 {
		status = http.StatusOK
	}
	for name, value := range reply.Header {
		w.Header().Set(name, value)
	}
	switch {
	case reply.Stream != nil:
		w.WriteHeader(status)
		_, _ = io.Copy(w, reply.Stream)
	case reply.Body != nil:
		write(w, status, reply.Body)
	default:
		w.WriteHeader(status)
	}
}

func (m *Mux) fail(w http.ResponseWriter, e *Error) {
	body, text := m.Fault(e)
	if body == nil {
		w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
		w.WriteHeader(e.Status)
		_, _ = io.WriteString(w, text)
		return
	}
	write(w, e.Status, body)
}

func write(w http.ResponseWriter, status int, body any) {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// maxBody is the maximum length of a JSON body, in bytes.
const maxBody = 10 << 20

// Body returns the object below a key of the request's body, or the body itself for key "".
func (r *Request) Body(key string) (Doc, error) {
	text, err := io.ReadAll(io.LimitReader(r.Request.Body, maxBody))
	if err != nil {
		return nil, err
	}
	doc, err := decode(text)
	if err != nil {
		return nil, Errorf(http.StatusBadRequest, "HTTPBadRequest",
			"The server could not comply with the request since it is either malformed or otherwise incorrect.")
	}
	if key == "" {
		return doc, nil
	}
	inner, ok := doc[key].(Doc)
	if !ok {
		return nil, Errorf(http.StatusBadRequest, "HTTPBadRequest", "Unable to find '%s' in request body", key)
	}
	return inner, nil
}

// Project returns the project of a new resource. Administrators may choose it in the body.
func (r *Request) Project(body Doc) string {
	for _, field := range []string{"project_id", "tenant_id"} {
		if p := Text(body, field); p != "" && r.Caller.Admin {
			return p
		}
	}
	return r.Caller.ProjectID
}

// HasRole tells whether the caller has one of the roles.
func (c *Caller) HasRole(roles ...string) bool {
	return slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(c.Roles, role) })
}
