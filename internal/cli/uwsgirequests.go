package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-strftime"

	"github.com/nova-go/nova/internal/middleware"
)

// limitRequests adds uWSGI's limits to the application, and the log of requests between them.
func (o *output) limitRequests(app http.Handler, harakiri time.Duration, post int64, killed *atomic.Int64) http.Handler {
	if post > 0 {
		app = o.limitPost(app, post, os.Stderr)
	}
	app = o.accessLog(app)
	if harakiri > 0 {
		app = middleware.TimeLimit(harakiri, func(r *http.Request, began time.Time) {
			killed.Add(1)
			o.writeHarakiri(os.Stderr, r, began)
		})(app)
	}
	return app
}

// limitPost closes the connection of a request with a larger body than limit, without an answer, as uWSGI does. Bodies
// without a length pass.
func (o *output) limitPost(app http.Handler, limit int64, log io.Writer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > limit {
			line := "Invalid (too big) CONTENT_LENGTH. skip.\n"
			if o.log.Dated {
				line = o.date() + " - " + line
			}
			_, _ = io.WriteString(log, line)
			panic(http.ErrAbortHandler)
		}
		app.ServeHTTP(w, r)
	})
}

// writeHarakiri writes uWSGI's lines about a request that has taken too long. There is one worker, and no core.
func (o *output) writeHarakiri(log io.Writer, r *http.Request, began time.Time) {
	address := r.RemoteAddr
	if host, _, err := net.SplitHostPort(address); err == nil {
		address = host
	}
	_, _ = fmt.Fprintf(log, "%s - *** HARAKIRI ON WORKER 1 (pid: %d, try: 1, graceful: yes) ***\n"+
		"%[1]s - HARAKIRI !!! worker 1 status !!!\n%[1]s - HARAKIRI [core 0] %[3]s - %[4]s %[5]s since %[6]d\n"+
		"%[1]s - HARAKIRI !!! end of worker 1 status !!!\n%[1]s - HARAKIRI triggered by worker 1 core 0 !!!\n",
		o.date(), os.Getpid(), address, r.Method, r.RequestURI, began.Unix())
}

// date returns the time as uWSGI's own lines have it.
func (o *output) date() string {
	if o.log.DateFormat != "" {
		return strftime.Format(o.log.DateFormat, time.Now())
	}
	return time.Now().Format(time.ANSIC)
}

// killedByHarakiri tells whether a request has taken too long.
func killedByHarakiri(ctx context.Context) bool {
	return errors.Is(context.Cause(ctx), middleware.ErrTimeLimit)
}
