package sites

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/middleware/cadf"
	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/internal/pyjson"
	"github.com/nova-go/nova/paste"
)

// WatcherOptions configure Watcher.
type WatcherOptions struct {
	// ServiceType is a type of the catalog, such as "compute"; ServiceName is the prefix of
	// target types, "" means that of the type.
	ServiceType, ServiceName string
	// MapFile is the YAML file with keywords of paths and actions; "" means none.
	MapFile string
	// ProjectFromPath and ProjectFromCatalog say where the project of the target stands. If it is
	// in neither, it is the project of the token.
	ProjectFromPath, ProjectFromCatalog bool
	// TargetProjectLabel and UserLabel add labels to the counter of requests.
	TargetProjectLabel, UserLabel bool
	// StatsdHost, StatsdPort and Namespace are the destination of metrics.
	StatsdHost, StatsdPort, Namespace string
	Log                               zerolog.Logger
}

// Watched is what the watcher finds out about a request, in terms of CADF; the environment
// WATCHER.* in Python. Fields without a value are "unknown".
type Watched struct {
	Action, TargetType       string // TargetType is "" if the path has none
	ServiceType, ServiceName string
	TargetProjectID          string
	Initiator                Initiator
}

// Initiator is who sent a request.
type Initiator struct {
	ProjectID, ProjectName, ProjectDomainID, ProjectDomainName string
	DomainID, DomainName                                       string
	UserID, UserName, UserDomainID, UserDomainName             string
	HostAddress                                                string
}

type watcher struct {
	WatcherOptions
	m       *watcherMap
	metrics *dogStatsd
}

// Watcher is SAP's openstack-watcher-middleware: it classifies each request, for the rate limit
// and other filters after it, counts requests and measures their duration.
func Watcher(o WatcherOptions) (func(http.Handler) http.Handler, error) {
	if o.ServiceName == "" {
		o.ServiceName = "service/" + o.ServiceType
		if prefix, ok := watcherPrefixes[o.ServiceType]; ok {
			o.ServiceName = prefix
		}
	}
	m, err := readWatcherMap(o.MapFile, o.ServiceName, log.Named(o.Log, "watcher.watcher"))
	if err != nil {
		return nil, err
	}
	f := &watcher{o, m, newDogStatsd(o.StatsdHost, o.StatsdPort, o.Namespace)}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.serve(w, r, next) })
	}, nil
}

func (f *watcher) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	start := time.Now()
	r = r.WithContext(r.Context()) // a copy, because the body may be replaced
	out := &filter.Response{ResponseWriter: w}
	var labels, details []string
	// Python's filter cannot classify a path that is no UTF-8.
	if utf8.ValidString(paste.ScriptName(r) + r.URL.Path) {
		seen := f.classify(r)
		labels, details = f.labels(seen)
		r = r.WithContext(context.WithValue(r.Context(), watchedKey{}, seen))
	}
	done := false
	defer func() {
		status := cadf.Unknown // the handler has panicked
		switch {
		case out.Status != 0:
			status = strconv.Itoa(out.Status)
		case done:
			status = strconv.Itoa(http.StatusOK)
		}
		var lines statsdLines
		f.metrics.milliseconds(&lines, "api_requests_duration_seconds", time.Since(start), append(labels, "status:"+status)...)
		f.metrics.increment(&lines, "api_requests_total", append(details, "status:"+status)...)
		f.metrics.send(&lines)
	}()
	next.ServeHTTP(out, r)
	done = true
}

// labels returns the labels of the duration, and those of the counter.
func (f *watcher) labels(seen *Watched) (labels, details []string) {
	kind := seen.TargetType
	if kind == "" {
		kind = "None"
	}
	labels = []string{"service_name:" + seen.ServiceName, "service:" + seen.ServiceType, "action:" + seen.Action, "target_type_uri:" + kind}
	details = append(labels[:len(labels):len(labels)], "initiator_project_id:"+seen.Initiator.ProjectID,
		"initiator_domain_id:"+seen.Initiator.DomainID)
	if f.TargetProjectLabel {
		details = append(details, "target_project_id:"+seen.TargetProjectID)
	}
	if f.UserLabel {
		details = append(details, "initiator_user_id:"+seen.Initiator.UserID)
	}
	return labels[:len(labels):len(labels)], details
}

