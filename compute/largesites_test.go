package compute_test

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/nova-go/nova/internal/clock"
	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/paste"
)

// largeSitePaste has the filters in the order of SAP's chart, and an access log.
const largeSitePaste = `
[composite:osapi_compute]
use = call:nova.api.openstack.urlmap:urlmap_factory
/: versions
/v2.1: v21
[app:versions]
paste.app_factory = nova.api.openstack.compute.versions:Versions.factory
[composite:v21]
use = call:nova.api.auth:pipeline_factory_v21
keystone = clock statsd access compute_req_id faultwrap sizelimit authtoken keystonecontext watcher rate_limit sentry audit panics api
[filter:clock]
paste.filter_factory = test:clock
[filter:panics]
paste.filter_factory = test:panics
[filter:statsd]
use = egg:ops-middleware#statsd
statsd_port = STATSD
[filter:access]
use = egg:Paste#translogger
setup_console_handler = false
format = %%(REQUEST_METHOD)s %%(REQUEST_URI)s %%(status)s %%(HTTP_REFERER)s
[filter:compute_req_id]
paste.filter_factory = nova.api.compute_req_id:ComputeReqIdMiddleware.factory
[filter:faultwrap]
paste.filter_factory = nova.api.openstack:FaultWrapper.factory
[filter:sizelimit]
paste.filter_factory = oslo_middleware:RequestBodySizeLimiter.factory
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
[filter:keystonecontext]
paste.filter_factory = nova.api.auth:NovaKeystoneContext.factory
[filter:watcher]
use = egg:watcher-middleware#watcher
service_type = compute
config_file = %(here)s/watcher.yaml
statsd_port = STATSD
[filter:rate_limit]
use = egg:rate-limit-middleware#rate-limit
config_file = %(here)s/ratelimit.yaml
service_type = compute
rate_limit_by = target_project_id
max_sleep_time_seconds: 0
clock_accuracy = 1ns
log_sleep_time_seconds: 10
backend_host = 127.0.0.1
backend_port = REDIS
backend_timeout_seconds = 1
statsd_port = STATSD
[filter:sentry]
use = egg:raven#raven
level = ERROR
dsn = http://key:secret@SENTRY/tracker/5
[filter:audit]
paste.filter_factory = auditmiddleware:filter_factory
audit_map_file = %(here)s/audit.yaml
ignore_req_list = GET
record_payloads = True
[app:api]
paste.app_factory = nova.api.openstack.compute:APIRouterV21.factory
`

const largeSiteWatcher = "path_keywords:\n  - flavors\n  - os-keypairs\n  - servers\nkeyword_exclusions:\n  - label\n"

const largeSiteLimits = `
whitelist:
  - Default/service
groups:
  write:
    - delete
    - update
rates:
  default:
    servers:
      - action: read/list
        limit: 2r/m
    os-keypairs/os-keypair:
      - action: write
        limit: 1r/h
`

const largeSiteAudit = `
service_type: compute
service_name: nova
prefix: '/v2[0-9\.]*(?:/[0-9a-f\-]+)?'
resources:
  keypairs:
    api_name: os-keypairs
    custom_id: name
  servers:
    payloads:
      exclude: [adminPass]
`

// largeSite is a stack with the pipeline, and the services of its filters.
type largeSite struct {
	*novatest.Stack
	statsd *net.UDPConn
	events chan map[string]any // what Sentry gets
	auth   chan string
	after  atomic.Int64 // how far the clock is ahead
	redis  *miniredis.Miniredis
}

