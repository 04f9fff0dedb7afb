package config

// OsloConcurrency is the [oslo_concurrency] group: lock files.
type OsloConcurrency struct {
	// DisableProcessLocking makes locks between processes do nothing.
	DisableProcessLocking bool `opt:"disable_process_locking" default:"false"`
	// LockPath is the directory of lock files.
	LockPath string `opt:"lock_path"`
}
