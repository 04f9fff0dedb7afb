package middleware

import (
	"context"
	"net"
	"net/http"

	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/reqctx"
)

// Record is what the filters have found out about a request. It belongs to the
// goroutine that serves the request: nothing may use it after that.
type Record struct {
	// RequestID is "req-<uuid>"; GlobalRequestID the caller's own, or "".
	RequestID, GlobalRequestID string
	// Microversion that answered the legacy v2, whose answers do not name it; else "".
	Microversion string
	// User is the caller, once keystonecontext or noauth2 knows.
	User *reqctx.Caller
	// Token and ServiceToken are what authtoken has checked; nil if there was
	// none or it was refused. They are shared and must not be changed.
	Token, ServiceToken *Token
	// Trace is what osprofiler's headers say, if they are signed by one of our
	// keys.
	Trace *Trace

	// operation and version are what Measure counts.
	operation *metrics.Operation
	version   string
}

type recordKey struct{}

// RecordOf gives the record of a request, or nil if no filter has made one.
func RecordOf(ctx context.Context) *Record {
	rec, _ := ctx.Value(recordKey{}).(*Record)
	return rec
}

// withRecord gives the request's record, and the request that carries it.
func withRecord(r *http.Request) (*Record, *http.Request) {
	if rec := RecordOf(r.Context()); rec != nil {
		return rec, r
	}
	rec := &Record{}
	return rec, r.WithContext(context.WithValue(r.Context(), recordKey{}, rec))
}

// remoteAddr is WSGI's REMOTE_ADDR: the peer without its port, or whatever
// http_proxy_to_wsgi has put there.
func remoteAddr(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}
