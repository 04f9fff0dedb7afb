package middleware

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/paste"
)

// ProxyHeadersOptions configure ProxyHeaders.
type ProxyHeadersOptions struct {
	// Enabled is enable_proxy_headers_parsing. Without it the filter does nothing, because any
	// client can send these headers.
	Enabled bool
}

// ProxyHeaders evaluates the headers of a proxy: Forwarded (the first element of RFC 7239's
// list) or, without it, X-Forwarded-Proto, -Host and -For set r.URL.Scheme, r.Host and
// r.RemoteAddr; X-Forwarded-Prefix is prepended to SCRIPT_NAME. Values are used unchanged, as
// in oslo.middleware's HTTPProxyToWSGI: X-Forwarded-For with all its addresses, "for" with its
// quotes.
func ProxyHeaders(o ProxyHeadersOptions) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		if !o.Enabled {
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var proto, host, client string
			if forwarded := filter.HeaderList(r.Header, "Forwarded"); forwarded != "" {
				first := firstForwarded(forwarded)
				proto, host, client = first["proto"], first["host"], first["for"]
			} else {
				proto = filter.HeaderList(r.Header, "X-Forwarded-Proto")
				host = filter.HeaderList(r.Header, "X-Forwarded-Host")
				client = filter.HeaderList(r.Header, "X-Forwarded-For")
			}
			if proto != "" || host != "" || client != "" {
				r = r.WithContext(r.Context())
				if proto != "" {
					r.URL = cloneURL(r.URL)
					r.URL.Scheme = proto
				}
				if host != "" {
					r.Host = host
				}
				if client != "" {
					r.RemoteAddr = client
				}
			}
			if prefix := filter.HeaderList(r.Header, "X-Forwarded-Prefix"); prefix != "" {
				r = paste.WithScriptName(r, prefix+paste.ScriptName(r))
			}
			next.ServeHTTP(w, r)
		})
	}
}

// SecureProxyHeader sets the scheme of a request from the header that [wsgi]
// secure_proxy_ssl_header names in WSGI's form ("HTTP_X_FORWARDED_PROTO"), for all of Nova's
// own filters and applications. A variable that is not a header has no effect, nor has "".
func SecureProxyHeader(variable string) func(http.Handler) http.Handler {
	name, ok := strings.CutPrefix(variable, "HTTP_")
	name = http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-"))
	return func(next http.Handler) http.Handler {
		if !ok {
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if scheme := filter.HeaderList(r.Header, name); scheme != "" {
				r = r.WithContext(r.Context())
				r.URL = cloneURL(r.URL)
				r.URL.Scheme = scheme
			}
			next.ServeHTTP(w, r)
		})
	}
}

func firstForwarded(header string) map[string]string {
	first, _, _ := strings.Cut(header, ",")
	pairs := map[string]string{}
	for part := range strings.SplitSeq(first, ";") {
		k, v, _ := strings.Cut(part, "=")
		pairs[strings.ToLower(strings.TrimSpace(k))] = strings.TrimSpace(v)
	}
	return pairs
}

func cloneURL(u *url.URL) *url.URL {
	c := *u
	return &c
}
