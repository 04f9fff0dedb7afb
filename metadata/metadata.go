// Package metadata is OpenStack Nova's metadata service as an http.Handler. Instances read
// their metadata from it at 169.254.169.254, through Neutron's proxy or directly.
//
// Application is the counterpart of Nova's WSGI module nova.wsgi.metadata: it reads its
// configuration from the environment on first use. New builds further applications.
package metadata

import (
	"context"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/notify"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/internal/startup"
	"github.com/nova-go/nova/metadata/internal/tree"
	"github.com/nova-go/nova/metadata/internal/vendordata"
	"github.com/nova-go/nova/paste"
)

// Prog is the program name with which this application's configuration is found.
const Prog = "nova-api-metadata"

// pasteName is the name of the application in the paste file.
const pasteName = "metadata"

// factoryName is Nova's name for the application in paste files.
const factoryName = "nova.api.metadata.handler:MetadataRequestHandler.factory"

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
}

// New builds the application that a configuration and its paste file describe. Its errors name
// file, line, section and option. An unreachable database is not an error: the application
// answers 503 until the database answers. New waits at most one second for the first attempt to
// start. ctx bounds the application's background work and its connections.
func New(ctx context.Context, o Options) (http.Handler, error) {
	if err := prepare(&o); err != nil {
		return nil, err
	}
	if _, err := startup.PCIAliases(o.Config); err != nil {
		return nil, err
	}
	m, err := metrics.On(o.Metrics)
	if err != nil {
		return nil, err
	}
	if o.Config.Default.Log.PublishErrors {
		if err := publishErrors(ctx, &o); err != nil {
			return nil, err
		}
	}
	databases, err := startup.OpenDatabases(ctx, o.Config, m, *o.Log)
	if err != nil {
		return nil, err
	}
	var messages *rpc.Pool
	profiler, err := startup.OpenProfiler(o.Config, pasteName, *o.Log, func() (pool *rpc.Pool, err error) { //nolint:contextcheck // until end
		messages, err = openMessages(ctx, o)
		return messages, err
	})
	if err != nil {
		return nil, err
	}
	options := paste.Options{Warn: func(p paste.Problem) { o.Log.Warn().Msg(p.Error()) }}
	if o.Config.WSGI.UnknownFilters == "skip" {
		options.UnknownFilters = paste.Skip
	}
	build := func(_ context.Context, r release.Release) (http.Handler, error) {
		o := o
		var err error
		if o.Config, err = startup.ConfigOf(o.Config, r); err != nil {
			return nil, err
		}
		app, err := application(o, r, databases, m)
		if err != nil {
			return nil, err
		}
		return startup.LoadPaste(o.Config, pasteName,
			registry(middleware.Deps{Config: o.Config, Log: *o.Log, Profiler: profiler, Ready: databases.Ready}, app, o.Filters), options)
	}
	hide := m.Show()
	end := func() {
		hide()
		if err := profiler.Close(); err != nil {
			o.Log.Debug().Err(err).Msg("Closing the connection of osprofiler")
		}
		if messages != nil {
			_ = messages.Close()
		}
		if err := databases.Close(); err != nil {
			o.Log.Debug().Err(err).Msg("Closing the connections to databases")
		}
	}
	app, err := startup.Open(ctx, startup.Options{Name: pasteName, Config: o.Config, Databases: databases, Log: *o.Log, Metrics: m,
		Build:   build,
		Created: func(ctx context.Context, made *objects.Service, r release.Release) { announce(ctx, o, r, made) },
		Fail:    o.Fail, NeedApp: o.NeedApp})
	if err != nil {
		end()
		return nil, err
	}
	context.AfterFunc(ctx, end)
	return middleware.Traced(o.Traces, Prog)(middleware.MeasureBy(m, newOperations(m).of)(middleware.DecodedPath(app))), nil
}

// publishErrors has errors of the log sent as notifications, until ctx ends.
func publishErrors(ctx context.Context, o *Options) error {
	pool, err := openMessages(ctx, *o)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = pool.Close() })
	l, err := pool.PublishErrors(ctx, *o.Log)
	o.Log = &l
	return err
}

// openMessages returns the connections to message brokers.
func openMessages(ctx context.Context, o Options) (*rpc.Pool, error) {
	options := rpc.FromConfig(o.Config, *o.Log)
	options.Memory = rpc.MemoryOf(ctx)
	return rpc.NewPool(options)
}

