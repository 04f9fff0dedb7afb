package config

// Transport holds oslo.messaging's options in DEFAULT. Default embeds it.
type Transport struct {
	// TransportURL is the broker: rabbit://user:password@host:port,.../vhost, or
	// fake://.
	TransportURL string `opt:"transport_url" default:"rabbit://" secret:"true"`
	// ControlExchange is the exchange of topics.
	ControlExchange string `opt:"control_exchange" default:"nova"`
	// RPCResponseTimeout in seconds of a call.
	RPCResponseTimeout int `opt:"rpc_response_timeout" default:"60"`
	// ExecutorThreadPoolSize of a server's executor.
	ExecutorThreadPoolSize int `opt:"executor_thread_pool_size" default:"64" deprecated:"/rpc_thread_pool_size"`
	// RPCPingEnabled adds an endpoint that answers pings.
	RPCPingEnabled bool `opt:"rpc_ping_enabled" default:"false"`
}
