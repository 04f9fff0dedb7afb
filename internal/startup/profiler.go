package startup

import (
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/osprofiler"
	"github.com/nova-go/nova/internal/rpc"
)

// OpenProfiler returns the sender of osprofiler's points that [profiler] describes. It is nil unless [profiler] is enabled, and
// without a supported driver, which UnheededIn reports; as in Python, the requests are served nonetheless. service is the name of the
// application in the paste file. messages returns the connections to brokers; it is called for messaging:// only.
func OpenProfiler(c *config.Config, service string, l zerolog.Logger, messages func() (*rpc.Pool, error)) (*osprofiler.Profiler, error) {
	if !c.Profiler.Enabled || profilerProblem(c.Profiler) != "" {
		return nil, nil
	}
	driver, err := profilerDriver(c, service, messages)
	if err != nil {
		return nil, fmt.Errorf("[profiler] connection_string: %w", err)
	}
	l = log.Named(l, "osprofiler.notifier")
	return osprofiler.New(osprofiler.Options{Service: service, Requests: c.Profiler.TraceRequests, Failed: func(err error) {
		l.Error().Err(err).Msg("Could not send trace points of osprofiler")
	}}, driver), nil
}

func profilerDriver(c *config.Config, service string, messages func() (*rpc.Pool, error)) (osprofiler.Driver, error) {
	if osprofiler.Scheme(c.Profiler.ConnectionString) != "messaging" {
		return newRedisDriver(c.Profiler)
	}
	pool, err := messages()
	if err != nil {
		return nil, err
	}
	return pool.Profiler(c.Default.Host, service)
}

func newRedisDriver(p config.Profiler) (osprofiler.Driver, error) {
	return osprofiler.NewRedis(osprofiler.RedisOptions{URL: p.ConnectionString, Master: p.SentinelServiceName,
		Timeout: time.Duration(p.SocketTimeout * float64(time.Second)), Errors: p.FilterErrorTrace})
}

// profilerProblem says why an enabled profiler sends no points; "" if it does.
func profilerProblem(p config.Profiler) string {
	const none = "no trace points are sent: "
	switch scheme := osprofiler.Scheme(p.ConnectionString); scheme {
	case "messaging":
	case "redis", "redissentinel":
		if _, err := newRedisDriver(p); err != nil {
			return none + err.Error()
		}
	default:
		return none + fmt.Sprintf("osprofiler's driver %q is not supported: messaging, redis or redissentinel", scheme)
	}
	return ""
}
