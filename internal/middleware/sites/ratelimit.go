package sites

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/clock"
	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/middleware/cadf"
	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/paste"
)

// RateLimitOptions configure RateLimit.
type RateLimitOptions struct {
	// ServiceType is a type of the catalog; "" means that of the watcher. ServiceName is the
	// prefix of target types that the names of the file lack; "" means that of the type.
	ServiceType, ServiceName string
	// File is the YAML file with the limits; "" means none.
	File string
	// By says whose requests are counted together: initiator_project_id (also ""),
	// target_project_id or initiator_host_address.
	By string
	// MaxSleep and LogSleep: a request that is above the limit waits instead, if it has to wait
	// less than MaxSleep. Waits from LogSleep on are logged.
	MaxSleep, LogSleep time.Duration
	// Store counts the requests.
	Store RateStore
	// StatsdHost, StatsdPort and Namespace are the destination of metrics.
	StatsdHost, StatsdPort, Namespace string
	// Sleep waits; nil means for the given time, or until the context ends.
	Sleep func(context.Context, time.Duration) error
	Log   zerolog.Logger
}

// RateStore counts requests in sliding windows. It returns how many requests remain, which is
// above 0 if the request may pass at once. Otherwise it returns how long the oldest counted
// request remains in the window; if that is less than maxSleep and less than twice as many
// requests as the limit allows are counted, the request counts for the time at which it will
// pass, and wait is true.
type RateStore interface {
	Count(ctx context.Context, key string, now time.Time, limit int, window, maxSleep time.Duration) (Counted, error)
}

// Counted is the result of RateStore.Count.
type Counted struct {
	Remaining int
	After     time.Duration // until the oldest request leaves the window; 0 if Remaining > 0
	Wait      bool
}

// The values of RateLimitOptions.By.
const (
	byInitiatorProject = "initiator_project_id"
	byTargetProject    = "target_project_id"
	byAddress          = "initiator_host_address"
)

// rateLimitPrefixes are the prefixes of target types. Other service types get that of the watcher.
var rateLimitPrefixes = map[string]string{
	"key-manager": "service/security/keymanager", "volume": "service/storage/block", "baremetal": "service/compute/baremetal",
	"share": "service/storage/share", "identity": "data/security", "dns": "service/dns", "network": "service/network",
	"compute": "service/compute", "image": "service/storage/image",
}

type rateLimit struct {
	RateLimitOptions
	limits  *rateLimits
	metrics *dogStatsd
	log     zerolog.Logger
	// failing and untrimmed bound the number of warnings.
	failing, untrimmed filter.Seldom
}

// RateLimit is SAP's openstack-rate-limit-middleware: it limits the number of requests by
// project or address, action and target type, which the watcher must have found out before. If
// the store fails, requests pass.
func RateLimit(o RateLimitOptions) (func(http.Handler) http.Handler, error) {
	o.By = cmp.Or(o.By, byInitiatorProject)
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	logger := log.Named(o.Log, "rate_limit.rate_limit")
	limits, err := readRateLimits(o.File, logger)
	if err != nil {
		return nil, err
	}
	f := &rateLimit{RateLimitOptions: o, limits: limits, metrics: newDogStatsd(o.StatsdHost, o.StatsdPort, o.Namespace), log: logger}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var lines statsdLines
			answer := f.check(r, &lines)
			f.metrics.send(&lines)
			if answer == nil {
				next.ServeHTTP(w, r)
				return
			}
			maps.Copy(w.Header(), answer.header)
			filter.WriteBody(w, r, answer.code, answer.body)
		})
	}, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// check returns the answer to a request that is not served, or nil.
func (f *rateLimit) check(r *http.Request, lines *statsdLines) *limitAnswer {
	seen := WatchedOf(r.Context())
	if seen == nil {
		seen = &Watched{Action: cadf.Unknown}
	}
	serviceType := cmp.Or(f.ServiceType, seen.ServiceType)
	serviceName := cmp.Or(f.ServiceName, rateLimitPrefixes[serviceType], seen.ServiceName)
	scope := seen.Initiator.ProjectID
	switch f.By {
	case byTargetProject:
		scope = seen.TargetProjectID
	case byAddress:
		scope = seen.Initiator.HostAddress
	}
	labels := []string{"service:" + cmp.Or(serviceType, "None"), "service_name:" + cmp.Or(serviceName, "None")}
	if isUnknown(scope) || isUnknown(seen.Action) || isUnknown(seen.TargetType) {
		f.metrics.increment(lines, "requests_unknown_classification_total", labels...)
		return nil
	}
	labels = append(labels, "action:"+seen.Action, f.By+":"+scope, "target_type_uri:"+seen.TargetType)
	action := f.limits.group(seen.Action)
	if answer, done := f.listed(seen, scope, action, labels, lines); done {
		return answer
	}
	target := f.trim(serviceName, seen.TargetType)
	for _, level := range []struct {
		name, scope string
		list        []targetRates
	}{{"global", "global", f.limits.global}, {"local", scope, f.limits.local}} {
		limit := findRate(level.list, action, target)
		if limit == nil {
			continue
		}
		if answer := f.count(r.Context(), "ratelimit_"+level.scope+"_"+action+"_"+target, limit, lines); answer != nil {
			f.metrics.increment(lines, "requests_ratelimit_total", append(labels[:len(labels):len(labels)], "level:"+level.name)...)
			return answer
		}
	}
	return nil
}

func isUnknown(s string) bool { return s == "" || s == cadf.Unknown }

