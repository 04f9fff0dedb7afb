package middleware

import "github.com/nova-go/nova/paste"

// addLargeSites adds filters that Nova's own paste file does not have, and that some sites use:
// those of SAP, raven's and Paste's.
func (d Deps) addLargeSites(r paste.Registry) {
	for name, f := range map[string]paste.Factory{
		"watcher-middleware#watcher":                            paste.Filter(d.watcher),
		"watcher:OpenStackWatcherMiddleware.factory":            paste.Filter(d.watcher),
		"watcher.watcher:OpenStackWatcherMiddleware.factory":    paste.Filter(d.watcher),
		"audit-middleware#cadfaudit":                            paste.Filter(d.sapAudit),
		"audit-middleware#audit":                                paste.Filter(d.sapAudit),
		"auditmiddleware:filter_factory":                        paste.Filter(d.sapAudit),
		"ops-middleware#sentry":                                 paste.Filter(d.sentry),
		"opsmiddleware.metrics:SentryMiddleware.factory":        paste.Filter(d.sentry),
		"opsmiddleware.metrics.sentry:SentryMiddleware.factory": paste.Filter(d.sentry),
		"ops-middleware#statsd":                                 paste.Filter(d.opsStatsd),
		"opsmiddleware.metrics:StatsdMiddleware.factory":        paste.Filter(d.opsStatsd),
		"opsmiddleware.metrics.statsd:StatsdMiddleware.factory": paste.Filter(d.opsStatsd),
		"raven#raven": paste.FilterApp(d.sentryApp),
		"raven.contrib.paste:sentry_filter_factory": paste.FilterApp(d.sentryApp),
		"Paste#translogger":                         paste.FilterApp(d.transLogger),
		"paste.translogger:make_filter":             paste.FilterApp(d.transLogger),
	} {
		r[name] = f
	}
	limit := d.rateLimits()
	for _, name := range []string{"rate-limit-middleware#rate-limit", "rate_limit:OpenStackRateLimitMiddleware.factory",
		"rate_limit.rate_limit:OpenStackRateLimitMiddleware.factory"} {
		r[name] = limit
	}
}