func newLargeSite(t *testing.T) *largeSite {
	t.Helper()
	l := &largeSite{events: make(chan map[string]any, 10), auth: make(chan string, 10), redis: miniredis.RunT(t)}
	sentry := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var event map[string]any
		_ = json.NewDecoder(r.Body).Decode(&event)
		l.auth <- r.URL.Path + " " + r.Header.Get("X-Sentry-Auth")
		l.events <- event
	}))
	t.Cleanup(sentry.Close)
	var err error
	if l.statsd, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.statsd.Close() })
	_, port, _ := net.SplitHostPort(l.statsd.LocalAddr().String())
	file := strings.NewReplacer("STATSD", port, "REDIS", l.redis.Port(), "SENTRY", strings.TrimPrefix(sentry.URL, "http://")).Replace(largeSitePaste)
	start := time.Now()
	now := func() time.Time { return start.Add(time.Duration(l.after.Load())) }
	l.Stack = novatest.New(t, novatest.File("api-paste.ini", file), novatest.File("watcher.yaml", largeSiteWatcher),
		novatest.File("ratelimit.yaml", largeSiteLimits), novatest.File("audit.yaml", largeSiteAudit),
		novatest.Conf("[audit_middleware_notifications]\ndriver = messagingv2\ntopics = audit"),
		novatest.Filters(paste.Registry{
			"test:clock": paste.Filter(func(_, _ paste.Conf) (func(http.Handler) http.Handler, error) {
				return func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						next.ServeHTTP(w, r.WithContext(clock.With(r.Context(), now)))
					})
				}, nil
			}),
			"test:panics": paste.Filter(func(_, _ paste.Conf) (func(http.Handler) http.Handler, error) {
				return func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if r.URL.Query().Has("panic") {
							panic("mysql://nova:hidden@db is away")
						}
						next.ServeHTTP(w, r)
					})
				}, nil
			}),
		}))
	return l
}

// metrics returns the lines that statsd gets until one begins with the last of prefixes, which
// all must begin some line.
func (l *largeSite) metrics(t *testing.T, prefixes ...string) {
	t.Helper()
	var all []string
	b := make([]byte, 65000)
	for !slices.ContainsFunc(all, func(line string) bool { return strings.HasPrefix(line, prefixes[len(prefixes)-1]) }) {
		_ = l.statsd.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, err := l.statsd.Read(b)
		if err != nil {
			t.Fatalf("%v; statsd got\n%s", err, strings.Join(all, "\n"))
		}
		all = append(all, strings.Split(strings.TrimSpace(string(b[:n])), "\n")...)
	}
	for _, want := range prefixes {
		if !slices.ContainsFunc(all, func(line string) bool { return strings.HasPrefix(line, want) }) {
			t.Errorf("statsd got no %s\n%s", want, strings.Join(all, "\n"))
		}
	}
}

func TestRateLimitOfALargeSite(t *testing.T) {
	t.Parallel()
	l := newLargeSite(t)
	demo := l.As("demo")
	project := novatest.NameID("project", "demo")
	demo.Do("GET /servers").Expect(200)
	l.metrics(t, "openstack_watcher.api_requests_total:1|c|#service_name:service/compute,service:compute,action:read/list,target_type_uri:service/compute/servers,initiator_project_id:"+project,
		"openstack_watcher.api_requests_duration_seconds:", "openstack.requests_total:1|c", "openstack.responses_by_api:1|c|#method:GET,api:/v2.1/servers,status:200")
	l.after.Store(int64(20 * time.Second))
	demo.Do("GET /servers").Expect(200)
	refused := demo.Do("GET /servers").Expect(429)
	for name, want := range map[string]string{"Retry-After": "40", "X-Retry-After": "40", "X-RateLimit-Retry-After": "40", "X-RateLimit-Limit": "2r/m",
		"X-RateLimit-Remaining": "0", "Content-Type": "application/json"} {
		if got := refused.Header.Get(name); got != want {
			t.Errorf("%s is %q, not %q", name, got, want)
		}
	}
	l.metrics(t, "openstack_ratelimit.requests_ratelimit_total:1|c|#service:compute,service_name:service/compute,action:read/list,target_project_id:"+project,
		"openstack.responses_by_api:1|c|#method:GET,api:/v2.1/servers,status:429")
	demo.Do("GET /flavors").Expect(200)
	l.As("admin").Do("GET /servers").Expect(200)
	for range 4 {
		l.As("nova").Do("GET /servers").Expect(200) // Default/service
	}
	l.after.Store(int64(61 * time.Second))
	demo.Do("GET /servers").Expect(200)
	demo.Do("GET /servers").Expect(429)
	demo.Do("DELETE /os-keypairs/none").Expect(404)
	demo.Do("DELETE /os-keypairs/none").Expect(429)
	l.redis.Close()
	for range 4 {
		demo.Do("GET /servers").Expect(200)
	}
	if log := l.Log(); strings.Count(log, "requests are not limited: redis: ") != 1 || !strings.Contains(log, "DELETE /v2.1/os-keypairs/none 429 -") {
		t.Errorf("the log has\n%s", log)
	}
}

