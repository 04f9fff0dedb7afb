package config

// WSGI is the [wsgi] group.
type WSGI struct {
	// APIPasteConfig is the paste file; the WSGI applications take the first
	// configuration file instead.
	APIPasteConfig string `opt:"api_paste_config" default:"api-paste.ini" deprecated:"DEFAULT/api_paste_config"`
	// SecureProxySSLHeader is a header that holds the scheme of the user's
	// request.
	SecureProxySSLHeader string `opt:"secure_proxy_ssl_header" deprecated:"DEFAULT/secure_proxy_ssl_header" removal:"true"`
	// Release is the release of Nova, such as 2025.1, as which to serve; "" means that of the
	// deployment's nova-conductors. Nova has no such option.
	Release string `opt:"release"`
	// UnknownFilters decides about a paste filter that this program does not have: fail at the
	// start, or skip it with a warning. Nova has no such option.
	UnknownFilters string `opt:"unknown_filters" default:"fail" choices:"fail,skip"`
	// ComputeMetrics is the address, host:port or unix:/path, on which nova-api serves metrics
	// for Prometheus, separate from its API; "" means none. Nova has no such option.
	ComputeMetrics string `opt:"osapi_compute_metrics"`
	// MetadataMetrics is the address of the metrics of nova-metadata, like ComputeMetrics. Nova
	// has no such option.
	MetadataMetrics string `opt:"metadata_metrics"`
	// ComputeEvents is the address, host:port or unix:/path, on which nova-api serves GET /servers/events;
	// "" means none. Nova has no such option.
	ComputeEvents string `opt:"osapi_compute_events"`
	// EventsListeners is the largest number of clients that may wait for events at the same time. Nova
	// has no such option.
	EventsListeners int `opt:"events_listeners" default:"1000" min:"1"`
	// CallerMetrics adds the callers that send the most requests to nova-api to the metrics, by
	// project and user agent. Nova has no such option.
	CallerMetrics bool `opt:"caller_metrics" default:"false"`
	// InventoryMetrics is the time in seconds after which nova-api reads the numbers of servers, their
	// resources and the quotas of all projects again for the metrics; 0: it does not. Nova has no such option.
	InventoryMetrics int `opt:"inventory_metrics" default:"0" min:"0"`
	// CellMappingsLife is the time in seconds for which cell mappings are cached. Nova has no
	// such option: it reads them once.
	CellMappingsLife int `opt:"cell_mappings_life" default:"60" min:"1"`
	// ContentCodings are the codings in which nova-api sends answers to clients that accept them,
	// the preferred one first; empty means none. Nova has no such option.
	ContentCodings []string `opt:"content_codings" choices:"gzip,zstd"`
	// EntityTags adds an ETag to all answers of GET with status 200, also to those of clients that
	// do not send If-None-Match. Nova has no such option.
	EntityTags bool `opt:"entity_tags" default:"false"`
}
