// Package compute is OpenStack Nova's compute API as an http.Handler.
//
// Application is the counterpart of Nova's WSGI module nova.wsgi.osapi_compute: it reads its
// configuration from the environment on first use. New builds further applications.
package compute

import (
	"context"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/representation"
	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/clock"
	"github.com/nova-go/nova/internal/events"
	"github.com/nova-go/nova/internal/hardware"
	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/notify"
	"github.com/nova-go/nova/internal/osprofiler"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/internal/servicegroup"
	"github.com/nova-go/nova/internal/sessions"
	"github.com/nova-go/nova/internal/startup"
	"github.com/nova-go/nova/paste"
)

// Prog is the program name with which this application's configuration is found.
const Prog = "nova-api-os-compute"

// pasteName is the name of the application in the paste file.
const pasteName = "osapi_compute"

// policyEvery is the interval between checks of the operator's policy files for changes; Nova
// checks them with each request.
const policyEvery = time.Second

// Options configure an application.
type Options struct {
	// Config is the configuration; nil means that New loads it from Sources.
	Config  *config.Config
	Sources config.Sources
	// Filters are further paste factories by the names that the paste file uses. They replace
	// built-in factories of the same name.
	Filters paste.Registry
	// Log is the application's log; nil means the log that the configuration describes.
	Log *zerolog.Logger
	// Metrics registers the application's metrics, which docs/operating.md lists; nil means no
	// metrics.
	Metrics prometheus.Registerer
	// Traces creates the spans of requests and of requests to other services; nil means no
	// spans.
	Traces trace.TracerProvider
	// Fail is called once with the reason for which the process must end: the other Nova
	// services are of another release or, with NeedApp, uWSGI would not have loaded Nova's
	// module. After that the application answers 503. If Fail is nil, the application repeats
	// its checks until they pass.
	Fail func(error)
	// NeedApp is uWSGI's need-app: when Nova's own start would fail, Fail is called with the
	// reason.
	NeedApp bool
	// Events, if not nil, is called before New returns, with the handler of GET /servers/events: the changes of servers as
	// Server-Sent Events, which docs/operating.md describes. Its answers last until the client disconnects or ctx ends, so that
	// a server must not limit their time.
	Events func(http.Handler)
}

// deps are the dependencies of areas and filters.
type deps struct {
	config   *config.Config
	log      zerolog.Logger
	policy   *policy.Enforcer
	sessions sessions.Compute
	messages *rpc.Pool
	metrics  *metrics.Metrics
	traces   trace.TracerProvider
	profiler *osprofiler.Profiler // nil: off
	aliases  hardware.Aliases
	notify   *notify.Notifier
	events   *events.Hub     // nil: nobody can listen
	release  release.Release // of the services of the deployment
	now      func() time.Time
	reports  func(key string) ([]byte, bool) // of services in memcached; nil: they report to the database
	*startup.Databases
}

// New builds the application that a configuration and its paste file describe. Its errors name
// file, line, section and option. An unreachable database is not an error: the application
// answers 503 until the database answers. New waits at most one second for the first attempt to
// start. ctx bounds the application's background work and its connections.
func New(ctx context.Context, o Options) (http.Handler, error) {
	d, err := prepare(ctx, &o)
	if err != nil {
		return nil, err
	}
	options := paste.Options{Warn: func(p paste.Problem) { d.log.Warn().Msg(p.Error()) }}
	if d.config.WSGI.UnknownFilters == "skip" {
		options.UnknownFilters = paste.Skip
	}
	var writes api.Writes
	build := func(ctx context.Context, r release.Release) (http.Handler, error) {
		d, err := d.of(r)
		if err != nil {
			return nil, err
		}
		go d.policy.Watch(ctx, policyEvery)
		p := newParts(d)
		go p.watchInventory(ctx)
		app, err := p.application(&writes)
		if err != nil {
			return nil, err
		}
		return startup.LoadPaste(d.config, pasteName, registry(d, app, o.Filters), options)
	}
	d.metrics.Callers().Expose(d.config.WSGI.CallerMetrics)
	hide := d.metrics.Show()
	end := func() {
		hide()
		writes.Wait()
		if err := d.profiler.Close(); err != nil {
			d.log.Debug().Err(err).Msg("Closing the connection of osprofiler")
		}
		if err := d.messages.Close(); err != nil {
			d.log.Debug().Err(err).Msg("Closing the connections to message brokers")
		}
		if err := d.Databases.Close(); err != nil {
			d.log.Debug().Err(err).Msg("Closing the connections to databases")
		}
	}
	app, err := startup.Open(ctx, startup.Options{Name: pasteName, Config: d.config, Databases: d.Databases, Log: d.log, Metrics: d.metrics,
		Build: build, Created: d.announce, Fail: o.Fail, NeedApp: o.NeedApp})
	if err != nil {
		end()
		return nil, err
	}
	context.AfterFunc(ctx, end)
	app = clock.Handler(ctx, middleware.Traced(d.traces, Prog)(middleware.Measure(d.metrics)(representation.Filter(representation.Options{
		Codings: d.config.WSGI.ContentCodings, EntityTags: d.config.WSGI.EntityTags})(middleware.DecodedPath(app)))))
	if d.events != nil {
		o.Events(d.eventStreams(ctx, app))
	}
	return app, nil
}

