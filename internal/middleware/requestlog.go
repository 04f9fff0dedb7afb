package middleware

import (
	"cmp"
	"net/http"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/paste"
)

// RequestLogOptions configure RequestLog.
type RequestLogOptions struct {
	// Log receives the lines, with level INFO and the logger name
	// nova.api.openstack.requestlog.
	Log zerolog.Logger
}

// RequestLog writes a line per request, in Nova's format:
//
//	REMOTE_ADDR "METHOD URI" status: 200 len: 1234 microversion: 2.1 time: 0.012345
//
// A panic of the handler is logged with status 500 and length 0. A 5xx after the client has
// disconnected is logged as reqctx.StatusClientGone.
func RequestLog(o RequestLogOptions) func(http.Handler) http.Handler {
	logger := log.Named(o.Log, "nova.api.openstack.requestlog")
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if logger.GetLevel() > zerolog.InfoLevel {
				next.ServeHTTP(w, r)
				return
			}
			rec, r := WithRecord(r)
			start := time.Now()
			out := &filter.Response{ResponseWriter: w}
			done := false
			defer func() {
				status := out.Status
				var size string
				switch {
				case !done:
					status, size = http.StatusInternalServerError, "0"
				case status == 0:
					status, size = http.StatusOK, "0"
				default:
					size = w.Header().Get("Content-Length")
					if size == "" {
						size = strconv.FormatInt(out.Size, 10)
					}
				}
				version := cmp.Or(rec.Microversion, w.Header().Get(headerNovaVersion), "-")
				line := make([]byte, 0, 160)
				remote := filter.RemoteAddr(r)
				if remote == "" {
					remote = "-"
				}
				line = append(line, remote...)
				line = append(append(append(line, ` "`...), r.Method...), ' ')
				line = append(line, requestURI(r, false)...)
				line = strconv.AppendInt(append(line, `" status: `...), int64(reqctx.Answered(r.Context(), status)), 10)
				line = append(append(line, " len: "...), size...)
				line = append(append(line, " microversion: "...), version...)
				line = strconv.AppendFloat(append(line, " time: "...), time.Since(start).Seconds(), 'f', 6, 64)
				l := forRecord(logger, rec)
				l.Info().Msg(string(line))
			}()
			next.ServeHTTP(out, r)
			done = true
		})
	}
}

// requestURI returns SCRIPT_NAME, PATH_INFO and the query: unquoted, as in WSGI, or quoted, as
// in URLs.
func requestURI(r *http.Request, quoted bool) string {
	path := r.URL.Path
	if quoted {
		path = r.URL.EscapedPath()
	}
	uri := paste.ScriptName(r) + path
	if r.URL.RawQuery != "" {
		uri += "?" + r.URL.RawQuery
	}
	return uri
}
