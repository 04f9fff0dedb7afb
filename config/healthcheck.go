package config

// Healthcheck is the [healthcheck] group of oslo.middleware.
type Healthcheck struct {
	// Detailed shows reasons to callers.
	Detailed bool `opt:"detailed" default:"false"`
	// Backends are the checks.
	Backends []string `opt:"backends" default:""`
	// AllowedSourceRanges of callers; empty: any.
	AllowedSourceRanges []string `opt:"allowed_source_ranges" default:""`
	// IgnoreProxiedRequests does not answer requests with X-Forwarded-For.
	IgnoreProxiedRequests bool `opt:"ignore_proxied_requests" default:"false"`
	// DisableByFilePath is a file whose existence means unhealthy.
	DisableByFilePath string `opt:"disable_by_file_path"`
	// DisableByFilePaths are port:path pairs of such files.
	DisableByFilePaths []string `opt:"disable_by_file_paths" default:""`
	// EnableByFilePaths are files whose absence means unhealthy.
	EnableByFilePaths []string `opt:"enable_by_file_paths" default:""`
}
