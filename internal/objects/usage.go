package objects

import "time"

// UsageWindow selects the servers whose usage is reported: those that were launched before End and not terminated before
// Begin.
type UsageWindow struct {
	Begin, End time.Time
	Project    string // "": all projects
	Marker     string // UUID of the last server of the previous page, or ""
	Limit      int    // 0: read none
}

// AuditTask is a row of task_log: the result of a nova-compute's instance usage audit of a period.
type AuditTask struct {
	Host, State, Message string
	Items, Errors        int64
}
