package control

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// maxEntries is the number of requests that are kept.
const maxEntries = 500

// Entry is a request with its answer.
type Entry struct {
	N         int64     `json:"n"`
	At        time.Time `json:"at"`
	Method    string    `json:"method"`
	Path      string    `json:"path"` // with the query
	Status    int       `json:"status"`
	Micro     int64     `json:"microseconds"`
	Version   string    `json:"version,omitempty"` // the requested microversion
	RequestID string    `json:"request_id,omitempty"`
	UserAgent string    `json:"user_agent,omitempty"`
	Planned   bool      `json:"planned,omitempty"` // a planned fault caused the answer
}

// Recorder records the last requests, and fails those with a planned fault.
type Recorder struct {
	Plan *Plan

	mu        sync.Mutex
	n         int64
	all       []Entry
	recording *Recording    // nil: bodies are not recorded
	expected  *expectations // nil: all requests are expected
}

// Wrap records the requests to next.
func (r *Recorder) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		began := time.Now()
		s := &statusRecorder{ResponseWriter: w}
		e := r.begin(q, s)
		planned := r.Plan.refuse(q)
		switch {
		case e != nil && e.refusal != "":
			refuseUnexpected(s, e.refusal)
		case planned != 0:
			w.Header().Set("Content-Type", "application/json")
			s.WriteHeader(planned)
			_, _ = s.Write([]byte(`{"computeFault": {"code": ` + number(planned) + `, "message": "Planned by /dev."}}`))
		default:
			next.ServeHTTP(s, q)
		}
		r.end(e, s)
		r.add(Entry{At: began.UTC(), Method: q.Method, Path: q.URL.RequestURI(), Status: s.code(), Micro: time.Since(began).Microseconds(),
			Version:   q.Header.Get("OpenStack-API-Version"),
			RequestID: w.Header().Get("X-Openstack-Request-Id"), UserAgent: q.UserAgent(), Planned: planned != 0})
	})
}

func (r *Recorder) add(e Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n++
	e.N = r.n
	if len(r.all) >= 2*maxEntries {
		r.all = r.all[:copy(r.all, r.all[len(r.all)-maxEntries+1:])]
	}
	r.all = append(r.all, e)
}

// Entries returns the requests with numbers above after.
func (r *Recorder) Entries(after int64) []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := []Entry{}
	for _, e := range r.all[max(0, len(r.all)-maxEntries):] {
		if e.N > after {
			list = append(list, e)
		}
	}
	return list
}

// Reset forgets the recorded requests, ends the recording of bodies and removes the expectations.
func (r *Recorder) Reset() {
	r.Forget()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.recording, r.expected = nil, nil
}

// Forget deletes the recorded requests.
func (r *Recorder) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = nil
}

// refuse returns the status with which a request is planned to fail, or 0.
func (p *Plan) refuse(q *http.Request) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.take(func(r *Rule) bool {
		method, path, _ := strings.Cut(r.Request, " ")
		return r.Request != "" && method == q.Method && strings.HasPrefix(q.URL.Path, path)
	})
	if r == nil {
		return 0
	}
	return r.Status
}

// statusRecorder records the status of an answer, and with keep the beginning of its body.
type statusRecorder struct {
	http.ResponseWriter
	wrote  int
	keep   bool
	body   []byte
	length int64
}

// Write implements http.ResponseWriter.
func (s *statusRecorder) Write(p []byte) (int, error) {
	if s.keep {
		s.length += int64(len(p))
		s.body = append(s.body, p[:min(len(p), maxRecordedBody+1-len(s.body))]...)
	}
	return s.ResponseWriter.Write(p)
}

// WriteHeader implements http.ResponseWriter.
func (s *statusRecorder) WriteHeader(code int) {
	if s.wrote == 0 {
		s.wrote = code
	}
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap is used by http.ResponseController.
func (s *statusRecorder) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func (s *statusRecorder) code() int {
	if s.wrote == 0 {
		return http.StatusOK
	}
	return s.wrote
}
