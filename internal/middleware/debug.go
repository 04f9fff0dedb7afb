package middleware

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/paste"
)

// DebugOptions configure Debug.
type DebugOptions struct{ Out io.Writer }

// Debug is oslo.middleware's filter debug: it prints each request, and the headers and body of
// its answer. The output of one request is contiguous. Unlike Python's filter it does not print
// tokens and passwords in headers.
func Debug(o DebugOptions) func(http.Handler) http.Handler {
	var mu sync.Mutex
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b := &strings.Builder{}
			writeHeading(b, "REQUEST ENVIRON")
			fmt.Fprintf(b, "REQUEST_METHOD = %s\nSCRIPT_NAME = %s\nPATH_INFO = %s\nQUERY_STRING = %s\nREMOTE_ADDR = %s\nSERVER_PROTOCOL = "+
				"%s\nHTTP_HOST = %s\n",
				r.Method, paste.ScriptName(r), r.URL.Path, r.URL.RawQuery, filter.RemoteAddr(r), r.Proto, r.Host)
			for _, name := range slices.Sorted(maps.Keys(r.Header)) {
				value := filter.HeaderList(r.Header, name)
				if secretHeaders[name] {
					value = "***"
				}
				fmt.Fprintf(b, "HTTP_%s = %s\n", strings.ToUpper(strings.ReplaceAll(name, "-", "_")), value)
			}
			out := &debugResponse{body: &strings.Builder{}}
			out.Response = filter.Response{ResponseWriter: w, OnHeader: func(status int) (int, []byte) {
				b.WriteByte('\n')
				writeHeading(b, "RESPONSE HEADERS")
				for _, name := range slices.Sorted(maps.Keys(w.Header())) {
					fmt.Fprintf(b, "%s = %s\n", name, filter.HeaderList(w.Header(), name))
				}
				b.WriteByte('\n')
				return status, nil
			}}
			defer func() {
				writeHeading(b, "BODY")
				b.WriteString(out.body.String() + "\n")
				mu.Lock()
				defer mu.Unlock()
				_, _ = io.WriteString(o.Out, b.String())
			}()
			next.ServeHTTP(out, r)
			out.Finish()
		})
	}
}

func writeHeading(b *strings.Builder, text string) {
	fmt.Fprintf(b, "%s %s\n", strings.Repeat("*", 40), text)
}

var secretHeaders = map[string]bool{"Authorization": true, "X-Auth-Token": true, "X-Service-Token": true, "X-Subject-Token": true,
	"X-Storage-Token": true}

// debugResponse copies the answer that it passes through.
type debugResponse struct {
	filter.Response
	body *strings.Builder
}

func (w *debugResponse) Write(p []byte) (int, error) {
	w.body.Write(p)
	return w.Response.Write(p)
}
