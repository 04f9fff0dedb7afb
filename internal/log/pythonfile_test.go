package log_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/log"
)

// pythonFiles are files of log_config_append, with DIR for a directory: those of deployment projects, and parts of the language.
var pythonFiles = map[string]string{
	"openstack-helm": `[loggers]
keys = root,nova,os.brick
[handlers]
keys = stdout,stderr,null
[formatters]
keys = context,default
[logger_root]
level = WARNING
handlers = null
[logger_nova]
level = INFO
handlers = stdout
qualname = nova
[logger_os.brick]
level = INFO
handlers = stdout
qualname = os.brick
[handler_null]
class = logging.NullHandler
formatter = default
args = ()
[handler_stdout]
class = StreamHandler
args = (sys.stdout,)
formatter = context
[handler_stderr]
class = StreamHandler
args = (sys.stderr,)
formatter = context
[formatter_context]
class = oslo_log.formatters.ContextFormatter
datefmt = %Y-%m-%d %H:%M:%S
[formatter_default]
format = %(message)s
datefmt = %Y-%m-%d %H:%M:%S
`,
	"levels and parents": `[loggers]
keys: root, api, requests
[handlers]
keys: out, errors
[formatters]
keys: plain, wide
[logger_root]
handlers: errors
[logger_api]
level: DEBUG
handlers: out
qualname: nova.api
[logger_requests]
level: NOTSET
handlers: out
qualname: nova.api.openstack.requestlog
propagate: 0
[handler_out]
class: logging.StreamHandler
args: (sys.stdout,)
formatter: wide
[handler_errors]
class: logging.StreamHandler
level: ERROR
formatter: plain
args: ()
[formatter_plain]
format: %(levelname)s:%(name)s:%(levelno)d:%(processName)s:%(message)s
[formatter_wide]
format: %(asctime)s [%(levelname)-8s] |%(name)40s| %(message)s
datefmt: %d/%b/%Y
`,
	"files": `[loggers]
keys=root
[handlers]
keys=watched,rotated,timed
[formatters]
keys=
[logger_root]
level=NOTSET
handlers=watched,rotated,timed
[handler_watched]
class=handlers.WatchedFileHandler
args=('DIR/watched.log',)
[handler_rotated]
class=logging.handlers.RotatingFileHandler
args=("DIR/rotated.log", "a", 60, 2)
[handler_timed]
class=handlers.TimedRotatingFileHandler
args=('DIR/timed.log', 'D')
kwargs={'backupCount': 3}
level=WARNING
`,
	"no datefmt": `[loggers]
keys=root
[handlers]
keys=h
[formatters]
keys=f
[logger_root]
handlers=h
[handler_h]
class=StreamHandler
formatter=f
args=(sys.stdout,)
[formatter_f]
class=oslo_log.formatters.ContextFormatter
`,
}

// said are records that both sides log: names, levels and messages.
var said = [][3]string{
	{"nova", "INFO", "one"}, {"nova.api", "DEBUG", "two"}, {"nova.api.openstack.requestlog", "INFO", "three"}, {"nova.compute", "WARNING", "four"},
	{"os.brick", "INFO", "five"}, {"os", "ERROR", "six"}, {"novaclient", "ERROR", "seven"}, {"amqp", "WARNING", "eight"}, {"nova.api", "CRITICAL", "nine"},
}

// logged returns what our side writes with a file: by the names of files, stdout and stderr.
func logged(t *testing.T, dir, text string) map[string]string {
	t.Helper()
	file := filepath.Join(dir, "logging.conf")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, "DIR", dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	streams := map[string]**os.File{"stdout": &os.Stdout, "stderr": &os.Stderr}
	for name, stream := range streams {
		f, err := os.Create(filepath.Join(dir, name+".log"))
		if err != nil {
			t.Fatal(err)
		}
		old := *stream
		*stream = f
		defer func() { *stream = old; _ = f.Close() }()
	}
	l, sink, err := log.New(options(t, "log_config_append = "+file+"\n"), "nova")
	if err != nil {
		t.Fatal(err)
	}
	levels := map[string]zerolog.Level{"DEBUG": zerolog.DebugLevel, "INFO": zerolog.InfoLevel, "WARNING": zerolog.WarnLevel, "ERROR": zerolog.ErrorLevel, "CRITICAL": zerolog.FatalLevel}
	for _, r := range said {
		named := log.Named(l, r[0])
		named.WithLevel(levels[r[1]]).Msg(r[2])
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	return written(t, dir)
}

var variable = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d([.,]\d{3})*( \d+)?|\d\d/\w{3}/\d{4}`)

// written reads the logs of a directory, without what differs between processes.
func written(t *testing.T, dir string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.log*"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(path)] = variable.ReplaceAllStringFunc(string(b), func(s string) string { return regexp.MustCompile(`\d`).ReplaceAllString(s, "0") })
	}
	return all
}

func TestPythonFile(t *testing.T) {
	got := logged(t, t.TempDir(), pythonFiles["openstack-helm"])
	date := fmt.Sprintf("0000-00-00 00:00:00.000 %s ", regexp.MustCompile(`\d`).ReplaceAllString(fmt.Sprint(os.Getpid()), "0"))
	want := date + "INFO nova [-] one\n" + date + "INFO nova.api.openstack.requestlog [-] three\n" + date + "WARNING nova.compute [-] four\n" +
		date + "INFO os.brick [-] five\n" + date + "CRITICAL nova.api [-] nine\n"
	if got["stdout.log"] != want || got["stderr.log"] != "" {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// What a file has without a counterpart is told in one line, and what prevents the start of Python's services is an error.
func TestPythonFileFaults(t *testing.T) {
	good := pythonFiles["openstack-helm"]
	change := func(from, to string) string { return strings.Replace(good, from, to, 1) }
	for name, test := range map[string]struct{ text, left, err string }{
		"handler":           {text: change("logging.NullHandler", "fluent.handler.FluentHandler"), left: "[handler_null] class = fluent.handler.FluentHandler has no counterpart, and writes nothing"},
		"formatter":         {text: change("oslo_log.formatters.ContextFormatter", "oslo_log.formatters.FluentFormatter"), left: "[formatter_context] class = oslo_log.formatters.FluentFormatter has no counterpart, and the lines have oslo.log's format"},
		"place in the code": {text: strings.Replace(change("format = %(message)s", "format = %(lineno)d"), "formatter = context", "formatter = default", 1), left: "%(lineno) is -"},
		"no root":           {text: change("keys = root,nova", "keys = nova"), err: "[loggers] keys has no root"},
		"unknown handler":   {text: change("handlers = stdout", "handlers = std"), err: "[logger_nova] handlers: [handlers] has no std"},
		"unknown level":     {text: change("level = INFO", "level = LOUD"), err: `[logger_nova] level: unknown level "LOUD"`},
		"no qualname":       {text: change("qualname = nova\n", ""), err: "[logger_nova] has no qualname"},
		"no section":        {text: change("[handler_stderr]", "[handler_other]"), err: "there is no [handler_stderr] class"},
		"no sections":       {text: "", err: "there is no [formatters] keys"},
		"no file":           {text: "absent", err: "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "logging.conf")
			if test.text != "absent" {
				if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			left, err := log.LeftOut(config.Log{LogConfigAppend: file})
			if err == nil && test.err != "" || err != nil && (test.err == "" || !strings.HasPrefix(err.Error(), "log_config_append: ") || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("error %v, want %s", err, test.err)
			}
			if !strings.Contains(left, test.left) || left != "" && test.left == "" {
				t.Errorf("left out: %q, want %q", left, test.left)
			}
		})
	}
}