// announceWithin bounds the time for the notification about a new service.
const announceWithin = 5 * time.Second

// announce sends the notification that the row of a service was created.
func (d *deps) announce(ctx context.Context, made *objects.Service, r release.Release) {
	ctx, cancel := context.WithTimeout(ctx, announceWithin)
	defer cancel()
	if n, err := d.notifier(d.messages.For(r)); err == nil {
		n.Service(ctx, nil, "create", made, nil)
	}
}

func (d *deps) notifier(messages *rpc.Pool) (*notify.Notifier, error) {
	return notify.New(messages, d.config.Notifications, d.config.Default.Host)
}

// of returns the dependencies as a release has them. They share connections.
func (d *deps) of(r release.Release) (*deps, error) {
	of := *d
	of.release, of.messages = r, d.messages.For(r)
	var err error
	if of.config, err = startup.ConfigOf(d.config, r); err != nil {
		return nil, err
	}
	if of.policy, err = startup.OpenPolicy(d.config, r, d.log); err != nil {
		return nil, err
	}
	if of.notify, err = d.notifier(of.messages); err != nil {
		return nil, err
	}
	if d.events != nil {
		of.notify.Observe(d.events)
	}
	return &of, nil
}

func prepare(ctx context.Context, o *Options) (*deps, error) {
	d := &deps{config: o.Config, traces: o.Traces, now: func() time.Time { return clock.Now(ctx) }}
	var err error
	if d.config == nil {
		if o.Sources.Prog == "" {
			o.Sources.Prog = Prog
		}
		if d.config, err = config.Load(o.Sources); err != nil {
			return nil, err
		}
	}
	if err := startup.CheckDeprecations(d.config); err != nil {
		return nil, err
	}
	if o.Log != nil {
		d.log = *o.Log
	} else if d.log, _, err = log.New(d.config.Default.Log, Prog); err != nil {
		return nil, err
	}
	if d.metrics, err = metrics.On(o.Metrics); err != nil {
		return nil, err
	}
	if d.reports, err = servicegroup.Reports(d.config, d.log); err != nil {
		return nil, err
	}
	if d.aliases, err = startup.PCIAliases(d.config); err != nil {
		return nil, err
	}
	if d.Databases, err = startup.OpenDatabases(ctx, d.config, d.metrics, d.log); err != nil {
		return nil, err
	}
	var failed []error
	if d.sessions, failed = sessions.ForCompute(d.config, d.metrics, d.traces); len(failed) > 0 {
		return nil, failed[0]
	}
	if o.Events != nil {
		d.events = events.NewHub(d.config.WSGI.EventsListeners)
	}
	options := rpc.FromConfig(d.config, d.log)
	options.Memory, options.Metrics = rpc.MemoryOf(ctx), d.metrics
	if d.messages, err = rpc.NewPool(options); err != nil {
		return d, err
	}
	if d.config.Default.Log.PublishErrors {
		if d.log, err = d.messages.PublishErrors(ctx, d.log); err != nil {
			return d, err
		}
	}
	d.profiler, err = startup.OpenProfiler(d.config, pasteName, d.log, func() (*rpc.Pool, error) { return d.messages, nil })
	return d, err
}

// Application is the compute API of this host: OS_NOVA_CONFIG_DIR and OS_NOVA_CONFIG_FILES name
// its files, as for Nova's WSGI module. It loads on first use. If loading fails, every request
// is answered with 500.
var Application http.Handler = fromEnvironment()

func fromEnvironment() http.Handler {
	return &startup.Lazy{Make: func() (http.Handler, error) {
		return New(context.Background(), Options{Sources: config.Sources{Env: os.Environ()}})
	}}
}
