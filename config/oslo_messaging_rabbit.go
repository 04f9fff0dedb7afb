package config

// OsloMessagingRabbit is the [oslo_messaging_rabbit] group: connections to RabbitMQ.
type OsloMessagingRabbit struct {
	// AMQPDurableQueues declares queues durable.
	AMQPDurableQueues bool `opt:"amqp_durable_queues" default:"false"`
	// AMQPAutoDelete declares queues auto-delete.
	AMQPAutoDelete bool `opt:"amqp_auto_delete" default:"false"`
	// RPCConnPoolSize of connections.
	RPCConnPoolSize int `opt:"rpc_conn_pool_size" default:"30" min:"1"`
	// ConnPoolMinSize of connections kept.
	ConnPoolMinSize int `opt:"conn_pool_min_size" default:"2"`
	// ConnPoolTTL in seconds of an idle connection.
	ConnPoolTTL int `opt:"conn_pool_ttl" default:"1200"`
	// SSL connects with TLS.
	SSL bool `opt:"ssl" default:"false"`
	// SSLVersion of TLS; empty: the library's.
	SSLVersion string `opt:"ssl_version" default:""`
	// SSLKeyFile is the client's key.
	SSLKeyFile string `opt:"ssl_key_file" default:""`
	// SSLCertFile is the client's certificate.
	SSLCertFile string `opt:"ssl_cert_file" default:""`
	// SSLCAFile is the authority's PEM file.
	SSLCAFile string `opt:"ssl_ca_file" default:""`
	// SSLEnforceFIPSMode asks for FIPS in OpenSSL.
	SSLEnforceFIPSMode bool `opt:"ssl_enforce_fips_mode" default:"false" removal:"true"`
	// SSLEnforceHostnameVerification checks the broker's name.
	SSLEnforceHostnameVerification bool `opt:"ssl_enforce_hostname_verification" default:"true" removal:"true"`
	// HeartbeatTimeoutThreshold in seconds; 0: no heartbeats.
	HeartbeatTimeoutThreshold int `opt:"heartbeat_timeout_threshold" default:"60"`
	// HeartbeatRate is the number of heartbeat checks in that time.
	HeartbeatRate int `opt:"heartbeat_rate" default:"3"`
	// KombuReconnectDelay in seconds before another broker is tried.
	KombuReconnectDelay float64 `opt:"kombu_reconnect_delay" default:"1.0" max:"4.5" min:"0"`
	// KombuReconnectSplay in seconds, at random, on top.
	KombuReconnectSplay float64 `opt:"kombu_reconnect_splay" default:"0.0" min:"0"`
	// KombuCompression is gzip, bz2 or empty.
	KombuCompression string `opt:"kombu_compression"`
	// KombuMissingConsumerRetryTimeout in seconds that a reply's queue is waited
	// for.
	KombuMissingConsumerRetryTimeout int `opt:"kombu_missing_consumer_retry_timeout" default:"60" deprecated:"/kombu_reconnect_timeout"`
	// KombuFailoverStrategy is round-robin or shuffle.
	KombuFailoverStrategy string `opt:"kombu_failover_strategy" default:"round-robin" choices:"round-robin,shuffle"`
	// RabbitLoginMethod is the SASL mechanism.
	RabbitLoginMethod string `opt:"rabbit_login_method" default:"AMQPLAIN" choices:"PLAIN,AMQPLAIN,EXTERNAL,RABBIT-CR-DEMO"`
	// RabbitRetryInterval in seconds before the first reconnect.
	RabbitRetryInterval int `opt:"rabbit_retry_interval" default:"1" min:"1"`
	// RabbitRetryBackoff in seconds added each time.
	RabbitRetryBackoff int `opt:"rabbit_retry_backoff" default:"2" min:"0"`
	// RabbitIntervalMax in seconds between reconnects.
	RabbitIntervalMax int `opt:"rabbit_interval_max" default:"30" min:"1"`
	// RabbitHAQueues mirrors queues, for old brokers.
	RabbitHAQueues bool `opt:"rabbit_ha_queues" default:"false"`
	// RabbitQuorumQueue declares quorum queues.
	RabbitQuorumQueue bool `opt:"rabbit_quorum_queue" default:"false"`
	// RabbitTransientQuorumQueue does so for reply and fanout queues.
	RabbitTransientQuorumQueue bool `opt:"rabbit_transient_quorum_queue" default:"false"`
	// RabbitQuorumDeliveryLimit of redeliveries; 0: none.
	RabbitQuorumDeliveryLimit int `opt:"rabbit_quorum_delivery_limit" default:"0"`
	// RabbitQuorumMaxMemoryLength of messages in memory; 0: none.
	RabbitQuorumMaxMemoryLength int `opt:"rabbit_quorum_max_memory_length" default:"0"`
	// RabbitQuorumMaxMemoryBytes in memory; 0: none.
	RabbitQuorumMaxMemoryBytes int `opt:"rabbit_quorum_max_memory_bytes" default:"0"`
	// RabbitTransientQueuesTTL in seconds of unused reply and fanout queues.
	RabbitTransientQueuesTTL int `opt:"rabbit_transient_queues_ttl" default:"1800" min:"0"`
	// RabbitQOSPrefetchCount of unacknowledged messages; 0: no limit.
	RabbitQOSPrefetchCount int `opt:"rabbit_qos_prefetch_count" default:"0"`
	// RabbitStreamFanout uses streams for fanout.
	RabbitStreamFanout bool `opt:"rabbit_stream_fanout" default:"false"`
	// UseQueueManager gives queues names that survive a restart.
	UseQueueManager bool `opt:"use_queue_manager" default:"false"`
	// Hostname in such names.
	Hostname string `opt:"hostname" computed:"hostname"`
	// Processname in such names.
	Processname string `opt:"processname" computed:"prog"`
	// DirectMandatoryFlag reports replies to queues that no longer exist.
	DirectMandatoryFlag bool `opt:"direct_mandatory_flag" default:"true" removal:"true"`
	// EnableCancelOnFailover asks the broker to tell of a failover.
	EnableCancelOnFailover bool `opt:"enable_cancel_on_failover" default:"false"`
}
