// Package compute is OpenStack Nova's compute API as an http.Handler.
//
// Application is the one that Nova's module nova.wsgi.osapi_compute has: it loads
// itself from the environment on first use. New builds further ones.
package compute

import (
	"context"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/hardware"
	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/notify"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/internal/startup"
	"github.com/nova-go/nova/paste"
)

// Prog is the name under which the configuration of this application is found.
const Prog = "nova-api-os-compute"

// name is the application in the paste file.
const name = "osapi_compute"

// policyEvery is how often the operator's policy files are looked at; Nova looks
// at each request.
const policyEvery = time.Second

// Options say how to build an application.
type Options struct {
	// Config is the configuration. nil: it is loaded from Sources.
	Config  *config.Config
	Sources config.Sources
	// Filters are paste factories of the embedder's own, by the names that the
	// paste file gives them. They win over those of the same name.
	Filters paste.Registry
	// Log takes what the application has to say. nil: as the configuration says.
	Log *zerolog.Logger
	// Metrics is where the application's metrics go: see docs/operating.md. nil:
	// nowhere.
	Metrics prometheus.Registerer
	// Traces makes spans of requests and of what they ask of services; nil: there
	// are none.
	Traces trace.TracerProvider
	// Fail is told, once, why the process must end: the services around it are of
	// another release of Nova or, with NeedApp, Nova's module would not have been
	// loaded. The application answers 503 from then on. nil: it goes on looking
	// whether that has passed.
	Fail func(error)
	// NeedApp is uWSGI's need-app: what keeps the application from starting is told to
	// Fail when Nova's own would give up.
	NeedApp bool
}

// deps is what the areas and filters are made of.
type deps struct {
	config   *config.Config
	log      zerolog.Logger
	policy   *policy.Enforcer
	sessions sessions
	messages *rpc.Pool
	metrics  *metrics.Metrics
	traces   trace.TracerProvider
	aliases  hardware.Aliases
	notify   *notify.Notifier
	*startup.Databases
}

// New builds the application that a configuration and its paste file describe.
// Its errors name file, line, section and option. A database that is away is not
// an error: the application answers 503 until it is back. New waits for the first
// try to start, for a second at most. ctx bounds the application's background work,
// and its connections.
func New(ctx context.Context, o Options) (http.Handler, error) {
	d, err := prepare(ctx, &o)
	if err != nil {
		return nil, err
	}
	app, err := router(d)
	if err != nil {
		return nil, err
	}
	options := paste.Options{Warn: func(p paste.Problem) { d.log.Warn().Msg(p.Error()) }}
	if d.config.WSGI.UnknownFilters == "skip" {
		options.UnknownFilters = paste.Skip
	}
	pipeline, err := paste.Load(startup.PasteFile(d.config), name, registry(d, app, o.Filters), options)
	if err != nil {
		return nil, err
	}
	around := &startup.Deployment{Config: d.config, Databases: d.Databases, Log: d.log}
	gate := &startup.Gate{Name: name, Next: pipeline, Log: d.log, Rest: around.Rest, Ready: d.Ready, Fail: o.Fail, NeedApp: o.NeedApp, Start: func(ctx context.Context) error {
		made, err := around.Register(ctx, "nova-"+name)
		if made != nil { // a broker that is away keeps nobody from starting
			go d.announce(context.WithoutCancel(ctx), made)
		}
		return err
	}}
	d.metrics.Show()
	gate.Open(ctx)
	go d.policy.Watch(ctx, policyEvery)
	context.AfterFunc(ctx, func() {
		app.Wait()
		if err := d.messages.Close(); err != nil {
			d.log.Debug().Err(err).Msg("Closing the connections to message brokers")
		}
		if err := d.Databases.Close(); err != nil {
			d.log.Debug().Err(err).Msg("Closing the connections to databases")
		}
	})
	return middleware.Traced(d.traces, Prog)(middleware.Measure(d.metrics)(middleware.DecodedPath(gate))), nil
}

// announceWithin is how long a broker may take to be told of a new service.
const announceWithin = 5 * time.Second

// announce announces that there is a further service.
func (d *deps) announce(ctx context.Context, made *objects.Service) {
	ctx, cancel := context.WithTimeout(ctx, announceWithin)
	defer cancel()
	d.notify.Service(ctx, nil, "create", made, nil)
}

func prepare(ctx context.Context, o *Options) (*deps, error) {
	d := &deps{config: o.Config, traces: o.Traces}
	var err error
	if d.config == nil {
		if o.Sources.Prog == "" {
			o.Sources.Prog = Prog
		}
		if d.config, err = config.Load(o.Sources); err != nil {
			return nil, err
		}
	}
	if o.Log != nil {
		d.log = *o.Log
	} else if d.log, _, err = log.New(d.config.Default.Log, Prog); err != nil {
		return nil, err
	}
	if d.metrics, err = metrics.On(o.Metrics); err != nil {
		return nil, err
	}
	if d.aliases, err = startup.PCIAliases(d.config); err != nil {
		return nil, err
	}
	if d.Databases, err = startup.OpenDatabases(d.config, d.metrics); err != nil {
		return nil, err
	}
	if d.sessions, err = newSessions(d.config, d.metrics, d.traces); err != nil {
		return nil, err
	}
	options := rpc.FromConfig(d.config, d.log)
	options.Memory, options.Metrics = rpc.MemoryOf(ctx), d.metrics
	if d.messages, err = rpc.NewPool(options); err != nil {
		return nil, err
	}
	if d.notify, err = notify.New(d.messages, d.config.Notifications, d.config.Default.Host); err != nil {
		return nil, err
	}
	d.policy, err = startup.OpenPolicy(d.config, d.log)
	return d, err
}

// Application is the compute API of this host: OS_NOVA_CONFIG_DIR and
// OS_NOVA_CONFIG_FILES name its files, as for Nova's module. It loads on first
// use; what keeps it from loading is answered to every request from then on.
var Application http.Handler = fromEnvironment()

func fromEnvironment() http.Handler {
	return &startup.Lazy{Make: func() (http.Handler, error) {
		return New(context.Background(), Options{Sources: config.Sources{Env: os.Environ()}})
	}}
}