func (f *watcher) classify(r *http.Request) *Watched {
	path, h := filter.WSGIPath(r), r.Header
	known := func(name string) string {
		if v := filter.HeaderList(h, name); v != "" {
			return v
		}
		return cadf.Unknown
	}
	seen := &Watched{
		ServiceType: f.ServiceType, ServiceName: f.ServiceName, TargetType: f.m.target(path),
		Initiator: Initiator{
			ProjectID: known("X-Project-Id"), ProjectName: known("X-Project-Name"),
			ProjectDomainID: known("X-Project-Domain-Id"), ProjectDomainName: known("X-Project-Domain-Name"),
			DomainID: known("X-Domain-Id"), DomainName: known("X-Domain-Name"),
			UserID: known("X-User-Id"), UserName: known("X-User-Name"),
			UserDomainID: known("X-User-Domain-Id"), UserDomainName: known("X-User-Domain-Name"),
			HostAddress: clientAddr(r),
		},
	}
	switch {
	case f.ProjectFromPath:
		seen.TargetProjectID = projectOf(path)
	case f.ProjectFromCatalog:
		if rec := middleware.RecordOf(r.Context()); rec != nil {
			seen.TargetProjectID = projectInCatalog(rec.Token, f.ServiceType)
		}
	}
	if seen.TargetProjectID == "" {
		seen.TargetProjectID = seen.Initiator.ProjectID
	}
	named, ok := namedAction(r, path)
	if seen.Action = cadf.Unknown; ok {
		seen.Action = f.m.action(r.Method, seen.TargetType, named)
	}
	return seen
}

// clientAddr is webob's client_addr: the first address of X-Forwarded-For, or the peer.
func clientAddr(r *http.Request) string {
	if _, ok := r.Header["X-Forwarded-For"]; ok {
		first, _, _ := strings.Cut(filter.HeaderList(r.Header, "X-Forwarded-For"), ",")
		if first = strings.TrimSpace(first); first != "" {
			return first
		}
		return cadf.Unknown
	}
	if addr := filter.RemoteAddr(r); addr != "" {
		return addr
	}
	return cadf.Unknown
}

// projectOf returns the project in a path such as /v2/PROJECT/servers, or "".
func projectOf(path string) string {
	if m := projectInPath.FindStringSubmatch(path); m != nil {
		return m[1]
	}
	return ""
}

// projectInCatalog returns the project in the URL of the first service of a type, or "".
func projectInCatalog(t *middleware.Token, serviceType string) string {
	if t == nil {
		return ""
	}
	for _, s := range t.Catalog {
		if s.Type != serviceType || len(s.Endpoints) == 0 {
			continue
		}
		for _, e := range s.Endpoints {
			var urls map[string]string
			if json.Unmarshal(e, &urls) != nil {
				continue
			}
			for _, face := range []string{"publicURL", "internalURL", "adminURL"} {
				if id := projectOf(urls[face]); id != "" {
					return id
				}
			}
		}
		return ""
	}
	return ""
}

// namedAction returns the action that the body of a request names, in the form "update/reboot",
// or "" if it names none. It may replace the request's body by an equal one. ok is false for a
// body that is no JSON.
func namedAction(r *http.Request, path string) (name string, ok bool) {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if !strings.Contains(path, "action") || !strings.Contains(kind, "application/json") || r.ContentLength <= 0 {
		return "", true
	}
	text, err := filter.PeekBody(r, filter.MaxKept)
	if err != nil {
		return "", false
	}
	body, err := pyjson.Parse(text)
	if err != nil {
		return "", false
	}
	if inner, is := body.(string); is {
		if body, err = pyjson.Parse([]byte(inner)); err != nil {
			return "", true
		}
	}
	switch body := body.(type) {
	case pyjson.Object:
		if len(body) > 0 {
			name = body[0].Key
		}
	case []any:
		if len(body) > 0 {
			name, _ = body[0].(string)
		}
	}
	if utf8.RuneCountInString(name) <= 2 {
		return "", true
	}
	return "update/" + name, true
}

type watchedKey struct{}

// WatchedOf returns what the watcher has found out about a request; nil without it.
func WatchedOf(ctx context.Context) *Watched {
	seen, _ := ctx.Value(watchedKey{}).(*Watched)
	return seen
}

// watcher builds the filter from a paste section. As in Python only "true", with quotes or
// without, is true.
func (d deps) watcher(global, local paste.Conf) (func(http.Handler) http.Handler, error) {
	o := WatcherOptions{ServiceType: cadf.Unknown, Namespace: "openstack_watcher", TargetProjectLabel: true, Log: d.Log}
	p := filter.Options{Global: global, Local: local}
	p.String("service_type", &o.ServiceType)
	p.String("cadf_service_name", &o.ServiceName)
	p.String("config_file", &o.MapFile)
	p.String("statsd_namespace", &o.Namespace)
	p.QuotedTrue("target_project_id_from_path", &o.ProjectFromPath)
	p.QuotedTrue("target_project_id_from_service_catalog", &o.ProjectFromCatalog)
	p.QuotedTrue("include_target_project_id_in_metric", &o.TargetProjectLabel)
	p.QuotedTrue("include_initiator_user_id_in_metric", &o.UserLabel)
	o.StatsdHost, o.StatsdPort = statsdAddress(&p, false, "9125")
	if p.Err != nil {
		return nil, p.Err
	}
	filter.WarnUnknown(local, log.Named(d.Log, "watcher.watcher"), "service_type", "cadf_service_name", "config_file", "statsd_host",
		"statsd_port", "statsd_namespace", "target_project_id_from_path", "target_project_id_from_service_catalog",
		"include_target_project_id_in_metric", "include_target_domain_id_in_metric", "include_initiator_user_id_in_metric")
	return Watcher(o)
}
