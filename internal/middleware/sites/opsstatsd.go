package sites

import (
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/paste"
)

// OpsStatsdOptions configure OpsStatsd.
type OpsStatsdOptions struct {
	// StatsdHost, StatsdPort and Namespace are the destination of metrics.
	StatsdHost, StatsdPort, Namespace string
	// ReplaceIDs replaces parts of paths that are hexadecimal numbers or UUIDs by "id".
	ReplaceIDs bool
}

var opsID = regexp.MustCompile(`/[0-9a-fA-F-]+/`)

// OpsStatsd is the filter statsd of SAP's openstack-ops-middleware: it counts requests and
// answers, and measures their duration by method and path.
func OpsStatsd(o OpsStatsdOptions) func(http.Handler) http.Handler {
	metrics := newDogStatsd(o.StatsdHost, o.StatsdPort, o.Namespace)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			out := &filter.Response{ResponseWriter: w}
			api := o.api(r)
			done := false
			defer func() {
				status := "none"
				switch {
				case out.Status != 0:
					status = strconv.Itoa(out.Status)
				case done:
					status = strconv.Itoa(http.StatusOK)
				}
				if !done {
					api += "/Exception"
				}
				var lines statsdLines
				metrics.increment(&lines, "requests_total")
				metrics.increment(&lines, "responses_total")
				metrics.seconds(&lines, "latency_by_api", time.Since(start), "method:"+r.Method, "api:"+api)
				metrics.increment(&lines, "responses_by_api", "method:"+r.Method, "api:"+api, "status:"+status)
				metrics.send(&lines)
			}()
			next.ServeHTTP(out, r)
			done = true
		})
	}
}

// api returns the path of a request without the extension of its last part and without ids.
func (o *OpsStatsdOptions) api(r *http.Request) string {
	path := paste.ScriptName(r) + r.URL.Path
	last := strings.LastIndexByte(path, '/') + 1
	if dot := strings.LastIndexByte(path[last:], '.'); dot > 0 {
		path = path[:last+dot]
	}
	if o.ReplaceIDs {
		path = opsID.ReplaceAllString(path+"/", "/id/")
	}
	return strings.TrimRight(path, "/")
}

// opsStatsd builds the filter from a paste section and the environment.
func (d deps) opsStatsd(_, local paste.Conf) (func(http.Handler) http.Handler, error) {
	o := OpsStatsdOptions{Namespace: "openstack"}
	replace := "id"
	p := filter.Options{Local: local}
	p.String("statsd_prefix", &o.Namespace)
	p.String("statsd_replace", &replace)
	o.StatsdHost, o.StatsdPort = statsdAddress(&p, true, "8125")
	for variable, into := range map[string]*string{"STATSD_PREFIX": &o.Namespace, "STATSD_REPLACE": &replace} {
		if v := os.Getenv(variable); v != "" {
			*into = v
		}
	}
	for name := range strings.SplitSeq(strings.ToLower(strings.ReplaceAll(replace, " ", "")), ",") {
		switch name {
		case "id":
			o.ReplaceIDs = true
		case "", "swift": // paths of Nova have no accounts
		default:
			p.Fail("statsd_replace", replace, "list of id and swift")
		}
	}
	if p.Err != nil {
		return nil, p.Err
	}
	filter.WarnUnknown(local, log.Named(d.Log, "opsmiddleware"), "statsd_host", "statsd_port", "statsd_prefix", "statsd_replace")
	return OpsStatsd(o), nil
}
