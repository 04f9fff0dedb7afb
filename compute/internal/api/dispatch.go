package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/mux"
	"github.com/rs/zerolog"

	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/compute/internal/schema"
	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/webob"
)

// Newest returns the highest microversion that a release advertises.
func Newest(r release.Release) mv.Version { return mv.Version(r.Microversion) }

// Config is the configuration of the dispatcher.
type Config struct {
	Policy     *policy.Enforcer
	Servers    Servers
	LinkPrefix string // [api] compute_link_prefix
	ImageLinks string // [api] glance_link_prefix
	MaxLimit   int    // [api] max_limit
	Log        zerolog.Logger
	Metrics    *metrics.Metrics // nil: nothing is recorded
	// Release is the release of Nova whose API is served.
	Release release.Release
	// Writes are the writing operations in progress; nil: those of this API alone.
	Writes *Writes
	// WriteTimeout is the maximum duration of a writing operation; 0 means one hour.
	WriteTimeout time.Duration
	// CheckAnswer checks the body of an answer; nil: no body is checked. RejectAnswers has a wrong one replaced by a fault, as Nova
	// does with [api] response_validation = error; otherwise it is logged.
	CheckAnswer   func(operation string, v mv.Version, body []byte) error
	RejectAnswers bool
}

// API dispatches requests to rows. It is the http.Handler for all paths below /v2.1.
type API struct {
	Config
	segments map[string]*mux.Router // by the first segment of the path
	versions []string               // names of microversions, for metrics
}

// operation is a row prepared for serving.
type operation struct {
	*Route
	query, body schemaHistory
	counted     *metrics.Operation
}

// pathOperations is the target of one mux route: its operations by method, or for /action paths by the
// key of the body.
type pathOperations struct {
	methods map[string][]*operation
	actions map[string][]*operation // nil unless the path ends in /action
}

// New builds the handler. It returns an error for rows that contradict each other.
func New(c Config, routes []Route) (*API, error) {
	if err := Check(routes); err != nil {
		return nil, err
	}
	a := &API{Config: c, segments: map[string]*mux.Router{}}
	if a.Writes == nil {
		a.Writes = &Writes{}
	}
	if a.WriteTimeout == 0 {
		a.WriteTimeout = defaultWriteTimeout
	}
	newest := Newest(c.Release)
	for v := mv.Legacy; v <= newest; v++ {
		a.versions = append(a.versions, v.String())
	}
	paths := map[string]*pathOperations{}
	for i := range routes {
		r := &routes[i]
		if r.From > newest {
			continue
		}
		p := paths[r.Path]
		if p == nil {
			p = &pathOperations{methods: map[string][]*operation{}}
			paths[r.Path] = p
			a.router(r.Path).Path(r.Path).Handler(a.handler(p))
		}
		query, body := r.Schemas()
		op := &operation{Route: r, query: query.history(c.Release.Major), body: body.history(c.Release.Major), counted: c.Metrics.Operation(r.Op)}
		if r.Action != "" {
			if p.actions == nil {
				p.actions = map[string][]*operation{}
			}
			p.actions[r.Action] = append(p.actions[r.Action], op)
			continue
		}
		p.methods[r.Method] = append(p.methods[r.Method], op)
	}
	return a, nil
}

// router returns the mux router for the first segment of a path, and creates it if needed. mux
// compares its routes one by one, so that each router has few routes.
func (a *API) router(path string) *mux.Router {
	s := firstSegment(path)
	m := a.segments[s]
	if m == nil {
		m = mux.NewRouter().SkipClean(true)
		m.NotFoundHandler = http.HandlerFunc(notFound)
		a.segments[s] = m
	}
	return m
}

func firstSegment(path string) string {
	s, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return s
}

func notFound(w http.ResponseWriter, r *http.Request) {
	webob.Page{Status: http.StatusNotFound}.Write(w, r)
}

// projectPattern matches the part of the path that Nova takes for a project; in /cafe/servers that is
// cafe, for every caller.
var projectPattern = regexp.MustCompile(`^[0-9a-f-]+$`)

type projectKey struct{}

// ServeHTTP removes the optional project from the path and dispatches. mux never answers 301 or
// 405 here, because Nova answers 404 to every unknown path or method.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if addressTooLong(r) {
		webob.Page{Status: http.StatusBadRequest, Explanation: "The address of the request is too long."}.Write(w, r)
		return
	}
	if path := withoutNewline(r.URL.Path); path != r.URL.Path {
		r = withPath(r, path)
	}
	segment := firstSegment(r.URL.Path)
	m, known := a.segments[segment]
	if !known && segment != "" && projectPattern.MatchString(segment) {
		rest := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/"), segment)
		if m, known = a.segments[firstSegment(rest)]; known && rest != "" {
			r = withPath(r.WithContext(context.WithValue(r.Context(), projectKey{}, segment)), rest)
		}
	}
	if !known {
		notFound(w, r)
		return
	}
	m.ServeHTTP(w, r)
}

