package objects

import "time"

// UsageWindow says whose use of what time is asked for: servers that were
// launched before End and not terminated before Begin.
type UsageWindow struct {
	Begin, End time.Time
	Project    string // "": of all projects
	Marker     string // UUID of the server to continue behind, or ""
	Limit      int    // 0: none are read
}

// AuditTask is a row of task_log: what a compute did to report the usage of a
// period.
type AuditTask struct {
	Host, State, Message string
	Items, Errors        int64
}
