package middleware

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/internal/osprofiler"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/paste"
)

// Deps are the dependencies that the filters of a process share.
type Deps struct {
	Config *config.Config
	Policy *policy.Enforcer
	Log    zerolog.Logger
	// Transport sends the requests to Keystone; nil means one built from [keystone_authtoken].
	Transport http.RoundTripper
	// Metrics records requests and lookups; it may be nil.
	Metrics *metrics.Metrics
	// Traces creates the spans of requests to Keystone; it may be nil.
	Traces trace.TracerProvider
	// Profiler sends the points of osprofiler's traces; nil sends none.
	Profiler *osprofiler.Profiler
	// Messages sends notifications over oslo.messaging; if it is nil, audit writes its events
	// to the log.
	Messages *rpc.Pool
	// Ready returns nil while requests can be served, for healthcheck; it may be nil.
	Ready func(context.Context) error
}

// Registry returns the filters by all names that paste files use: dotted Python names of
// several releases, and entry points of eggs.
func Registry(d Deps) paste.Registry {
	r := paste.Registry{}
	add := func(f paste.Filter, names ...string) {
		for _, name := range names {
			r[name] = f
		}
	}
	plain := func(f func() func(http.Handler) http.Handler) paste.Filter {
		return func(paste.Conf, paste.Conf) (func(http.Handler) http.Handler, error) { return f(), nil }
	}
	add(plain(ComputeRequestID), "nova.api.compute_req_id:ComputeReqIdMiddleware.factory")
	add(plain(LegacyV2Compatible), "nova.api.openstack:LegacyV2CompatibleWrapper.factory")
	add(plain(RequestID), "oslo_middleware:RequestId.factory", "oslo_middleware.request_id:RequestId.factory",
		"oslo.middleware:RequestId.factory", "oslo.middleware.request_id:RequestId.factory", "oslo.middleware#request_id")
	add(plain(func() func(http.Handler) http.Handler {
		scheme, wrap := SecureProxyHeader(d.Config.WSGI.SecureProxySSLHeader), FaultWrap(FaultWrapOptions{Log: d.Log})
		return func(next http.Handler) http.Handler { return scheme(wrap(next)) }
	}), "nova.api.openstack:FaultWrapper.factory")
	add(plain(func() func(http.Handler) http.Handler { return RequestLog(RequestLogOptions{Log: d.Log}) }),
		"nova.api.openstack.requestlog:RequestLog.factory")
	add(plain(func() func(http.Handler) http.Handler {
		o := KeystoneContextOptions{Log: d.Log}
		if d.Policy != nil {
			o.IsAdmin = d.Policy.IsAdmin
		}
		return KeystoneContext(o)
	}), "nova.api.auth:NovaKeystoneContext.factory")
	add(plain(func() func(http.Handler) http.Handler { return NoAuth(NoAuthOptions{ProjectInPath: true}) }),
		"nova.api.openstack.auth:NoAuthMiddleware.factory", "nova.api.auth:NoAuthMiddleware.factory")
	add(plain(func() func(http.Handler) http.Handler { return NoAuth(NoAuthOptions{}) }),
		"nova.api.openstack.auth:NoAuthMiddlewareV2_18.factory", "nova.api.openstack.auth:NoAuthMiddlewareV3.factory")
	add(d.profiler, "nova.profiler:WsgiMiddleware.factory", "osprofiler.web:WsgiMiddleware.factory", "osprofiler#osprofiler")
	add(d.sizeLimit, "oslo_middleware:RequestBodySizeLimiter.factory", "oslo_middleware.sizelimit:RequestBodySizeLimiter.factory",
		"oslo.middleware:RequestBodySizeLimiter.factory", "oslo.middleware.sizelimit:RequestBodySizeLimiter.factory",
		"nova.api.sizelimit:RequestBodySizeLimiter.factory", "oslo.middleware#sizelimit")
	add(d.proxyHeaders, "oslo_middleware:HTTPProxyToWSGI.factory", "oslo_middleware.http_proxy_to_wsgi:HTTPProxyToWSGI.factory",
		"oslo.middleware:HTTPProxyToWSGI.factory", "oslo.middleware#http_proxy_to_wsgi")
	catch := plain(func() func(http.Handler) http.Handler { return CatchErrors(CatchErrorsOptions{Log: d.Log}) })
	add(catch, "oslo_middleware:CatchErrors.factory", "oslo_middleware.catch_errors:CatchErrors.factory",
		"oslo.middleware:CatchErrors.factory", "oslo.middleware#catch_errors")
	add(d.authTokens(), "keystonemiddleware.auth_token:filter_factory", "keystoneclient.middleware.auth_token:filter_factory",
		"keystonemiddleware#auth_token")
	add(d.cors, "oslo_middleware.cors:filter_factory", "oslo_middleware:CORS.factory", "oslo_middleware.cors:CORS.factory",
		"oslo.middleware:CORS.factory", "oslo.middleware.cors:filter_factory", "oslo.middleware#cors")
	add(d.audit, "keystonemiddleware.audit:filter_factory", "keystonemiddleware#audit")
	add(plain(func() func(http.Handler) http.Handler { return Debug(DebugOptions{Out: os.Stdout}) }),
		"oslo_middleware:Debug.factory", "oslo_middleware.debug:Debug.factory", "oslo.middleware:Debug.factory", "oslo.middleware#debug")
	add(d.basicAuth, "oslo_middleware:BasicAuthMiddleware.factory", "oslo_middleware.basic_auth:BasicAuthMiddleware.factory",
		"oslo.middleware#basic_auth")
	add(plain(CorrelationID), "oslo_middleware:CorrelationId.factory", "oslo_middleware.correlation_id:CorrelationId.factory",
		"oslo.middleware:CorrelationId.factory", "oslo.middleware#correlation_id")
	add(d.tracing, "oslo_middleware:TracingMiddleware.factory", "oslo_middleware.tracing:TracingMiddleware.factory", "oslo.middleware#tracing")
	add(d.stats, "oslo_middleware.stats:StatsMiddleware.factory", "oslo_middleware:StatsMiddleware.factory")
	r["Paste#translogger"] = paste.FilterApp(d.transLogger)
	r["paste.translogger:make_filter"] = paste.FilterApp(d.transLogger)
	for _, name := range []string{
		"oslo_middleware:Healthcheck.factory", "oslo_middleware.healthcheck:Healthcheck.factory", "oslo.middleware:Healthcheck.factory",
		"oslo_middleware:Healthcheck.app_factory", "oslo_middleware.healthcheck:Healthcheck.app_factory", "oslo.middleware#healthcheck",
	} {
		r[name] = paste.Kinds{paste.App(d.healthcheck), paste.Filter(d.healthcheckAt)}
	}
	return r
}

