package config_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/config"
)

// commandLine is a command line with what oslo.config makes of it, in the directory of commandLineFiles.
type commandLine struct {
	Args   []string          `json:"args"`
	Env    map[string]string `json:"env,omitempty"`
	Error  string            `json:"error,omitempty"`  // the text of argparse, or the class of the exception
	Values map[string]any    `json:"values,omitempty"` // of the options that differ from those without arguments
}

var commandLineFiles = map[string]string{
	"default.conf":      "[DEFAULT]\ndebug = false\nlog_file = default.log\n",
	"default.d/a.conf":  "[DEFAULT]\nlog_dir = /default.d\n",
	"debug.conf":        "[DEFAULT]\ndebug = true\nuse_json = true\n",
	"nodebug.conf":      "[DEFAULT]\ndebug = false\nlogfile = former.log\nuse_syslog = yes\n",
	"x.d/a.conf":        "[DEFAULT]\nlog_file = a.log\nuse_json = false\n",
	"x.d/b.conf":        "[DEFAULT]\nlog_file = b.log\n",
	"reference.conf":    "[DEFAULT]\nmy_ip = 192.0.2.1\n",
	"-strange.conf":     "[DEFAULT]\nlog_date_format = strange\n",
	"with space.conf":   "[DEFAULT]\nlog_date_format = space\n",
	"log-config.conf":   "[DEFAULT]\nlog_config = /former.conf\n",
	"bad.d/nothing.txt": "nonsense\n",
}

// commandLines are read from testdata/commandline.json, which TestCommandLineAgainstOsloConfig compares with oslo.config.
func commandLines(t *testing.T) []commandLine {
	t.Helper()
	text, err := os.ReadFile("testdata/commandline.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []commandLine
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// Each command line is refused, or has the values, that it is or has with oslo.config and oslo.log.
func TestCommandLine(t *testing.T) {
	cases, dir := commandLines(t), write(t, commandLineFiles)
	t.Chdir(dir)
	load := func(c commandLine) (map[string]any, error) {
		env := []string{"OS_NOVA_CONFIG_DIR=" + dir, "OS_NOVA_CONFIG_FILES=default.conf", "HOME=" + dir + "/home"}
		for k, v := range c.Env {
			env = append(env, k+"="+v)
		}
		loaded, err := config.Load(config.Sources{Args: c.Args, Env: env, Prog: "default"})
		if err != nil {
			return nil, err
		}
		log := loaded.Default.Log
		return map[string]any{"debug": log.Debug, "log_config_append": log.LogConfigAppend, "log_date_format": log.LogDateFormat,
			"log_dir": log.LogDir, "log_file": log.LogFile, "use_syslog": log.UseSyslog, "use_journal": log.UseJournal,
			"syslog_log_facility": log.SyslogLogFacility, "use_json": log.UseJSON, "use_stderr": log.UseStderr}, nil
	}
	if err := os.Rename("default.d", "home.d"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("home", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename("home.d", filepath.Join("home", "default.conf.d")); err != nil {
		t.Fatal(err)
	}
	plain, err := load(commandLine{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		got, err := load(c)
		if c.Error != "" {
			if err == nil || !exception(c.Error) && !strings.Contains(err.Error(), strings.Split(c.Error, " could match")[0]) {
				t.Errorf("%q: got %v, oslo.config says %s", c.Args, err, c.Error)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", c.Args, err)
			continue
		}
		for name, value := range got {
			want, set := c.Values[name]
			if !set {
				want = plain[name]
			}
			if want == nil {
				want = ""
			}
			if !reflect.DeepEqual(value, want) {
				t.Errorf("%q %v: %s is %v, for oslo.config %v", c.Args, c.Env, name, value, want)
			}
		}
	}
}

// exception tells whether an error is the class of a Python exception, without the text of argparse.
func exception(s string) bool { return !strings.Contains(s, " ") }

// The options of the command line are those of oslo.config and oslo.log, and two of earlier releases.
func TestCommandOptions(t *testing.T) {
	want := strings.Fields("--config-dir --config-file --debug --log-config --log-config-append --log-date-format --log-dir --log-file " +
		"--log_config --logdir --logfile --nodebug --nouse-journal --nouse-json --nouse-syslog --nowatch-log-file --syslog-log-facility " +
		"--use-journal --use-json --use-syslog --watch-log-file -d")
	var got []string
	for _, o := range config.CommandOptions() {
		for _, name := range append([]string{o.Name}, o.Former...) {
			got = append(got, "--"+name)
		}
		if o.Short != "" {
			got = append(got, "-"+o.Short)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
