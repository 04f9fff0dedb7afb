package config

// Log holds the options of oslo.log. They are part of Default.
type Log struct {
	// Debug lowers the level of the log to DEBUG.
	Debug bool `opt:"debug" default:"false"`
	// LogConfigAppend is a Python logging configuration file; it replaces all
	// the others.
	LogConfigAppend string `opt:"log_config_append" deprecated:"/log-config,/log_config"`
	// LogDateFormat is the strftime format of asctime.
	LogDateFormat string `opt:"log_date_format" default:"%Y-%m-%d %H:%M:%S"`
	// LogFile is the file of the log; empty: standard error.
	LogFile string `opt:"log_file" deprecated:"/logfile"`
	// LogDir is the directory of LogFile.
	LogDir string `opt:"log_dir" deprecated:"/logdir"`
	// UseSyslog writes to syslog.
	UseSyslog bool `opt:"use_syslog" default:"false"`
	// UseJournal writes to journald.
	UseJournal bool `opt:"use_journal" default:"false"`
	// SyslogLogFacility is the syslog facility.
	SyslogLogFacility string `opt:"syslog_log_facility" default:"LOG_USER"`
	// UseJSON writes JSON lines.
	UseJSON bool `opt:"use_json" default:"false"`
	// UseStderr writes to standard error as well.
	UseStderr bool `opt:"use_stderr" default:"false"`
	// LogColor colours the levels on a terminal.
	LogColor bool `opt:"log_color" default:"false"`
	// LogRotationType is none, size or interval.
	LogRotationType string `opt:"log_rotation_type" default:"none" choices:"interval,size,none" fold:"true"`
	// LogRotateInterval is the number of LogRotateIntervalType between
	// rotations.
	LogRotateInterval int `opt:"log_rotate_interval" default:"1"`
	// LogRotateIntervalType is Seconds, Minutes, Hours, Days, Weekday or
	// Midnight.
	LogRotateIntervalType string `opt:"log_rotate_interval_type" default:"days" choices:"Seconds,Minutes,Hours,Days,Weekday,Midnight" fold:"true"`
	// MaxLogfileCount of rotated files kept.
	MaxLogfileCount int `opt:"max_logfile_count" default:"30"`
	// MaxLogfileSizeMB at which a file is rotated.
	MaxLogfileSizeMB int `opt:"max_logfile_size_mb" default:"200"`
	// LoggingContextFormatString is the format of lines that belong to a
	// request.
	LoggingContextFormatString string `opt:"logging_context_format_string" default:"%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [%(global_request_id)s %(request_id)s %(user_identity)s] %(instance)s%(message)s"`
	// LoggingDefaultFormatString is the format of the other lines.
	LoggingDefaultFormatString string `opt:"logging_default_format_string" default:"%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [-] %(instance)s%(message)s"`
	// LoggingDebugFormatSuffix is added to lines of level DEBUG.
	LoggingDebugFormatSuffix string `opt:"logging_debug_format_suffix" default:"%(funcName)s %(pathname)s:%(lineno)d"`
	// LoggingExceptionPrefix begins each line of a traceback.
	LoggingExceptionPrefix string `opt:"logging_exception_prefix" default:"%(asctime)s.%(msecs)03d %(process)d ERROR %(name)s %(instance)s"`
	// LoggingUserIdentityFormat is the format of user_identity.
	LoggingUserIdentityFormat string `opt:"logging_user_identity_format" default:"%(user)s %(project)s %(domain)s %(system_scope)s %(user_domain)s %(project_domain)s"`
	// DefaultLogLevels are logger=LEVEL pairs.
	DefaultLogLevels []string `opt:"default_log_levels" default:"amqp=WARN,boto=WARN,sqlalchemy=WARN,suds=INFO,oslo.messaging=INFO,oslo_messaging=INFO,iso8601=WARN,requests.packages.urllib3.connectionpool=WARN,urllib3.connectionpool=WARN,websocket=WARN,requests.packages.urllib3.util.retry=WARN,urllib3.util.retry=WARN,keystonemiddleware=WARN,routes.middleware=WARN,stevedore=WARN,taskflow=WARN,keystoneauth=WARN,oslo.cache=INFO,oslo_policy=INFO,dogpile.core.dogpile=INFO,glanceclient=WARN,oslo.privsep.daemon=INFO"`
	// PublishErrors sends errors as notifications.
	PublishErrors bool `opt:"publish_errors" default:"false"`
	// InstanceFormat is how a server is named in a line.
	InstanceFormat string `opt:"instance_format" default:"[instance: %(uuid)s] "`
	// InstanceUUIDFormat is how a server's UUID is named in a line.
	InstanceUUIDFormat string `opt:"instance_uuid_format" default:"[instance: %(uuid)s] "`
	// RateLimitInterval in seconds; 0: no limit.
	RateLimitInterval int `opt:"rate_limit_interval" default:"0"`
	// RateLimitBurst is the number of lines in an interval.
	RateLimitBurst int `opt:"rate_limit_burst" default:"0"`
	// RateLimitExceptLevel and above are not limited.
	RateLimitExceptLevel string `opt:"rate_limit_except_level" default:"CRITICAL" choices:"CRITICAL,ERROR,INFO,WARNING,DEBUG,"`
	// FatalDeprecations makes deprecation warnings errors.
	FatalDeprecations bool `opt:"fatal_deprecations" default:"false"`
}