func (d Deps) healthcheck(global, local paste.Conf) (http.Handler, error) {
	c := d.Config.Healthcheck
	p := filter.Options{Global: global, Local: local}
	p.Boolean("detailed", &c.Detailed)
	p.List("backends", &c.Backends)
	p.List("allowed_source_ranges", &c.AllowedSourceRanges)
	p.Boolean("ignore_proxied_requests", &c.IgnoreProxiedRequests)
	p.String("disable_by_file_path", &c.DisableByFilePath)
	p.List("disable_by_file_paths", &c.DisableByFilePaths)
	p.List("enable_by_file_paths", &c.EnableByFilePaths)
	if p.Err != nil {
		return nil, p.Err
	}
	return Healthcheck(HealthcheckOptions{Config: c, Log: d.Log, Ready: d.Ready})
}

func (d Deps) healthcheckAt(global, local paste.Conf) (func(http.Handler) http.Handler, error) {
	check, err := d.healthcheck(global, local)
	return HealthcheckAt(local["path"], check), err
}

// tracing builds a filter without effect; Traced creates the spans.
func (d Deps) tracing(paste.Conf, paste.Conf) (func(http.Handler) http.Handler, error) {
	if text, _ := d.Config.Raw("oslo_middleware_tracing", "enabled"); strings.EqualFold(text, "true") {
		d.Log.Warn().Str("name", "oslo_middleware.tracing").Msg("[oslo_middleware_tracing] enabled: this filter creates no spans")
	}
	return func(next http.Handler) http.Handler { return next }, nil
}

func (d Deps) sizeLimit(global, local paste.Conf) (func(http.Handler) http.Handler, error) {
	limit := d.Config.OsloMiddleware.MaxRequestBodySize
	p := filter.Options{Global: global, Local: local}
	p.Number("max_request_body_size", &limit)
	return SizeLimit(SizeLimitOptions{MaxBody: int64(limit), Log: d.Log}), p.Err
}

func (d Deps) proxyHeaders(global, local paste.Conf) (func(http.Handler) http.Handler, error) {
	enabled := d.Config.OsloMiddleware.EnableProxyHeadersParsing
	p := filter.Options{Global: global, Local: local}
	p.Boolean("enable_proxy_headers_parsing", &enabled)
	return ProxyHeaders(ProxyHeadersOptions{Enabled: enabled}), p.Err
}

func (d Deps) cors(global, local paste.Conf) (func(http.Handler) http.Handler, error) {
	_, hasOrigin := local["allowed_origin"]
	_, hasProject := local["oslo_config_project"]
	if !hasOrigin && !hasProject {
		return nil, fmt.Errorf("allowed_origin or oslo_config_project is required")
	}
	c := d.Config.CORS
	p := filter.Options{Global: global, Local: local}
	p.List("allowed_origin", &c.AllowedOrigin)
	p.Boolean("allow_credentials", &c.AllowCredentials)
	p.List("expose_headers", &c.ExposeHeaders)
	p.Number("max_age", &c.MaxAge)
	p.List("allow_methods", &c.AllowMethods)
	p.List("allow_headers", &c.AllowHeaders)
	for _, group := range d.Config.Groups() {
		if strings.HasPrefix(group, "cors.") {
			d.Log.Warn().Str("name", "oslo_middleware.cors").Msgf("[%s] is ignored, as by oslo.middleware since allowed_origin is a list; add "+
				"its allowed_origin to [cors]", group)
		}
	}
	return CORS(CORSOptions{
		AllowedOrigins: c.AllowedOrigin, AllowCredentials: c.AllowCredentials, ExposeHeaders: c.ExposeHeaders, MaxAge: c.MaxAge,
		AllowMethods: c.AllowMethods, AllowHeaders: c.AllowHeaders, Log: d.Log,
	}), p.Err
}