// listed decides about users and scopes that the file lists; done is false for all others.
func (f *rateLimit) listed(seen *Watched, scope, action string, labels []string, lines *statsdLines) (answer *limitAnswer, done bool) {
	// The label is there even if the action belongs to no group, as in Python.
	labels = append(labels[:len(labels):len(labels)], "action_group:"+action)
	passed := func() (*limitAnswer, bool) {
		f.metrics.increment(lines, "requests_whitelisted_total", labels...)
		return nil, true
	}
	refused := func() (*limitAnswer, bool) {
		f.metrics.increment(lines, "requests_blacklisted_total", labels...)
		return &f.limits.refused, true
	}
	who := seen.Initiator
	if !isUnknown(who.UserName) {
		labels = append(labels, "initiator_user_name:"+who.UserName)
		is := func(name string) bool { return strings.EqualFold(name, who.UserName) }
		switch {
		case slices.ContainsFunc(f.limits.whitelistUsers, is):
			return passed()
		case slices.ContainsFunc(f.limits.blacklistUsers, is):
			return refused()
		}
	}
	key := ""
	if domain := cmp.Or(who.ProjectDomainName, who.DomainName); !isUnknown(who.ProjectName) && !isUnknown(domain) {
		key = domain + "/" + who.ProjectName
		labels = append(labels, "initiator_project_name:"+key)
	}
	is := func(entry string) bool { return entry == scope || key != "" && entry == key }
	switch {
	case is("127.0.0.1"), is("localhost"), slices.ContainsFunc(f.limits.whitelist, is):
		return passed()
	case slices.ContainsFunc(f.limits.blacklist, is):
		return refused()
	}
	return nil, false
}

// trim removes the prefix of a service from a target type.
func (f *rateLimit) trim(serviceName, target string) string {
	if isUnknown(serviceName) {
		return target
	}
	parts := strings.Split(target, serviceName)
	if len(parts) != 2 {
		if f.untrimmed.Now() {
			f.log.Warn().Msgf("target type %s does not begin with %s, the prefix of service_type: its requests are not limited", target, serviceName)
		}
		return target
	}
	return strings.TrimLeft(parts[1], "/")
}

// count counts a request. It returns nil if the request passes, perhaps after a wait.
func (f *rateLimit) count(ctx context.Context, key string, limit *rate, lines *statsdLines) *limitAnswer {
	got, err := f.Store.Count(ctx, key, clock.Now(ctx), limit.count, limit.window, f.MaxSleep)
	switch {
	case err != nil:
		f.metrics.increment(lines, "errors_total")
		if f.failing.Now() {
			f.log.Warn().Msgf("requests are not limited: %v", err)
		}
		return nil
	case got.Remaining > 0:
		return nil
	case got.Wait:
		if got.After >= f.LogSleep {
			f.log.Info().Msgf("request %s waits for %d seconds because of the limit %s", key, int(got.After.Seconds()), limit.text)
		}
		_ = f.Sleep(ctx, got.After) // after a disconnect the handler finds out
		return nil
	}
	answer := f.limits.limited
	after := strconv.Itoa(int((got.After + time.Second - 1) / time.Second))
	answer.header = answer.header.Clone()
	// The names are those of SAP's filter, but for Retry-After, which it does not send.
	for name, value := range map[string]string{"X-Retry-After": after, "X-RateLimit-Retry-After": after, "X-RateLimit-Limit": limit.text,
		"X-RateLimit-Remaining": "0", "Retry-After": after} {
		answer.header[name] = []string{value}
	}
	return &answer
}

// rateLimits returns the factory of the rate limit. Filters of one process that count in memory
// share their counts.
func (d deps) rateLimits() paste.Filter {
	memory := NewMemoryRates()
	return func(global, local paste.Conf) (func(http.Handler) http.Handler, error) {
		o := RateLimitOptions{Namespace: "openstack_ratelimit", MaxSleep: 20 * time.Second, LogSleep: 10 * time.Second, Log: d.Log}
		p := filter.Options{Global: global, Local: local}
		p.String("service_type", &o.ServiceType)
		p.String("cadf_service_name", &o.ServiceName)
		p.String("config_file", &o.File)
		p.String("rate_limit_by", &o.By)
		if o.By != "" && !slices.Contains([]string{byInitiatorProject, byTargetProject, byAddress}, o.By) {
			p.Fail("rate_limit_by", o.By, "initiator_project_id, target_project_id or initiator_host_address")
		}
		p.Seconds("max_sleep_time_seconds", &o.MaxSleep)
		p.Seconds("log_sleep_time_seoncds", &o.LogSleep) // the spelling that SAP's filter reads
		p.Seconds("log_sleep_time_seconds", &o.LogSleep)
		p.String("statsd_prefix", &o.Namespace)
		o.StatsdHost, o.StatsdPort = statsdAddress(&p, true, "9125")
		if v := os.Getenv("STATSD_PREFIX"); v != "" {
			o.Namespace = v
		}
		var limes bool
		p.QuotedTrue("limes_enabled", &limes)
		if limes && p.Err == nil {
			p.Err = errors.New("option limes_enabled: limits from Limes are not supported; " +
				"remove the option, and put the limits into the file of config_file")
		}
		store := rateStoreOptions(&p)
		if p.Err != nil {
			return nil, p.Err
		}
		logger := log.Named(d.Log, "rate_limit.rate_limit")
		filter.WarnUnknown(local, logger, "service_type", "cadf_service_name", "config_file", "rate_limit_by", "max_sleep_time_seconds",
			"log_sleep_time_seconds", "log_sleep_time_seoncds", "statsd_host", "statsd_port", "statsd_prefix", "clock_accuracy", "log_name",
			"limes_enabled", "backend", "backend_host", "backend_port", "backend_max_connections", "backend_timeout_seconds")
		if o.Store = store.open(); o.Store == nil {
			o.Store = memory
		}
		return RateLimit(o)
	}
}
