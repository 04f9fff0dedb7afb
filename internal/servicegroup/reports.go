package servicegroup

import (
	"errors"
	"fmt"
	"time"

	gomemcache "github.com/bradfitz/gomemcache/memcache"
	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/memcache"
)

// Reports returns the function that reads the values of the memcached servers of [cache], in which services report with
// [DEFAULT] servicegroup_driver = mc. It is nil for other drivers.
func Reports(c *config.Config, log zerolog.Logger) (func(key string) ([]byte, bool), error) {
	if c.Default.ServicegroupDriver != "mc" {
		return nil, nil
	}
	o := c.Cache
	if !o.Enabled || len(o.MemcacheServers) == 0 {
		return nil, errors.New("[DEFAULT] servicegroup_driver: mc needs [cache] enabled and memcache_servers")
	}
	to := memcache.Options{Addresses: o.MemcacheServers, Timeout: time.Duration(o.SocketTimeout * float64(time.Second)),
		Idle: o.MemcachePoolMaxsize, SASL: o.MemcacheSASLEnabled, Username: o.Username, Password: o.Password,
		DeadRetry: time.Duration(o.MemcacheDeadRetry) * time.Second, Log: log}
	switch o.Backend {
	case "oslo_cache.memcache_pool", "dogpile.cache.memcached":
		to.Everywhere = o.MemcacheSASLEnabled || o.TLSEnabled
	case "dogpile.cache.pymemcache", "dogpile.cache.bmemcached", "dogpile.cache.pylibmc":
		to.Everywhere = true // these choose the server of a key in other ways
	default:
		return nil, fmt.Errorf("[cache] backend: servicegroup_driver = mc reads memcached, and not %s", o.Backend)
	}
	if o.TLSEnabled {
		var err error
		if to.TLS, err = memcache.TLS("cache", "", o.TLSCAFile, o.TLSCertFile, o.TLSKeyFile, o.TLSAllowedCiphers); err != nil {
			return nil, err
		}
	}
	servers := memcache.Open(to)
	return func(key string) (value []byte, ok bool) {
		ok = servers.Get(key, func(item *gomemcache.Item) bool {
			value = item.Value
			return true
		})
		return value, ok
	}, nil
}
