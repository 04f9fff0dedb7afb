// Package sites has filters that Nova's own paste file does not have, and that large sites name: those of SAP, and raven's.
package sites

import (
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/paste"
)

// deps has the factories of filters.
type deps middleware.Deps

// Registry returns the filters of middleware.Registry and those of this package by the names that paste files use.
func Registry(of middleware.Deps) paste.Registry {
	r, d := middleware.Registry(of), deps(of)
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
	} {
		r[name] = f
	}
	limit := d.rateLimits()
	for _, name := range []string{"rate-limit-middleware#rate-limit", "rate_limit:OpenStackRateLimitMiddleware.factory",
		"rate_limit.rate_limit:OpenStackRateLimitMiddleware.factory"} {
		r[name] = limit
	}
	return r
}
