package rest

import (
	"net/http"
	"strconv"

	"github.com/nova-go/nova/internal/osprofiler"
)

// profiledTransport sends the position of an osprofiler trace with requests that belong to one, as keystoneauth does. With
// [profiler] trace_requests each request is a step of the trace.
type profiledTransport struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t *profiledTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	at, traced := osprofiler.Current(ctx)
	if !traced {
		return t.RoundTripper.RoundTrip(r)
	}
	stop := func(map[string]any) {}
	if osprofiler.TracesRequests(ctx) {
		ctx, stop = osprofiler.Start(ctx, r.URL.Scheme, map[string]any{"requests": map[string]any{"method": r.Method, "query": r.URL.RawQuery,
			"path": r.URL.EscapedPath(), "hostname": r.URL.Hostname(), "port": portOf(r), "scheme": r.URL.Scheme}})
		at, _ = osprofiler.Current(ctx)
	}
	r = r.Clone(ctx)
	info, signature := at.Headers()
	r.Header.Set(osprofiler.HeaderInfo, info)
	r.Header.Set(osprofiler.HeaderHMAC, signature)
	answer, err := t.RoundTripper.RoundTrip(r)
	if err != nil {
		stop(map[string]any{"etype": "ConnectionError", "message": err.Error()})
		return nil, err
	}
	stop(map[string]any{"requests": map[string]any{"status_code": answer.StatusCode}})
	return answer, nil
}

// portOf returns the port of a request as a number; "" if it has none.
func portOf(r *http.Request) any {
	if n, err := strconv.Atoi(r.URL.Port()); err == nil {
		return n
	}
	switch r.URL.Scheme {
	case "http":
		return 80
	case "https":
		return 443
	}
	return ""
}

// CloseIdleConnections closes the idle connections of the wrapped transport; http.Client calls it.
func (t *profiledTransport) CloseIdleConnections() { closeIdle(t.RoundTripper) }
