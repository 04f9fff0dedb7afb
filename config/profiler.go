package config

// Profiler is the [profiler] group of osprofiler.
type Profiler struct {
	// Enabled traces requests with a valid HMAC.
	Enabled bool `opt:"enabled" default:"false" deprecated:"/profiler_enabled"`
	// TraceSQLAlchemy traces statements.
	TraceSQLAlchemy bool `opt:"trace_sqlalchemy" default:"false"`
	// TraceRequests traces calls of other services.
	TraceRequests bool `opt:"trace_requests" default:"false"`
	// HMACKeys are the keys of traces, separated by commas.
	HMACKeys string `opt:"hmac_keys" default:"SECRET_KEY" secret:"true"`
	// ConnectionString is where traces go.
	ConnectionString string `opt:"connection_string" default:"messaging://" secret:"true"`
	// ESDocType of Elasticsearch.
	ESDocType string `opt:"es_doc_type" default:"notification"`
	// ESScrollTime of Elasticsearch.
	ESScrollTime string `opt:"es_scroll_time" default:"2m"`
	// ESScrollSize of Elasticsearch.
	ESScrollSize int `opt:"es_scroll_size" default:"10000"`
	// SocketTimeout in seconds of Redis.
	SocketTimeout float64 `opt:"socket_timeout" default:"0.1"`
	// SentinelServiceName of Redis.
	SentinelServiceName string `opt:"sentinel_service_name" default:"mymaster"`
	// FilterErrorTrace keeps failed traces apart.
	FilterErrorTrace bool `opt:"filter_error_trace" default:"false"`
}
