package middleware

import (
	"io"
	"net/http"
	"time"

	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/internal/reqctx"
)

// AccessLogOptions configure AccessLog.
type AccessLogOptions struct {
	// Format is the name of a format, "uwsgi" (also ""), "combined" or "json", or a text with the
	// variables of uWSGI's log-format, such as "%(addr) %(method) %(uri) %(status)".
	Format string
	// Out receives a line per request in one call of Write.
	Out io.Writer
	// Select says whether a request gets a line; nil: all do.
	Select func(Access) bool
	// Forwarded has uWSGI's format show X-Forwarded-For instead of the address of the client.
	Forwarded bool
	// TimeFormat is the format of the variable ftime, as for strftime; "": that of ltime.
	TimeFormat string
	// Micros has uWSGI's format show microseconds.
	Micros bool
}

// Access is a request that has been answered.
type Access struct {
	Request *http.Request
	Status  int
	Size    int64       // bytes of the answer's body
	Header  http.Header // of the answer
	Start   time.Time
	Took    time.Duration
	Serial  int64 // number of the request in this process, from 1
}

// AccessLog writes a line per request when it has been answered, as uWSGI does. It is outside of
// the pipeline of the paste file, so that it sees what the client got.
func AccessLog(o AccessLogOptions) func(http.Handler) http.Handler {
	format := parseAccessFormat(o)
	var serial counter
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a := Access{Request: r, Start: time.Now(), Serial: serial.next(), Status: http.StatusInternalServerError}
			out := &filter.Response{ResponseWriter: w}
			defer func() {
				if a.Took = time.Since(a.Start); o.Select != nil && !o.Select(a) {
					return
				}
				_, _ = o.Out.Write(append(format.append(make([]byte, 0, 256), &a), '\n'))
			}()
			next.ServeHTTP(out, r)
			out.Finish()
			a.Status, a.Size, a.Header = reqctx.Answered(r.Context(), out.Status), out.Size, w.Header()
		})
	}
}
