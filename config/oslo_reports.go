package config

// OsloReports is the [oslo_reports] group: Guru Meditation Reports.
type OsloReports struct {
	// LogDir is the directory of reports; empty: standard error.
	LogDir string `opt:"log_dir"`
	// FileEventHandler is a file whose change triggers a report.
	FileEventHandler string `opt:"file_event_handler"`
	// FileEventHandlerInterval in seconds between checks of that file.
	FileEventHandlerInterval int `opt:"file_event_handler_interval" default:"1"`
}
