package middleware

import (
	"errors"
	"fmt"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
)

// ServiceReports returns the function that reads the values of the memcached servers of [cache], in which services report with
// [DEFAULT] servicegroup_driver = mc. It is nil for other drivers.
func ServiceReports(c *config.Config, log zerolog.Logger) (func(key string) ([]byte, bool), error) {
	if c.Default.ServicegroupDriver != "mc" {
		return nil, nil
	}
	o := c.Cache
	if !o.Enabled || len(o.MemcacheServers) == 0 {
		return nil, errors.New("[DEFAULT] servicegroup_driver: mc needs [cache] enabled and memcache_servers")
	}
	m := &memcached{deadRetry: time.Duration(o.MemcacheDeadRetry) * time.Second, log: log}
	link := memcachedLink{servers: o.MemcacheServers, timeout: time.Duration(o.SocketTimeout * float64(time.Second)),
		idle: o.MemcachePoolMaxsize}
	switch o.Backend {
	case "oslo_cache.memcache_pool", "dogpile.cache.memcached":
		m.everywhere = o.MemcacheSASLEnabled || o.TLSEnabled
	case "dogpile.cache.pymemcache", "dogpile.cache.bmemcached", "dogpile.cache.pylibmc":
		m.everywhere = true // these choose the server of a key in other ways
	default:
		return nil, fmt.Errorf("[cache] backend: servicegroup_driver = mc reads memcached, and not %s", o.Backend)
	}
	if o.MemcacheSASLEnabled {
		link.username, link.password, link.sasl = o.Username, o.Password, true
	}
	if o.TLSEnabled {
		conf, err := memcachedTLS("cache", "", o.TLSCAFile, o.TLSCertFile, o.TLSKeyFile, o.TLSAllowedCiphers)
		if err != nil {
			return nil, err
		}
		link.tls = conf
	}
	m.servers = link.open()
	return func(key string) ([]byte, bool) {
		for _, s := range m.serversOf(key) {
			item, err := s.client.Get(key)
			if err == nil {
				return item.Value, true
			}
			m.failed(s, err)
		}
		return nil, false
	}, nil
}

var _ memcachedClient = (*memcache.Client)(nil)