func TestAuditOfALargeSite(t *testing.T) {
	t.Parallel()
	l := newLargeSite(t)
	r := l.Broker.Record()
	demo := l.As("demo")
	demo.Do("GET /servers").Expect(200)
	demo.Do("POST /os-keypairs", `{"keypair": {"name": "k1"}}`).Expect(200)
	demo.Do("DELETE /os-keypairs/none").Expect(404)
	var all []rpc.Message
	testproc.Eventually(t, "two events of the audit", func() bool {
		all = slices.DeleteFunc(r.Messages(), func(m rpc.Message) bool { return m.Event != "audit.cadf" })
		return len(all) == 2
	})
	r.Stop()
	var events [2]struct {
		Action, Outcome string
		Target          struct{ ID, TypeURI string }
		Initiator       struct {
			Name      string
			RequestID string `json:"request_id"`
		}
		Attachments []struct{ Name, Content string }
	}
	for i, m := range all {
		if m.Target.Topic != "audit.info" {
			t.Errorf("topic %s", m.Target.Topic)
		}
		if err := json.Unmarshal(m.Payload, &events[i]); err != nil {
			t.Fatal(err)
		}
	}
	created, deleted := events[0], events[1]
	if created.Action != "create" || created.Outcome != "success" || created.Target.ID != "k1" || created.Target.TypeURI != "compute/keypair" ||
		created.Initiator.Name != "demo" || !strings.HasPrefix(created.Initiator.RequestID, "req-") ||
		len(created.Attachments) != 1 || created.Attachments[0].Content != `{"name":"k1"}` {
		t.Errorf("%+v", created)
	}
	if deleted.Action != "delete/unset" || deleted.Outcome != "failure" {
		t.Errorf("%+v", deleted)
	}
}

func TestSentryOfALargeSite(t *testing.T) {
	t.Parallel()
	novatest.OnSQLite(t)
	l := newLargeSite(t)
	demo := l.As("demo")
	demo.Do("GET /servers/none").Expect(404)
	demo.Do("GET /flavors?panic&token=abc").Expect(500)
	event, auth := <-l.events, <-l.auth
	if !strings.HasPrefix(auth, "/tracker/api/5/store/ Sentry sentry_version=7, sentry_client=nova-go/") || !strings.Contains(auth, "sentry_key=key, sentry_secret=secret") {
		t.Errorf("authorisation %s", auth)
	}
	text, _ := json.Marshal(event)
	for _, want := range []string{`"method":"GET"`, `/v2.1/flavors"`, `"query_string":"panic\u0026token=********"`, `"type":"panic"`, `"value":"mysql://nova:********@db is away"`,
		`"username":"demo"`, `"level":"error"`, `"request_id":"req-`, `"function":"`, `"project_id":"` + novatest.NameID("project", "demo")} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	l.Exec("api", "ALTER TABLE key_pairs RENAME COLUMN fingerprint TO moved")
	demo.Do("POST /os-keypairs", `{"keypair": {"name": "k1"}}`).Expect(500)
	event = <-l.events
	text, _ = json.Marshal(event)
	if message, _ := event["message"].(string); !strings.HasPrefix(message, "POST keypairs.create: ") || !strings.Contains(message, "fingerprint") {
		t.Errorf("%s", text)
	}
	for _, secret := range []string{"X-Auth-Token", "hidden"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%s is in %s", secret, text)
		}
	}
}
