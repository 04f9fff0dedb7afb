package log_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/reqctx"
)

// What becomes of an option of oslo.log.
const (
	done      = "done"        // it has oslo.log's effect
	none      = "nothing"     // there is nothing to do, and why explains it
	elsewhere = "elsewhere"   // it has its effect in another package, which why names
	differs   = "differently" // why says how
)

// optionRow is an option of oslo.log. The lab test compares, for each of the tries, what both sides write; here the tries are
// loaded. DIR is a directory of the try. A try that begins with "refused: " prevents the start on both sides.
type optionRow struct {
	name, how, why string
	tries          []string
}

// optionRows has all options of oslo.log.
var optionRows = []optionRow{
	{"debug", done, "", []string{"debug = true", "debug = false", "debug = true\ndefault_log_levels = nova.api=INFO"}},
	{"default_log_levels", done, "", []string{"default_log_levels = nova.api=ERROR", "default_log_levels = nova.api=DEBUG", "default_log_levels = nova=WARN,nova.api=INFO",
		"default_log_levels = nova.api=35,amqp=10", "default_log_levels =", "default_log_levels = nova.api=CRITICAL,nova=NOTSET",
		"refused: default_log_levels = nova.api=warn", "refused: default_log_levels = nova.api", "refused: default_log_levels = nova.api=LOUD"}},
	{"fatal_deprecations", elsewhere, "internal/startup", nil},
	{"instance_format", done, "", []string{"instance_format = <%(uuid)s>", "instance_format ="}},
	{"instance_uuid_format", none, "this program gives its log the server, which instance_format formats", nil},
	{"log_color", done, "", []string{"log_color = true\nuse_stderr = true\nlogging_default_format_string = %(color)s%(levelname)s %(message)s",
		"log_color = true\nlog_file = DIR/x.log\nlogging_default_format_string = %(levelname)s %(message)s"}},
	{"log_config_append", done, "see pythonFiles", []string{"refused: log_config_append = DIR/none"}},
	{"log_date_format", done, "", []string{"log_date_format = %d/%b/%Y", "log_date_format = %Y-%m-%dT%H"}},
	{"log_dir", done, "", []string{"log_dir = DIR", "log_dir = DIR\nlog_file = x.log", "log_dir = /nowhere\nlog_file = DIR/x.log", "refused: log_dir = DIR/none"}},
	{"log_file", done, "", []string{"log_file = DIR/x.log", "log_file = DIR/x.log\nuse_stderr = true", "logfile = DIR/x.log", "refused: log_file = DIR/none/x.log"}},
	{"log_rotate_interval", done, "TestRotationByTime", []string{"log_rotation_type = interval\nlog_rotate_interval = 2\nlog_file = DIR/x.log"}},
	{"log_rotate_interval_type", done, "TestRotationByTime", []string{"log_rotation_type = interval\nlog_rotate_interval_type = midnight\nlog_file = DIR/x.log",
		"log_rotation_type = interval\nlog_rotate_interval_type = Weekday\nlog_rotate_interval = 3\nlog_file = DIR/x.log",
		"refused: log_rotation_type = interval\nlog_rotate_interval_type = weekday\nlog_rotate_interval = 9\nlog_file = DIR/x.log",
		"refused: log_rotation_type = interval\nlog_file = DIR/x.log\nlog_rotate_interval_type = never"}},
	{"log_rotation_type", done, "", []string{"log_rotation_type = SIZE\nlog_file = DIR/x.log", "log_rotation_type = size", "refused: log_rotation_type = often\nlog_file = DIR/x.log"}},
	{"logging_context_format_string", done, "", []string{"logging_context_format_string = %(levelname)s %(request_id)s %(user_identity)s %(message)s",
		"logging_context_format_string = %(user)s|%(project)s|%(resource)s|%(message)s", "logging_context_format_string = %(levelname)-10s|%(process)d|%(message)s"}},
	{"logging_debug_format_suffix", none, "it names places in Python's code", nil},
	{"logging_default_format_string", done, "", []string{"logging_default_format_string = %(levelname)s %(name)s %(message)s", "logging_default_format_string = %(name)10s|%(message)s 100%%"}},
	{"logging_exception_prefix", none, "it begins the lines of Python's tracebacks", nil},
	{"logging_user_identity_format", done, "", []string{"logging_user_identity_format = %(user)s/%(project)s", "logging_user_identity_format = %(user_domain)s"}},
	{"max_logfile_count", done, "TestRotationBySize", []string{"max_logfile_count = 2\nlog_rotation_type = size\nlog_file = DIR/x.log"}},
	{"max_logfile_size_mb", done, "TestRotationBySize", []string{"max_logfile_size_mb = 1\nlog_rotation_type = size\nlog_file = DIR/x.log"}},
	{"publish_errors", elsewhere, "internal/rpc: TestPublishErrors", nil},
	{"rate_limit_burst", done, "", []string{"rate_limit_burst = 2\nrate_limit_interval = 60", "rate_limit_burst = 2", "rate_limit_burst = 0\nrate_limit_interval = 60"}},
	{"rate_limit_except_level", done, "", []string{"rate_limit_burst = 1\nrate_limit_interval = 60\nrate_limit_except_level = WARNING",
		"refused: rate_limit_burst = 1\nrate_limit_interval = 60\nrate_limit_except_level = LOUD"}},
	{"rate_limit_interval", done, "", []string{"rate_limit_interval = 60", "rate_limit_interval = -1\nrate_limit_burst = 1"}},
	{"syslog_log_facility", done, "TestUseSyslog", []string{"syslog_log_facility = none\nlog_file = DIR/x.log", "refused: use_syslog = true\nsyslog_log_facility = none",
		"use_syslog = true\nsyslog_log_facility = local1", "use_syslog = true\nsyslog_log_facility = LOG_local1"}},
	{"use_journal", elsewhere, "internal/cli; oslo.log needs the bindings of systemd, without which it does not start", nil},
	{"use_json", done, "", []string{"use_json = true", "use_json = true\nlog_file = DIR/x.log\nlog_date_format = %Y"}},
	{"use_stderr", differs, "without a file the log is on standard error and not on standard output, which the commands print to",
		[]string{"use_stderr = true", "", "use_stderr = true\nlog_file = DIR/x.log", "use_stderr = false\nlog_file = DIR/x.log"}},
	{"use_syslog", done, "TestUseSyslog", []string{"use_syslog = true\nlog_file = DIR/x.log", "use_syslog = true", "use_syslog = true\nuse_stderr = true"}},
}

