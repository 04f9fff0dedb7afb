//go:build lab

package rest_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// keystoneauth logs in with a plugin as Nova's services load it, and sends a request.
const keystoneauth = `
import sys
from keystoneauth1 import adapter, loading
from oslo_config import cfg
conf = cfg.ConfigOpts()
conf(['--config-file', sys.argv[1]])
loading.register_auth_conf_options(conf, 'placement')
loading.register_session_conf_options(conf, 'placement')
auth = loading.load_auth_from_conf_options(conf, 'placement')
session = loading.load_session_from_conf_options(conf, 'placement', auth=auth)
session.get(sys.argv[2])
`

// TestLabPlugins compares the requests of each plugin with those of keystoneauth.
func TestLabPlugins(t *testing.T) {
	python := os.Getenv("LAB_PYTHON")
	if python == "" {
		t.Skip("LAB_PYTHON is not set: it names a Python with keystoneauth1")
	}
	for _, test := range pluginTests {
		p := newProvider(t)
		file := filepath.Join(t.TempDir(), "nova.conf")
		text := "[placement]\n" + strings.ReplaceAll(test.conf, "URL", p.URL)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), python, "-c", keystoneauth, file, p.URL+"/x/y").CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", test.conf, err, out)
			continue
		}
		want := append(test.asked, strings.TrimSpace("GET /x/y "+test.headers))
		if got := fmt.Sprintf("%q", p.asked); got != fmt.Sprintf("%q", want) {
			t.Errorf("%s\nkeystoneauth asks\n%s\nwant\n%s", test.conf, strings.Join(p.asked, "\n"), strings.Join(want, "\n"))
		}
	}
}
