package uwsgiini

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Log is where uWSGI writes, and what it writes for a request.
type Log struct {
	// File receives the output of the process: standard output and standard error. "": they stay.
	File string `json:",omitempty"`
	// Late says that File is opened after the process has changed its user (logto2, logger).
	Late bool        `json:",omitempty"`
	Mode fs.FileMode `json:",omitempty"` // logfile-chmod; 0: as uWSGI creates it, 0640
	// Truncate says that File begins empty (log-truncate); BackupName is the name that the rotated file gets.
	Truncate   bool   `json:",omitempty"`
	BackupName string `json:",omitempty"`
	// Logger says that File is of the option logger, to which Mode does not apply.
	Logger bool `json:",omitempty"`
	// Reopen are files whose modification time has the log reopened (touch-logreopen).
	Reopen []string `json:",omitempty"`
	// Rotate are files whose modification time has the log renamed, and a new one begun (touch-logrotate).
	Rotate []string `json:",omitempty"`
	// QuietAgents are regular expressions for the User-Agent of requests without a line.
	QuietAgents []string `json:",omitempty"`
	// RequestFile receives the lines of requests; "": standard error.
	RequestFile string `json:",omitempty"`
	// Requests selects the requests with a line. It is nil with disable-logging alone.
	Requests *RequestFilter `json:",omitempty"`
	// Format is log-format; "": uWSGI's line.
	Format string `json:",omitempty"`
	// Dated says that uWSGI's own lines begin with the time (log-date); DateFormat is its strftime format, "" that of ctime.
	// Lines of requests and of the application have none.
	Dated      bool   `json:",omitempty"`
	DateFormat string `json:",omitempty"`
	// TimeFormat says that the variable ftime of Format has DateFormat (log-format-strftime).
	TimeFormat bool `json:",omitempty"`
	// Micros says that uWSGI's line has microseconds in the place of milliseconds (log-micros).
	Micros bool `json:",omitempty"`
	// Forwarded says that uWSGI's line shows X-Forwarded-For instead of the address of the client.
	Forwarded bool `json:",omitempty"`
}

// RequestFilter selects requests. Those that meet one of the conditions are selected.
type RequestFilter struct {
	All          bool          `json:",omitempty"`
	ClientErrors bool          `json:",omitempty"` // log-4xx
	ServerErrors bool          `json:",omitempty"` // log-5xx
	Empty        bool          `json:",omitempty"` // log-zero: answers without a body
	Slow         time.Duration `json:",omitempty"` // log-slow: at least so long; 0: no condition
	Big          int64         `json:",omitempty"` // log-big: more bytes of the body; 0: no condition
}

// applyLog applies a setting about the log; done is false for other settings.
func (c *Config) applyLog(s setting, _ string) (done bool, err error) {
	switch s.key {
	case "logto", "logto2":
		if strings.Contains(s.value, ":") {
			c.warn(s, "left out: only files are written, and no UDP")
			return true, nil
		}
		c.Log.File, c.Log.Late, c.Log.Logger = s.value, s.key == "logto2", false
	case "touch-logrotate":
		c.Log.Rotate = append(c.Log.Rotate, s.value)
	case "route-user-agent":
		c.quietAgent(s)
	case "log-truncate":
		c.Log.Truncate = s.value != "false"
	case "log-backupname":
		c.Log.BackupName = s.value
	case "logger", "req-logger", "logger-req":
		c.logger(s)
	case "logfile-chmod":
		c.Log.Mode, err = s.mode()
	case "touch-logreopen":
		c.Log.Reopen = append(c.Log.Reopen, s.value)
	case "log-format", "logformat":
		c.Log.Format = s.value
	case "log-date", "logdate", "log-prefix":
		if c.Log.Dated = true; !slices.Contains([]string{"true", "1", "on", "yes"}, strings.ToLower(s.value)) {
			c.Log.DateFormat = s.value
		}
	case "log-format-strftime", "logformat-strftime":
		c.Log.TimeFormat = true
	case "log-micros":
		c.Log.Micros = true
	case "log-x-forwarded-for":
		c.Log.Forwarded = s.value != "false"
	default:
		return c.applyRequestFilter(s)
	}
	return true, err
}

// applyRequestFilter applies a setting that selects requests.
func (c *Config) applyRequestFilter(s setting) (done bool, err error) {
	f := &c.requests
	var n int
	switch s.key {
	case "disable-logging", "L":
		f.All = false
	case "log-4xx":
		f.ClientErrors = true
	case "log-5xx":
		f.ServerErrors = true
	case "log-zero":
		f.Empty = true
	case "log-slow":
		n, err = s.number()
		f.Slow = time.Duration(n) * time.Millisecond
	case "log-big":
		n, err = s.number()
		f.Big = int64(n)
	default:
		return false, nil
	}
	return true, err
}

// logger applies "[NAME ]file:PATH"; other kinds of loggers are left out with a warning.
func (c *Config) logger(s setting) {
	spec := s.value
	if name, rest, named := strings.Cut(spec, " "); named && !strings.Contains(name, ":") {
		spec = strings.TrimSpace(rest)
	}
	kind, path, _ := strings.Cut(spec, ":")
	switch {
	case kind == "file" && path != "" && s.key == "logger":
		c.Log.File, c.Log.Logger, c.Log.Late = path, true, true
	case kind == "file" && path != "":
		c.Log.RequestFile = path
	case kind != "stdio":
		c.Warnings = append(c.Warnings, fmt.Sprintf("%s: %s = %s is left out: only file: and stdio are written; "+
			"nova.conf has use_syslog and use_journal", s.where, s.key, s.value))
	}
}

// quietAgent applies route-user-agent with the action donotlog, which deployments use for probes.
func (c *Config) quietAgent(s setting) {
	pattern, action, _ := strings.Cut(s.value, " ")
	if strings.TrimSpace(action) != "donotlog:" {
		c.warn(s, "left out: only the action donotlog: is done")
		return
	}
	if _, err := regexp.Compile(pattern); err != nil {
		c.warn(s, "left out: %v", err)
		return
	}
	c.Log.QuietAgents = append(c.Log.QuietAgents, pattern)
}