// announce sends the notification that the row of the service was created. It is the only
// message that the metadata service sends, unless errors are published.
func announce(ctx context.Context, o Options, r release.Release, s *objects.Service) {
	pool, err := rpc.NewPool(rpc.FromConfig(o.Config, *o.Log))
	if err != nil {
		o.Log.Error().Err(err).Msg("Failed to announce the service")
		return
	}
	defer pool.Close()
	n, err := notify.New(pool.For(r), o.Config.Notifications, o.Config.Default.Host)
	if err != nil {
		o.Log.Error().Err(err).Msg("Failed to announce the service")
		return
	}
	n.Service(ctx, nil, "create", s, nil)
}

func prepare(o *Options) (err error) {
	if o.Config == nil {
		if o.Sources.Prog == "" {
			o.Sources.Prog = Prog
		}
		if o.Config, err = config.Load(o.Sources); err != nil {
			return err
		}
	}
	if err := startup.CheckDeprecations(o.Config); err != nil {
		return err
	}
	if o.Log == nil {
		l, _, err := log.New(o.Config.Default.Log, Prog)
		if err != nil {
			return err
		}
		o.Log = &l
	}
	return nil
}

func application(o Options, r release.Release, d *startup.Databases, m *metrics.Metrics) (http.Handler, error) {
	c, l := o.Config, *o.Log
	networks, err := newNeutron(c, m, o.Traces)
	if err != nil {
		return nil, err
	}
	vendor, err := newVendorData(c, m, l)
	if err != nil {
		return nil, err
	}
	return newHandler(handlerOptions{Config: c, Release: r, Store: newStore(c, d, l), Networks: networks, VendorData: vendor, Log: l,
		metrics: m}), nil
}

// handlerOptions are the dependencies of a handler.
type handlerOptions struct {
	// Config has the groups [api] and [neutron] that the handler reads.
	Config   *config.Config
	Release  release.Release // of Nova
	Store    instanceStore
	Networks networkService
	// VendorData may be nil: the documents are then {} and {"static": {}}.
	VendorData tree.VendorData
	Log        zerolog.Logger
	metrics    *metrics.Metrics
}

// newHandler builds the handler without paste file and startup checks.
func newHandler(o handlerOptions) http.Handler {
	c := o.Config
	if o.VendorData == nil {
		o.VendorData = &vendordata.Documents{Providers: []string{vendordata.StaticJSON}, File: &vendordata.File{}}
	}
	life := time.Duration(c.API.MetadataCacheExpiration) * time.Second
	all := &instances{cache: newCache[*tree.Instance](maxInstances, life, o.metrics.Cache("instances")), store: o.Store, options: tree.Options{
		DHCPDomain: c.API.DHCPDomain, Template: templateOn(c, o.Log), Release: o.Release, Source: treeSource{o.Store, o.Networks},
		Vendor: o.VendorData}}
	s := &service{store: o.Store, log: o.Log}
	if !c.Neutron.ServiceMetadataProxy {
		s.who = &direct{instances: all, networks: o.Networks, uuids: newCache[string](maxAddresses, life, o.metrics.Cache("addresses")),
			log: o.Log}
		return s
	}
	shared := c.Neutron.MetadataProxySharedSecret
	if shared == "" {
		o.Log.Warn().Msg("metadata_proxy_shared_secret is not configured, the metadata information returned by the proxy cannot be trusted")
	}
	s.who = &proxied{secret: newSecret(shared), checkProviders: shared != "", instances: all, networks: o.Networks,
		ports: newCache[portOwner](maxAddresses, life, o.metrics.Cache("ports")), log: o.Log}
	return s
}

// templateOn reports whether injected networks get a configuration file. The file has the form
// of Nova's own template; another template of the operator is not read.
func templateOn(c *config.Config, l zerolog.Logger) bool {
	t := c.Default.InjectedNetworkTemplate
	if t != "" && !strings.HasSuffix(t, "/interfaces.template") {
		l.Warn().Msgf("[DEFAULT] injected_network_template: %s is not read; the file has the form of nova/virt/interfaces.template", t)
	}
	return t != ""
}

// treeSource implements tree.Source with the store and Neutron.
type treeSource struct {
	instanceStore
	networks networkService
}

// SecurityGroups implements tree.Source.
func (s treeSource) SecurityGroups(ctx context.Context, uuid string) ([]string, error) {
	return s.networks.SecurityGroupNames(ctx, uuid)
}

// Application is the metadata service of this host: OS_NOVA_CONFIG_DIR and OS_NOVA_CONFIG_FILES
// name its files, as for Nova's WSGI module. It loads on first use. If loading fails, every
// request is answered with 500.
var Application http.Handler = fromEnvironment()

func fromEnvironment() http.Handler {
	return &startup.Lazy{Make: func() (http.Handler, error) {
		return New(context.Background(), Options{Sources: config.Sources{Env: os.Environ()}})
	}}
}