// optionRecord is a record of the tries.
type optionRecord struct {
	Name, Level, Message, Instance string
	InRequest                      bool
}

var optionRecords = []optionRecord{
	{"nova.api", "DEBUG", "debug", "", false}, {"nova.api.openstack", "INFO", "info", "", false}, {"nova", "WARNING", "warning", "", true},
	{"nova.compute.api", "INFO", "of a server", "5b08cf7f-a0b2-4f54-b6c4-1c9b0f3b0d6e", true}, {"amqp", "INFO", "of a library", "", false},
	{"nova.api", "ERROR", "error 100% \u00e9\u4e2d", "", false}, {"nova.apiary", "CRITICAL", "critical", "", true},
}

// tryOptions returns what our side writes with a configuration: by the names of files and "stream". An error has the key "refused".
func tryOptions(t *testing.T, text string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "nova.conf")
	if err := os.WriteFile(file, []byte("[DEFAULT]\n"+strings.ReplaceAll(text, "DIR", dir)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	stream, err := os.Create(filepath.Join(dir, "stream.log"))
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stderr
	os.Stderr = stream
	defer func() { os.Stderr = before; _ = stream.Close() }()
	c, err := config.Load(config.Sources{Files: []string{file}, NoDefaults: true})
	if err != nil {
		return map[string]string{"refused": err.Error()}
	}
	l, sink, err := log.New(c.Default.Log, "nova")
	if err != nil {
		return map[string]string{"refused": err.Error()}
	}
	caller := &reqctx.Caller{RequestID: "req-1", UserID: "u", ProjectID: "p", UserDomainID: "ud", ProjectDomainID: "pd"}
	levels := map[string]zerolog.Level{"DEBUG": zerolog.DebugLevel, "INFO": zerolog.InfoLevel, "WARNING": zerolog.WarnLevel, "ERROR": zerolog.ErrorLevel, "CRITICAL": zerolog.FatalLevel}
	for _, r := range optionRecords {
		named := log.Named(l, r.Name)
		if r.InRequest {
			named = log.ForRequest(named, "", "", caller)
		}
		e := named.WithLevel(levels[r.Level])
		if r.Instance != "" {
			e = e.Str("instance", r.Instance)
		}
		e.Msg(r.Message)
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	return written(t, dir)
}

// TestOptions has a row for each option, and none that is silent.
func TestOptions(t *testing.T) {
	var rows, fields []string
	for _, r := range optionRows {
		rows = append(rows, r.name)
		if r.how == done && len(r.tries) == 0 || r.how != done && r.why == "" {
			t.Errorf("%s is %s, without a try or a reason", r.name, r.how)
		}
		for _, try := range r.tries {
			text, wantRefusal := strings.CutPrefix(try, "refused: ")
			if why, refused := tryOptions(t, text)["refused"]; refused != wantRefusal || refused && (!strings.Contains(why, "log_") && !strings.Contains(why, r.name) || strings.Contains(why, "\n")) {
				t.Errorf("%s: %q refused: %v: %s", r.name, try, refused, why)
			}
		}
	}
	for f := range reflect.TypeFor[config.Log]().NumField() {
		fields = append(fields, reflect.TypeFor[config.Log]().Field(f).Tag.Get("opt"))
	}
	slices.Sort(fields)
	if !slices.Equal(rows, fields) {
		t.Errorf("rows: %q\noptions: %q", rows, fields)
	}
}
