package log_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/reqctx"
)

func options(t *testing.T, text string) config.Log {
	t.Helper()
	file := filepath.Join(t.TempDir(), "nova.conf")
	if err := os.WriteFile(file, []byte("[DEFAULT]\n"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Sources{Files: []string{file}, NoDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	return c.Default.Log
}

func TestLines(t *testing.T) {
	caller := &reqctx.Caller{RequestID: "req-1", UserID: "u", ProjectID: "p", UserDomainID: "default", ProjectDomainID: "default"}
	prefix := fmt.Sprintf(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} %d `, os.Getpid())
	for name, test := range map[string]struct {
		conf string
		say  func(zerolog.Logger)
		want string // after the prefix; "" for nothing
	}{
		"plain":    {say: func(l zerolog.Logger) { l.Info().Msg("hello") }, want: `INFO nova\.x \[-\] hello`},
		"request":  {say: func(l zerolog.Logger) { l = log.ForRequest(l, "", "", caller); l.Warn().Msg("w") }, want: `WARNING nova\.x \[None req-1 u p - - default default\] w`},
		"global":   {say: func(l zerolog.Logger) { l = log.ForRequest(l, "req-2", "req-0", nil); l.Error().Msg("e") }, want: `ERROR nova\.x \[req-0 req-2 - - - - - -\] e`},
		"fields":   {say: func(l zerolog.Logger) { l.Info().Int("n", 3).Err(errors.New("bad")).Str("instance", "i-1").Msg("m") }, want: `INFO nova\.x \[-\] \[instance: i-1\] m: bad n=3`},
		"no debug": {say: func(l zerolog.Logger) { l.Debug().Msg("d") }},
		"debug":    {conf: "debug = true\n", say: func(l zerolog.Logger) { l.Debug().Msg("d") }, want: `DEBUG nova\.x \[-\] d`},
		"levels":   {conf: "default_log_levels = nova=ERROR\n", say: func(l zerolog.Logger) { l.Warn().Msg("w") }},
		"names": {conf: "logging_context_format_string = %(asctime)s.%(msecs)03d %(process)d %(project_name)s/%(user_name)s%(color)s%(resource)s %(isotime)s\n",
			say: func(l zerolog.Logger) {
				l = log.ForRequest(l, "", "", &reqctx.Caller{RequestID: "r", UserName: "ann", ProjectName: "demo"})
				l.Info().Msg("m")
			},
			want: `demo/ann \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d`},
		"instance": {conf: "instance_format = \"<%(uuid)s> \"\n", say: func(l zerolog.Logger) { l.Info().Str("instance", "i-1").Msg("m") }, want: `INFO nova\.x \[-\] <i-1> m`},
		"color": {conf: "log_color = true\nlogging_default_format_string = %(asctime)s.%(msecs)03d %(process)d %(color)s%(message)s\n",
			say: func(l zerolog.Logger) { l.Error().Msg("m") }, want: "\x1b\\[01;31mm\x1b\\[00m"},
		"control": {conf: "", say: func(l zerolog.Logger) {
			l.Info().AnErr("error", errors.New("b\r")).Msg("GET /c\n2026 \u0085 ERROR")
		}, want: `INFO nova\.x \[-\] GET /c\\x0a2026 \\x85 ERROR: b\\x0d`},
		"stack":  {conf: "", say: func(l zerolog.Logger) { l.Error().Str(log.FieldStack, "goroutine 1\nf()").Msg("m") }, want: `ERROR nova\.x \[-\] m\ngoroutine 1\nf\(\)`},
		"format": {conf: "logging_default_format_string = %(asctime)s.%(msecs)03d %(process)d 100%% %(message)s|%(levelname)s\n", say: func(l zerolog.Logger) { l.Info().Msg("m") }, want: `100% m\|INFO`},
	} {
		var b bytes.Buffer
		test.say(log.Named(log.NewLogger(&b, options(t, test.conf)), "nova.x"))
		want := prefix + test.want + "\n$"
		if test.want == "" {
			want = "^$"
		}
		if !regexp.MustCompile(want).MatchString(b.String()) {
			t.Errorf("%s: %q does not match %s", name, b.String(), want)
		}
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	l := log.Named(log.NewLogger(&b, options(t, "use_json = true\n")), "nova.x")
	l = log.ForRequest(l, "req-1", "", nil)
	l.Info().Str("k", "v\"\n").Msg("hello")
	var got struct {
		Message, Name, Levelname string
		Context, Extra           map[string]string
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil || got.Message != "hello" || got.Name != "nova.x" || got.Levelname != "INFO" || got.Context["request_id"] != "req-1" || got.Extra["k"] != "v\"\n" {
		t.Errorf("%v %s", err, b.Bytes())
	}
}

func TestFileAndRotation(t *testing.T) { synctest.Test(t, testFileAndRotation) }

func testFileAndRotation(t *testing.T) {
	dir := t.TempDir()
	l, sink, err := log.New(options(t, "log_dir = "+dir+"\n"), "nova-api")
	if err != nil {
		t.Fatal(err)
	}
	l.Info().Msg("one")
	file := filepath.Join(dir, "nova-api.log")
	if err := os.Rename(file, file+".1"); err != nil {
		t.Fatal(err)
	}
	<-time.After(150 * time.Millisecond) // of the test's own clock
	l.Info().Msg("two")                  // finds that the file has moved
	if err := sink.Reopen(); err != nil {
		t.Fatal(err)
	}
	l.Info().Msg("three")
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	old, _ := os.ReadFile(file + ".1")
	fresh, _ := os.ReadFile(file)
	if strings.Count(string(old), "\n") != 1 || strings.Count(string(fresh), "\n") != 2 {
		t.Errorf("%q %q", old, fresh)
	}
	if _, _, err := log.New(options(t, "log_file = "+dir+"/none/x.log\n"), "nova-api"); err == nil || !strings.Contains(err.Error(), "log_file") {
		t.Errorf("error %v", err)
	}
}

func TestRotationBySize(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.log")
	conf := options(t, "log_file = "+file+"\nlog_rotation_type = size\nmax_logfile_size_mb = 1\nmax_logfile_count = 2\n")
	// Two that write to one file, as the process and its application do.
	one, first, err := log.New(conf, "x")
	if err != nil {
		t.Fatal(err)
	}
	two, second, err := log.New(conf, "x")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("x", 100<<10)
	for range 20 {
		one.Info().Msg(text)
		two.Info().Msg(text)
	}
	_, _ = first.Close(), second.Close()
	for name, want := range map[string]bool{"": true, ".1": true, ".2": true, ".3": false} {
		i, err := os.Stat(file + name)
		if (err == nil) != want || want && i.Size() > 1<<20 {
			t.Errorf("x.log%s: %v %v", name, i, err)
		}
	}
}

func TestRotationByTime(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.log")
	if err := os.WriteFile(file, []byte("old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	yesterday := time.Now().Add(-25 * time.Hour)
	for _, path := range []string{file + ".2001-01-01", file + ".2001-01-02", file + ".txt"} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(file, yesterday, yesterday); err != nil {
		t.Fatal(err)
	}
	l, sink, err := log.New(options(t, "log_file = "+file+"\nlog_rotation_type = interval\nmax_logfile_count = 2\n"), "x")
	if err != nil {
		t.Fatal(err)
	}
	l.Info().Msg("new")
	l.Info().Msg("newer")
	_ = sink.Close()
	old, _ := os.ReadFile(file + "." + yesterday.Format(time.DateOnly))
	fresh, _ := os.ReadFile(file)
	if string(old) != "old\n" || strings.Count(string(fresh), "\n") != 2 {
		t.Errorf("%q %q", old, fresh)
	}
	left, _ := filepath.Glob(file + ".*")
	if len(left) != 3 { // the new one, the youngest of the others, and what is none of ours
		t.Errorf("left: %v", left)
	}
}

func FuzzEvent(f *testing.F) {
	f.Add(`{"level":"info","message":"a\\nb","n":[1,{"x":"]"}]}`)
	f.Add(`{"a":"\\`)
	f.Add(`{}`)
	f.Fuzz(func(t *testing.T, line string) {
		for _, text := range []string{"", "use_json"} {
			l := log.NewLogger(io.Discard, config.Log{UseJSON: text != "", LoggingDefaultFormatString: "%(message)s"})
			l.Info().RawJSON("x", []byte(line)).Str("y", line).Msg(line)
		}
	})
}

func BenchmarkLine(b *testing.B) {
	l := log.NewLogger(&bytes.Buffer{}, config.Log{LoggingContextFormatString: "%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [%(global_request_id)s %(request_id)s %(user_identity)s] %(instance)s%(message)s"})
	l = log.ForRequest(l, "req-1", "", &reqctx.Caller{UserID: "u", ProjectID: "p"})
	b.ReportAllocs()
	for b.Loop() {
		l.Info().Msg("a line of the log")
	}
}

// TestRateLimit counts the lines of an interval.
func TestRateLimit(t *testing.T) {
	var b bytes.Buffer
	l := log.NewLogger(&b, options(t, "rate_limit_interval = 60\nrate_limit_burst = 2\nrate_limit_except_level = ERROR\nlogging_default_format_string = %(name)s %(message)s\n"))
	for i := range 5 {
		l.Info().Msg(fmt.Sprint(i))
	}
	l.Error().Msg("bad")
	if want := "nova 0\nnova 1\nroot Logging rate limit: drop after 2 records/60 sec\nnova bad\n"; b.String() != want {
		t.Errorf("%q", b.String())
	}
}