// withPath returns a copy of the request with another path.
func withPath(r *http.Request, path string) *http.Request {
	changed, u := *r, *r.URL
	u.Path, u.RawPath = path, ""
	changed.URL = &u
	return &changed
}

// withoutNewline removes one newline from the end of a path. Nova's router ignores it, because
// the $ of Python's expressions also matches before a final newline. A path segment that
// consists only of the newline is kept.
func withoutNewline(path string) string {
	if path != "/\n" && strings.HasSuffix(path, "/\n") {
		return path
	}
	return strings.TrimSuffix(path, "\n")
}

func (a *API) handler(p *pathOperations) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ops, actions := p.methods[r.Method], map[string][]*operation(nil)
		if r.Method == http.MethodPost {
			actions = p.actions
		}
		if ops == nil && actions == nil {
			notFound(w, r)
			return
		}
		a.serve(w, r, ops, actions)
	})
}

// Legacy reports whether a request came through /v2.
func Legacy(r *http.Request) bool { return reqctx.LegacyV2(r.Context()) }

// Write sends a document outside of the dispatcher, for applications without microversions.
func Write(w http.ResponseWriter, r *http.Request, status int, doc any) {
	writeReply(w, &Request{Request: r, legacy: true}, status, doc)
}

// Versioned sends a document outside of the dispatcher that depends on the microversion: the
// version documents.
func Versioned(w http.ResponseWriter, hr *http.Request, r release.Release, reply func() (int, any)) {
	req, ok := newRequest(w, hr, nil, r)
	if !ok {
		return
	}
	status, doc := reply()
	writeReply(w, req, status, doc)
}

// newRequest parses the microversion. If it is invalid, newRequest writes the error and returns
// false.
func newRequest(w http.ResponseWriter, hr *http.Request, a *API, r release.Release) (*Request, bool) {
	req := &Request{Request: hr, api: a, legacy: Legacy(hr)}
	v, err := mv.FromHeaders(hr.Header, Newest(r))
	if err == nil {
		req.Version = v
		return req, true
	}
	f := &Fault{Status: http.StatusBadRequest, Message: err.Error()}
	if unsupported, ok := errors.AsType[*mv.UnsupportedError](err); ok {
		f.Status = http.StatusNotAcceptable
		req.versionHeadersOf(unsupported.Version, w.Header())
	}
	writeFault(w, req, f, false)
	return nil, false
}

// serve makes the checks in Nova's order, which is part of its contract. Each step may return a
// fault; only serve writes faults.
func (a *API) serve(w http.ResponseWriter, hr *http.Request, ops []*operation, actions map[string][]*operation) {
	req, ok := newRequest(w, hr, a, a.Release)
	if !ok {
		return
	}
	defer req.encoded()
	reply, op, err := a.run(req, ops, actions)
	if err == nil {
		writeReply(w, req, op.OK, reply)
		return
	}
	var errs []int
	if op != nil {
		errs = op.Errors
	}
	var f *Fault
	var early *earlyFault
	if errors.As(err, &early) {
		f = early.Fault
	} else {
		f = faultOf(err, errs)
	}
	if f.Status >= 500 && f.Status != http.StatusNotImplemented {
		middleware.NoteError(hr.Context(), err)
		a.Log.Error().Err(err).Str("request_id", req.requestID()).Str("operation", req.opName()).Int("status",
			f.Status).Msg("Unexpected exception in API method")
	}
	writeFault(w, req, f, true)
}

// earlyFault is a fault of the dispatcher, which rows do not declare.
type earlyFault struct{ *Fault }

func earlyError(status int, message string) error {
	if message == "" {
		return &earlyFault{Bare(status)}
	}
	return &earlyFault{&Fault{Status: status, Message: message}}
}

func (a *API) run(req *Request, ops []*operation, actions map[string][]*operation) (any, *operation, error) {
	if !mediaTypeKnown(req.Header.Get("Content-Type")) {
		return nil, nil, earlyError(http.StatusUnsupportedMediaType, "Unsupported Content-Type")
	}
	body, err := readBody(req.Request)
	if err != nil {
		return nil, nil, err
	}
	if actions != nil {
		if ops, err = actionsOf(actions, body); err != nil {
			return nil, nil, err
		}
	}
	if hasBody(req.Method) && len(body) > 0 {
		if req.body, err = schema.Decode(body); err != nil {
			return nil, nil, earlyError(http.StatusBadRequest, "Malformed request body")
		}
	}
	req.Caller = reqctx.From(req.Request.Context())
	if req.Caller == nil {
		return nil, nil, errors.New("the pipeline has no filter that sets a request context (keystonecontext or noauth2)")
	}
	if p, ok := req.Request.Context().Value(projectKey{}).(string); ok && p != req.Caller.ProjectID {
		return nil, nil, earlyError(http.StatusBadRequest,
			fmt.Sprintf("Malformed request URL: URL's project_id '%s' doesn't match Context's project_id '%s'", p, pythonNone(req.Caller.ProjectID)))
	}
	at := slices.IndexFunc(ops, func(o *operation) bool { return o.covers(req.Version) })
	if at < 0 {
		return nil, nil, earlyError(http.StatusNotFound, "")
	}
	op := ops[at]
	req.op = op
	a.count(req, op)
	if err := a.validate(req, op); err != nil {
		return nil, op, err
	}
	if op.Gone != 0 {
		return nil, op, &earlyFault{Bare(op.Gone)}
	}
	if err := a.authorizeEarly(req, op); err != nil {
		return nil, op, err
	}
	if op.Do == nil && op.On == nil {
		return nil, op, &earlyFault{&Fault{Status: http.StatusNotImplemented, Message: op.Op + " is not implemented by this server yet."}}
	}
	reply, err := a.do(req, op)
	return reply, op, err
}

