//go:build lab

package log_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/config"
)

// optionsScript logs the records of its second argument with each of the configurations of the first one, in a process of its
// own. The output goes to stream.log beside the configuration, or to refused.
const optionsScript = `
import json, os, sys
from oslo_config import cfg
from oslo_context import context
from oslo_log import log, formatters, rate_limit
def run(file):
    os.dup2(os.open(os.path.join(os.path.dirname(file), 'stream.log'), os.O_CREAT | os.O_WRONLY), 1)
    os.dup2(1, 2)
    conf = cfg.CONF
    log.register_options(conf)
    try:
        conf(['--config-file', file], project='nova', default_config_files=[], default_config_dirs=[])
        log.setup(conf, 'nova')
    except Exception as e:
        open(os.path.join(os.path.dirname(file), 'refused'), 'w').write(repr(e))
        return
    for r in json.loads(sys.argv[2]):
        logger = log.getLogger(r['Name'])
        kw = {}
        if r['InRequest']:
            context.RequestContext(user_id='u', project_id='p', user_domain_id='ud', project_domain_id='pd', request_id='req-1')
        if r['Instance']:
            kw['instance'] = {'uuid': r['Instance']}
        getattr(logger, r['Level'].lower())(r['Message'], **kw)
        context._request_store.__dict__.clear()
for file in json.loads(sys.argv[1]):
    pid = os.fork()
    if pid == 0:
        try:
            run(file)
            sys.stdout.flush()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
`

// TestLabOptions compares what oslo.log in LAB_PYTHON writes, by the tries of optionRows, with what we write.
func TestLabOptions(t *testing.T) {
	python := os.Getenv("LAB_PYTHON")
	if python == "" {
		t.Skip("LAB_PYTHON names no Python interpreter")
	}
	t.Run("names", func(t *testing.T) { compareOptionNames(t, python) })
	records, err := json.Marshal(optionRecords)
	if err != nil {
		t.Fatal(err)
	}
	var tries, files []string
	for _, row := range optionRows {
		for _, try := range row.tries {
			try, _ = strings.CutPrefix(try, "refused: ")
			dir := t.TempDir()
			tries, files = append(tries, try), append(files, filepath.Join(dir, "nova.conf"))
			if err := os.WriteFile(filepath.Join(dir, "nova.conf"), []byte("[DEFAULT]\n"+strings.ReplaceAll(try, "DIR", dir)+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	list, err := json.Marshal(files)
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(t.TempDir(), "nova") // its name is that of the log in log_dir
	if err := os.WriteFile(script, []byte(optionsScript), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, script, string(list), string(records))
	cmd.Env = append(os.Environ(), "PYTHONIOENCODING=utf-8")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for i, try := range tries {
		want, got := written(t, filepath.Dir(files[i])), tryOptions(t, try)
		why, refused := got["refused"]
		text, err := os.ReadFile(filepath.Join(filepath.Dir(files[i]), "refused"))
		if refused || err == nil {
			if !refused || err != nil {
				t.Errorf("%q refused here: %v (%s), by oslo.log: %v (%s)", try, refused, why, err == nil, text)
			}
			continue
		}
		if !maps.EqualFunc(got, want, func(a, b string) bool { return comparable(t, a) == comparable(t, b) }) {
			t.Errorf("%q here:\n%q\noslo.log:\n%q", try, got, want)
		}
	}
	t.Logf("%d options, %d tries", len(optionRows), len(tries))
}

var processID = regexp.MustCompile(`(\.\d{3} |\|)\d+`)

// comparable leaves out what only one side can write: places in Python's code, and the members of JSON that have them.
func comparable(t *testing.T, text string) string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(text) {
		line = processID.ReplaceAllString(line, "|0")
		line, _, _ = strings.Cut(strings.TrimSuffix(line, "\n"), " run /")
		if strings.HasPrefix(line, "Deprecated: ") {
			continue // the programs log it later
		}
		var object struct {
			Message, Levelname, Name, Asctime string
			Context                           struct {
				RequestID string `json:"request_id"`
			}
		}
		if strings.HasPrefix(line, "{") {
			if err := json.Unmarshal([]byte(line), &object); err != nil {
				t.Error(err)
			}
			line = object.Asctime + object.Levelname + object.Name + object.Message + object.Context.RequestID
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// compareOptionNames compares the names of options in nova.conf and on the command line.
func compareOptionNames(t *testing.T, python string) {
	out, err := exec.Command(python, "-c", `
import json
from oslo_log import _options as o
opts = o.list_opts()[0][1]
print(json.dumps([sorted(x.dest for x in opts), sorted(x.name for x in o.common_cli_opts + o.logging_cli_opts)]))`).Output()
	if err != nil {
		t.Fatal(err)
	}
	var want [2][]string
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	var got [2][]string
	for _, r := range optionRows {
		got[0] = append(got[0], r.name)
	}
	for _, o := range config.CommandOptions() {
		if slices.Contains(got[0], strings.ReplaceAll(o.Name, "-", "_")) {
			got[1] = append(got[1], o.Name)
		}
	}
	got[1] = slices.DeleteFunc(got[1], func(name string) bool { return strings.HasPrefix(name, "no") })
	slices.Sort(got[1])
	got[1] = slices.Compact(got[1])
	if !slices.Equal(got[0], want[0]) || !slices.Equal(got[1], want[1]) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
