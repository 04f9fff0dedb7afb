package config

// Cache is the [cache] group of oslo.cache.
type Cache struct {
	// Enabled switches the cache on.
	Enabled bool `opt:"enabled" default:"false"`
	// Backend is the dogpile or oslo.cache backend.
	Backend string `opt:"backend" default:"dogpile.cache.null" choices:"oslo_cache.memcache_pool,oslo_cache.dict,oslo_cache.etcd3gw,dogpile.cache.pymemcache,dogpile.cache.memcached,dogpile.cache.pylibmc,dogpile.cache.bmemcached,dogpile.cache.dbm,dogpile.cache.redis,dogpile.cache.redis_sentinel,dogpile.cache.memory,dogpile.cache.memory_pickle,dogpile.cache.null"`
	// BackendArgument are name:value arguments of the backend.
	BackendArgument []string `opt:"backend_argument" default:"" multi:"true" secret:"true"`
	// BackendExpirationTime in seconds in the backend; nil: ExpirationTime.
	BackendExpirationTime *int `opt:"backend_expiration_time" min:"1"`
	// ExpirationTime in seconds of regions without their own.
	ExpirationTime int `opt:"expiration_time" default:"600" min:"1"`
	// ConfigPrefix of dogpile's settings.
	ConfigPrefix string `opt:"config_prefix" default:"cache.oslo"`
	// DebugCacheBackend logs all operations of the cache.
	DebugCacheBackend bool `opt:"debug_cache_backend" default:"false"`
	// Proxies are Python classes that wrap the backend.
	Proxies []string `opt:"proxies" default:""`
	// MemcacheServers are host:port, inet6:[host]:port or unix:path.
	MemcacheServers []string `opt:"memcache_servers" default:"localhost:11211"`
	// MemcacheDeadRetry in seconds before a dead server is tried again.
	MemcacheDeadRetry int `opt:"memcache_dead_retry" default:"300"`
	// MemcachePoolMaxsize of connections to each server.
	MemcachePoolMaxsize int `opt:"memcache_pool_maxsize" default:"10"`
	// MemcachePoolUnusedTimeout in seconds of an idle connection.
	MemcachePoolUnusedTimeout int `opt:"memcache_pool_unused_timeout" default:"60"`
	// MemcachePoolConnectionGetTimeout in seconds.
	MemcachePoolConnectionGetTimeout int `opt:"memcache_pool_connection_get_timeout" default:"10"`
	// MemcachePoolFlushOnReconnect empties a server that comes back.
	MemcachePoolFlushOnReconnect bool `opt:"memcache_pool_flush_on_reconnect" default:"false"`
	// MemcacheSASLEnabled logs in with Username and Password.
	MemcacheSASLEnabled bool `opt:"memcache_sasl_enabled" default:"false"`
	// Username of memcached or Redis.
	Username string `opt:"username" deprecated:"/memcache_username,/redis_username"`
	// Password of memcached or Redis.
	Password string `opt:"password" deprecated:"/memcache_password,/redis_password" secret:"true"`
	// SocketTimeout in seconds of an operation.
	SocketTimeout float64 `opt:"socket_timeout" default:"1.0" deprecated:"/memcache_socket_timeout,/redis_socket_timeout"`
	// RedisServer is host:port.
	RedisServer string `opt:"redis_server" default:"localhost:6379"`
	// RedisDB is the number of the database.
	RedisDB int `opt:"redis_db" default:"0" min:"0"`
	// RedisSentinels are host:port of Redis' sentinels.
	RedisSentinels []string `opt:"redis_sentinels" default:"localhost:26379"`
	// RedisSentinelServiceName is the name of the service there.
	RedisSentinelServiceName string `opt:"redis_sentinel_service_name" default:"mymaster"`
	// TLSEnabled connects with TLS.
	TLSEnabled bool `opt:"tls_enabled" default:"false"`
	// TLSCAFile is the authority's PEM file.
	TLSCAFile string `opt:"tls_cafile"`
	// TLSCertFile is the client's certificate.
	TLSCertFile string `opt:"tls_certfile"`
	// TLSKeyFile is the client's key.
	TLSKeyFile string `opt:"tls_keyfile"`
	// TLSAllowedCiphers is an OpenSSL cipher list.
	TLSAllowedCiphers string `opt:"tls_allowed_ciphers"`
	// EnableSocketKeepalive of pymemcache.
	EnableSocketKeepalive bool `opt:"enable_socket_keepalive" default:"false"`
	// SocketKeepaliveIdle in seconds.
	SocketKeepaliveIdle int `opt:"socket_keepalive_idle" default:"1" min:"0"`
	// SocketKeepaliveInterval in seconds.
	SocketKeepaliveInterval int `opt:"socket_keepalive_interval" default:"1" min:"0"`
	// SocketKeepaliveCount of probes.
	SocketKeepaliveCount int `opt:"socket_keepalive_count" default:"1" min:"0"`
	// EnableRetryClient repeats failed operations.
	EnableRetryClient bool `opt:"enable_retry_client" default:"false"`
	// RetryAttempts of the retry client.
	RetryAttempts int `opt:"retry_attempts" default:"2" min:"1"`
	// RetryDelay in seconds.
	RetryDelay float64 `opt:"retry_delay" default:"0"`
	// HashclientRetryAttempts before a server is dead.
	HashclientRetryAttempts int `opt:"hashclient_retry_attempts" default:"2" min:"1"`
	// HashclientRetryTimeout in seconds between them.
	HashclientRetryTimeout float64 `opt:"hashclient_retry_timeout" default:"1" deprecated:"/hashclient_retry_delay"`
	// HashclientDeadTimeout in seconds of a dead server.
	HashclientDeadTimeout float64 `opt:"hashclient_dead_timeout" default:"60" deprecated:"/dead_timeout"`
}
