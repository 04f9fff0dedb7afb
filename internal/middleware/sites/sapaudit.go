package sites

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/middleware/cadf"
	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/paste"
)

// SAPAuditOptions configure SAPAudit.
type SAPAuditOptions struct {
	// MapFile is the YAML file that describes the resources of the service.
	MapFile string
	// IgnoreMethods excludes requests.
	IgnoreMethods []string
	// RecordPayloads adds bodies of requests to events.
	RecordPayloads bool
	// Metrics counts events with statsd, at StatsdHost and StatsdPort.
	Metrics                bool
	StatsdHost, StatsdPort string
	// Notify takes the events. It must not block.
	Notify func(*cadf.Event)
	Log    zerolog.Logger
}

type sapAudit struct {
	SAPAuditOptions
	m       *sapAuditMap
	metrics *dogStatsd
}

// SAPAudit is SAP's openstack-audit-middleware: it sends an event for what a request has done
// with a resource, after the answer. If an event cannot be built, a line in the log says why.
func SAPAudit(o SAPAuditOptions) (func(http.Handler) http.Handler, error) {
	m, err := readSAPAuditMap(o.MapFile, o.Log)
	if err != nil {
		return nil, err
	}
	f := &sapAudit{SAPAuditOptions: o, m: m}
	if o.Metrics {
		f.metrics = newDogStatsd(o.StatsdHost, o.StatsdPort, "openstack_audit", "service:"+m.serviceType)
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if slices.Contains(o.IgnoreMethods, r.Method) {
				next.ServeHTTP(w, r)
				return
			}
			f.serve(w, r, next)
		})
	}, nil
}

func (f *sapAudit) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	x := &exchange{path: filter.WSGIPath(r), payloads: f.RecordPayloads}
	out := &filter.Response{ResponseWriter: w}
	if strings.HasPrefix(r.Method, "P") {
		r = filter.WithHeaders(r)
		x.jsonBody = isJSON(r.Header) && r.ContentLength > 0
		if x.body, _ = filter.PeekBody(r, filter.MaxKept); len(x.body) == filter.MaxKept {
			x.body, x.jsonBody = nil, false
		}
		// The document of the answer is read below, and answers to writes are short.
		r.Header.Del("Accept-Encoding")
		out.Kept = &filter.Kept{}
	}
	x.r = r
	done := false
	defer func() {
		switch {
		case out.Status == 0 && done:
			x.status = http.StatusOK
		default:
			x.status = out.Status
		}
		f.report(x, out)
	}()
	next.ServeHTTP(out, r)
	done = true
}

func isJSON(h http.Header) bool {
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.TrimSpace(kind) == "application/json"
}

func (f *sapAudit) report(x *exchange, out *filter.Response) {
	if k := out.Kept; k != nil && len(k.B) > 0 && !k.Full() && isJSON(out.Header()) {
		if err := x.parseAnswer(k.B); err != nil {
			f.Log.Error().Msgf("audit: the answer to %s %s: %v", x.r.Method, x.path, err)
			return
		}
	}
	events, err := f.m.events(x)
	if err != nil {
		f.Log.Error().Msgf("audit: no event for %s %s: %v", x.r.Method, x.path, err)
		return
	}
	var lines statsdLines
	for _, e := range events {
		f.Notify(e)
		if f.metrics == nil {
			continue
		}
		project := "None"
		for _, id := range []*string{e.Target.ProjectID, e.Initiator.ProjectID, &e.Initiator.DomainID} {
			if id != nil && *id != "" {
				project = *id
				break
			}
		}
		f.metrics.increment(&lines, "events", "project_id:"+project, "target_type_uri:"+e.Target.TypeURI, "action:"+e.Action,
			"outcome:"+e.Outcome)
		f.metrics.send(&lines)
		lines.b = lines.b[:0]
	}
}

// auditQueue sends events to a broker in the background. If the broker does not take them, they
// go to the log.
type auditQueue struct {
	size    int
	send    func(context.Context, *cadf.Event) error
	log     zerolog.Logger
	metrics *dogStatsd // or nil

	mu      sync.Mutex
	waiting []*cadf.Event
	running bool
}

// auditSendTime bounds the time that a broker has for an event.
const auditSendTime = 30 * time.Second

