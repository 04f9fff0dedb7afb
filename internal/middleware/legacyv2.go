package middleware

import (
	"net/http"
	"strings"

	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/internal/reqctx"
)

const (
	headerVersion     = "Openstack-Api-Version"
	headerNovaVersion = "X-Openstack-Nova-Api-Version"
)

// LegacyV2Compatible presents the v2.1 API as the v2 API, which has no microversions: it
// removes their headers from requests and answers, and marks the request, so that the
// application validates bodies less strictly.
func LegacyV2Compatible() func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := RecordOf(r.Context())
			r = r.WithContext(reqctx.WithLegacyV2(r.Context()))
			if r.Header.Get(headerVersion) != "" || r.Header.Get(headerNovaVersion) != "" {
				r.Header = r.Header.Clone()
				r.Header.Del(headerVersion)
				r.Header.Del(headerNovaVersion)
			}
			out := &filter.Response{ResponseWriter: w}
			out.OnHeader = func(status int) (int, []byte) {
				h := w.Header()
				// The request log is an outer filter and logs this version.
				if rec != nil {
					rec.Microversion = h.Get(headerNovaVersion)
				}
				h.Del(headerVersion)
				h.Del(headerNovaVersion)
				withoutVersions(h)
				return status, nil
			}
			next.ServeHTTP(out, r)
			out.Finish()
		})
	}
}

// withoutVersions removes the microversion headers from Vary. Like Nova it compares their exact
// spelling.
func withoutVersions(h http.Header) {
	vary, ok := h["Vary"]
	if !ok {
		return
	}
	var kept []string
	for _, line := range vary {
		for name := range strings.SplitSeq(line, ",") {
			name = strings.TrimSpace(name)
			if name != "OpenStack-API-Version" && name != "X-OpenStack-Nova-API-Version" {
				kept = append(kept, name)
			}
		}
	}
	if kept == nil {
		h.Del("Vary")
		return
	}
	h.Set("Vary", strings.Join(kept, ","))
}