// count sets the labels of the request's metrics.
func (a *API) count(req *Request, op *operation) {
	v := req.Version
	if req.legacy {
		v = mv.Legacy
	}
	middleware.NoteOperation(req.Request.Context(), op.counted, a.versions[v])
}

func (a *API) validate(req *Request, op *operation) error {
	v, mode := req.Version, schema.Strict
	if req.legacy {
		v, mode = mv.Legacy, schema.Relaxed
	}
	var values url.Values
	var err error
	if s := op.query.at(v); s != nil {
		values, err = s.CheckQuery(req.URL.RawQuery, mode)
	} else {
		values, _ = schema.ParseQuery(req.URL.RawQuery) // the handler ignores it
	}
	if err != nil {
		return earlyError(http.StatusBadRequest, err.Error())
	}
	req.query = Query(values)
	if s := op.body.at(v); s != nil {
		err := s.CheckBody(req.body, mode)
		if raised, ok := errors.AsType[*schema.Exception](err); ok {
			return Raised(raised.Name, "%v", raised)
		}
		if err != nil {
			return earlyError(http.StatusBadRequest, err.Error())
		}
	}
	return nil
}

func (a *API) authorizeEarly(req *Request, op *operation) error {
	switch op.Authz.check {
	case onCaller:
		return req.authorize(req.Own())
	case onNobody:
		return req.authorize(policy.Target{})
	}
	return nil
}

// actionsOf returns the operations for the single key of an /action body. Nova reads the key before
// it checks the microversion, and fails for bodies that are not objects.
func actionsOf(actions map[string][]*operation, text []byte) ([]*operation, error) {
	decoded, err := schema.Decode(text)
	if err != nil {
		return nil, earlyError(http.StatusBadRequest, "Malformed request body")
	}
	var size int
	switch v := decoded.(type) {
	case *schema.Object:
		size = v.Len()
	case []any:
		size = len(v)
	case string:
		size = schema.Length(v)
	default: // a number, a boolean, null: Nova fails with a TypeError
		return nil, earlyError(http.StatusNotFound, "")
	}
	if size != 1 {
		return nil, earlyError(http.StatusBadRequest, "Malformed request body")
	}
	body, ok := decoded.(*schema.Object)
	if !ok { // a list or a string of one element, which has no keys
		return nil, earlyError(http.StatusNotFound, "")
	}
	for key := range body.All() {
		if ops, ok := actions[key]; ok {
			return ops, nil
		}
		return nil, earlyError(http.StatusBadRequest, "There is no such action: "+key)
	}
	return nil, nil
}

func hasBody(method string) bool {
	return method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch
}

// buffers keeps buffers for answers.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 16<<10); return &b }}

func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &earlyFault{&Fault{Status: http.StatusRequestEntityTooLarge, Message: "Request is too large."}}
	case err != nil:
		return nil, earlyError(http.StatusBadRequest, "")
	}
	return body, nil
}

func writeReply(w http.ResponseWriter, req *Request, status int, reply any) {
	contents := reply
	h := w.Header()
	full, isFull := reply.(*Reply)
	if isFull {
		contents = full.Body
		if full.Status != 0 {
			status = full.Status
		}
	}
	b := buffers.Get().(*[]byte)
	defer func() {
		if cap(*b) <= 4<<20 {
			buffers.Put(b)
		}
	}()
	body := (*b)[:0]
	if contents != nil {
		body = appendAny(body, contents)
	}
	req.encoded()
	*b = body
	if f := req.checkAnswer(body); f != nil {
		writeFault(w, req, f, true)
		return
	}
	if isFull {
		maps.Copy(h, full.Header)
	}
	req.versionHeaders(h)
	if _, own := h["Content-Type"]; !own {
		h["Content-Type"] = []string{contentType(req.Request)}
	}
	if status != http.StatusNoContent {
		h["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func writeFault(w http.ResponseWriter, req *Request, f *Fault, versioned bool) {
	h := w.Header()
	maps.Copy(h, f.Header)
	if versioned {
		req.versionHeaders(h)
	}
	body := f.document()
	h["Content-Type"] = []string{"application/json; charset=UTF-8"}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(f.Status)
	_, _ = w.Write(body)
}
