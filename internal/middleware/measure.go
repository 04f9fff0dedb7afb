package middleware

import (
	"context"
	"net/http"
	"time"

	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/internal/reqctx"
)

// Unrouted is the operation of requests that reach none: unknown paths, requests without a
// valid token, and requests that a filter answers.
const Unrouted = "unrouted"

// Measure records requests and their duration including all filters, by the operation that
// NoteOperation sets, and the callers. Requests that fail because the client has disconnected are recorded as
// reqctx.StatusClientGone.
func Measure(m *metrics.Metrics) func(http.Handler) http.Handler {
	if m == nil {
		return func(next http.Handler) http.Handler { return next }
	}
	unrouted := m.Operation(Unrouted)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec, r := WithRecord(r) // creates the filters' record earlier than they would
			agent := r.UserAgent()
			defer func() { m.Callers().Asked(metrics.Caller{Project: scopeOf(rec.User), UserAgent: agent}, time.Now()) }()
			measureRequest(m, w, r, next, func() (*metrics.Operation, string) {
				if rec.operation == nil {
					return unrouted, ""
				}
				return rec.operation, rec.version
			})
		})
	}
}

// scopeOf returns the project of a caller for metrics.Caller.
func scopeOf(user *reqctx.Caller) string {
	switch {
	case user == nil:
		return ""
	case user.ProjectID != "":
		return user.ProjectID
	case user.DomainID != "":
		return "domain:" + user.DomainID
	case user.SystemScope != "":
		return "system"
	}
	return ""
}

// MeasureBy is Measure for applications whose operation follows from the request; of returns
// the operation, or nil.
func MeasureBy(m *metrics.Metrics, of func(*http.Request) (*metrics.Operation, string)) func(http.Handler) http.Handler {
	if m == nil {
		return func(next http.Handler) http.Handler { return next }
	}
	unrouted := m.Operation(Unrouted)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			op, version := of(r)
			if op == nil {
				op = unrouted
			}
			NoteOperation(r.Context(), op, version)
			measureRequest(m, w, r, next, func() (*metrics.Operation, string) { return op, version })
		})
	}
}

func measureRequest(m *metrics.Metrics, w http.ResponseWriter, r *http.Request, next http.Handler, of func() (*metrics.Operation, string)) {
	began := time.Now()
	m.Begin()
	out := &filter.Response{ResponseWriter: w}
	done := false
	defer func() {
		m.End()
		status := out.Status
		switch {
		case !done && status == 0: // the handler has panicked
			status = http.StatusInternalServerError
		case status == 0:
			status = http.StatusOK
		}
		op, version := of()
		op.Answered(version, reqctx.Answered(r.Context(), status), time.Since(began))
	}()
	next.ServeHTTP(out, r)
	done = true
}

// NoteOperation sets the operation of a request and its version.
func NoteOperation(ctx context.Context, op *metrics.Operation, version string) {
	if op == nil {
		return
	}
	if rec := RecordOf(ctx); rec != nil {
		rec.operation, rec.version = op, version
	}
}

// Noted wraps an application that is a single operation.
func Noted(op *metrics.Operation, app http.Handler) http.Handler {
	if op == nil {
		return app
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		NoteOperation(r.Context(), op, "")
		app.ServeHTTP(w, r)
	})
}
