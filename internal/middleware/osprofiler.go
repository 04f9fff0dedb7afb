package middleware

import (
	"net/http"

	"github.com/nova-go/nova/internal/osprofiler"
	"github.com/nova-go/nova/paste"
)

// ProfilerOptions configure Profiler.
type ProfilerOptions struct {
	// HMACKeys are the keys of traced requests, separated by commas.
	HMACKeys string
	// Profiler sends the points; nil sends none, and only passes the positions of traces on to other services.
	Profiler *osprofiler.Profiler
}

// Profiler traces requests whose X-Trace-Info is signed with one of the keys, as osprofiler.web does: the points wsgi-start and
// wsgi-stop, and the steps that have the context of the request. Other requests pass unchanged.
func Profiler(o ProfilerOptions) func(http.Handler) http.Handler {
	keys := osprofiler.Keys(o.HMACKeys)
	return func(next http.Handler) http.Handler {
		if len(keys) == 0 {
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			info := r.Header.Get(osprofiler.HeaderInfo)
			if info == "" {
				next.ServeHTTP(w, r)
				return
			}
			at, ok := osprofiler.Verify(info, r.Header.Get(osprofiler.HeaderHMAC), keys)
			if !ok {
				next.ServeHTTP(w, r)
				return
			}
			scheme := "http"
			if r.TLS != nil || r.URL.Scheme == "https" {
				scheme = "https"
			}
			ctx, stop := osprofiler.Start(o.Profiler.Begin(r.Context(), at), "wsgi", map[string]any{"request": map[string]any{
				"path": paste.ScriptName(r) + r.URL.EscapedPath(), "query": r.URL.RawQuery, "method": r.Method, "scheme": scheme}})
			failed := map[string]any{"etype": "Exception", "message": nil} // unless the handler returns
			defer func() { stop(failed) }()
			next.ServeHTTP(w, r.WithContext(ctx))
			failed = nil
		})
	}
}

// profiler reads [profiler]. Like osprofiler.web, it takes enabled and hmac_keys of the paste section only if [profiler] does not
// enable the profiler, and any text as true; no points are sent then.
func (d Deps) profiler(_, local paste.Conf) (func(http.Handler) http.Handler, error) {
	c := d.Config.Profiler
	switch {
	case c.Enabled && len(osprofiler.Keys(c.HMACKeys)) > 0:
		return Profiler(ProfilerOptions{HMACKeys: c.HMACKeys, Profiler: d.Profiler}), nil
	case c.Enabled:
		return Profiler(ProfilerOptions{HMACKeys: local["hmac_keys"], Profiler: d.Profiler}), nil
	case local["enabled"] != "":
		return Profiler(ProfilerOptions{HMACKeys: local["hmac_keys"]}), nil
	}
	return func(next http.Handler) http.Handler { return next }, nil
}
