package control

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// kept is how many requests are remembered.
const kept = 500

// Entry is a request that was answered.
type Entry struct {
	N         int64     `json:"n"`
	At        time.Time `json:"at"`
	Method    string    `json:"method"`
	Path      string    `json:"path"` // with its query
	Status    int       `json:"status"`
	Micro     int64     `json:"microseconds"`
	Version   string    `json:"version,omitempty"` // microversion that was asked for
	RequestID string    `json:"request_id,omitempty"`
	UserAgent string    `json:"user_agent,omitempty"`
	Planned   bool      `json:"planned,omitempty"` // it was failed as planned
}

// Recorder remembers the last requests, and fails those that are planned to fail.
type Recorder struct {
	Plan *Plan

	mu  sync.Mutex
	n   int64
	all []Entry
}

// Wrap records what goes to next.
func (r *Recorder) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		began := time.Now()
		s := &status{ResponseWriter: w}
		planned := r.Plan.refuse(q)
		if planned != 0 {
			w.Header().Set("Content-Type", "application/json")
			s.WriteHeader(planned)
			_, _ = s.Write([]byte(`{"computeFault": {"code": ` + number(planned) + `, "message": "Planned by /dev."}}`))
		} else {
			next.ServeHTTP(s, q)
		}
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
	if len(r.all) >= 2*kept {
		r.all = r.all[:copy(r.all, r.all[len(r.all)-kept+1:])]
	}
	r.all = append(r.all, e)
}

// Entries are the requests after the one with a number.
func (r *Recorder) Entries(after int64) []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := []Entry{}
	for _, e := range r.all[max(0, len(r.all)-kept):] {
		if e.N > after {
			list = append(list, e)
		}
	}
	return list
}

// Forget forgets them.
func (r *Recorder) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = nil
}

// refuse answers the status with which a request is planned to fail, or 0.
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

// status remembers what was answered.
type status struct {
	http.ResponseWriter
	wrote int
}

// WriteHeader implements http.ResponseWriter.
func (s *status) WriteHeader(code int) {
	if s.wrote == 0 {
		s.wrote = code
	}
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap is for http.ResponseController.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func (s *status) code() int {
	if s.wrote == 0 {
		return http.StatusOK
	}
	return s.wrote
}