func (q *auditQueue) notify(e *cadf.Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var lines statsdLines
	if len(q.waiting) >= q.size {
		q.log.Error().Msgf("audit: the broker is too slow or away; %d events follow", len(q.waiting)+1)
		if q.metrics != nil {
			q.metrics.add(&lines, "overflows", fmt.Sprint(len(q.waiting)), "c", nil)
		}
		q.flush(append(q.waiting, e))
		q.waiting = nil
	} else {
		q.waiting = append(q.waiting, e)
	}
	if q.metrics != nil {
		q.metrics.gauge(&lines, "backlog", len(q.waiting))
		q.metrics.send(&lines)
	}
	if !q.running && len(q.waiting) > 0 {
		q.running = true
		go q.run()
	}
}

// run sends the events of the queue, and ends when it is empty.
func (q *auditQueue) run() {
	for {
		q.mu.Lock()
		if len(q.waiting) == 0 {
			q.running = false
			q.mu.Unlock()
			return
		}
		e := q.waiting[0]
		q.waiting = q.waiting[1:]
		q.mu.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), auditSendTime)
		err := q.send(ctx, e)
		cancel()
		var lines statsdLines
		if err != nil {
			q.log.Error().Msgf("audit: an event cannot be sent, and follows with all that wait: %v", err)
			q.mu.Lock()
			rest := q.waiting
			q.waiting = nil
			q.mu.Unlock()
			q.flush(append([]*cadf.Event{e}, rest...))
		}
		if q.metrics != nil {
			if err != nil {
				q.metrics.increment(&lines, "errors")
			}
			q.mu.Lock()
			q.metrics.gauge(&lines, "backlog", len(q.waiting))
			q.mu.Unlock()
			q.metrics.send(&lines)
		}
	}
}

func (q *auditQueue) flush(events []*cadf.Event) {
	for _, e := range events {
		logSAPAudit(q.log, e)
	}
}

func logSAPAudit(l zerolog.Logger, e *cadf.Event) {
	payload, _ := json.Marshal(e)
	l.Info().Msgf("Event type: audit.cadf, Context: {}, Payload: %s", payload)
}

// sapAudit builds the filter from a paste section and [audit_middleware_notifications].
func (d deps) sapAudit(global, local paste.Conf) (func(http.Handler) http.Handler, error) {
	o := SAPAuditOptions{}
	name, methods := "auditmiddleware", ""
	p := filter.Options{Global: global, Local: local}
	p.String("log_name", &name)
	p.String("audit_map_file", &o.MapFile)
	p.String("ignore_req_list", &methods)
	p.Boolean("record_payloads", &o.RecordPayloads)
	p.Boolean("metrics_enabled", &o.Metrics)
	for m := range strings.SplitSeq(methods, ",") {
		o.IgnoreMethods = append(o.IgnoreMethods, strings.ToUpper(strings.TrimSpace(m)))
	}
	o.StatsdHost, o.StatsdPort = statsdAddress(&p, true, "8125")
	if p.Err != nil {
		return nil, p.Err
	}
	o.Log = log.Named(d.Log, name)
	filter.WarnUnknown(local, o.Log, "log_name", "audit_map_file", "ignore_req_list", "record_payloads", "metrics_enabled")
	var err error
	if o.Notify, err = d.sapAuditNotifier(d.Config.Audit, o); err != nil {
		return nil, err
	}
	return SAPAudit(o)
}

func (d deps) sapAuditNotifier(c config.Audit, o SAPAuditOptions) (func(*cadf.Event), error) {
	toLog := func(e *cadf.Event) { logSAPAudit(o.Log, e) }
	if !c.UseOsloMessaging {
		return toLog, nil
	}
	n := middleware.Deps(d).AuditNotifications(c)
	for _, name := range n.Driver {
		if !slices.Contains([]string{"", "noop", "test", "log", "messaging", "messagingv2"}, name) {
			return nil, fmt.Errorf("audit: there is no notification driver %q", name)
		}
	}
	if d.Messages == nil {
		return toLog, nil
	}
	notifier, err := d.Messages.NotifierOf(n)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	publisher := filepath.Base(os.Args[0])
	q := &auditQueue{size: max(c.MemQueueSize, 1), log: o.Log, send: func(ctx context.Context, e *cadf.Event) error {
		return notifier.Deliver(ctx, nil, rpc.Event{Publisher: publisher, Type: "audit.cadf", Payload: e})
	}}
	if o.Metrics {
		q.metrics = newDogStatsd(o.StatsdHost, o.StatsdPort, "openstack_audit_messaging")
	}
	return q.notify, nil
}
