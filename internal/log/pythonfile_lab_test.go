//go:build lab

package log_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const osloScript = `
import json, logging, sys
from oslo_config import cfg
from oslo_log import log
conf = cfg.ConfigOpts()
log.register_options(conf)
conf(['--log-config-append', sys.argv[1]], project='nova', default_config_files=[], default_config_dirs=[])
import oslo_log.formatters
oslo_log.formatters._CONF = conf
log.setup(conf, 'nova')
for name, level, message in json.loads(sys.argv[2]):
    logging.getLogger(name).log(getattr(logging, level), message)
`

// TestLabPythonFiles compares what oslo.log in LAB_PYTHON writes, by files of log_config_append, with what we write.
func TestLabPythonFiles(t *testing.T) {
	python := os.Getenv("LAB_PYTHON")
	if python == "" {
		t.Skip("LAB_PYTHON names no Python interpreter")
	}
	records, err := json.Marshal(said)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range pythonFiles {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "logging.conf")
			if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, "DIR", dir)), 0o600); err != nil {
				t.Fatal(err)
			}
			var out, errs strings.Builder
			cmd := exec.Command(python, "-c", osloScript, file, string(records))
			cmd.Stdout, cmd.Stderr = &out, &errs
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v: %s", err, errs.String())
			}
			for stream, text := range map[string]string{"stdout": out.String(), "stderr": errs.String()} {
				if err := os.WriteFile(filepath.Join(dir, stream+".log"), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want := written(t, dir)
			got := logged(t, t.TempDir(), text)
			if !maps.EqualFunc(got, want, func(a, b string) bool { return numbers(a) == numbers(b) }) {
				t.Errorf("here:\n%q\noslo.log:\n%q", got, want)
			}
		})
	}
}

// numbers removes the place in Python's code, which oslo.log adds to lines of level DEBUG, and gives the ids of processes, which variable has made zeros, one length.
func numbers(text string) string {
	text = strings.ReplaceAll(text, " <module> <string>:12", "")
	for strings.Contains(text, "000000") {
		text = strings.ReplaceAll(text, "000000", "00000")
	}
	return text
}
