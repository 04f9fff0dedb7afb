//go:build unix

package cli_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/nova-go/nova/internal/novatest/testproc"
)

// pyargv and the command line have the options of oslo.config and oslo.log, which override the files to the left of them.
func TestOsloOptions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "d", "a.conf"), []byte("[DEFAULT]\nmy_ip = 192.0.2.2\nlog_file = none.log\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	address, _ := uwsgiLogs(t, dir, ip(1), "pyargv = --config-file DIR/nova.conf --config-dir=DIR/d --log-dir DIR --logfile  ini.log\n")
	fetch(t, address, "192.0.2.2")
	written(t, filepath.Join(dir, "ini.log"), " INFO nova.* serving http on "+address)

	address = testproc.Address(t)
	command(t, ip(3), nil, "nova-api", "--use-json", "--config-file=CONF", "--log-dir="+dir, "--log-file", "flags.log", "-d", "--http="+address)
	fetch(t, address, "192.0.2.3")
	written(t, filepath.Join(dir, "flags.log"), `"message":"serving http on `+address)
}

// Options that argparse refuses end the process, as they make Nova's module fail.
func TestOsloOptionsRefused(t *testing.T) {
	t.Parallel()
	for lines, want := range map[string]string{
		"pyargv = --config-file DIR/nova.conf --use_stderr\n":           "exit status 1",
		"pyargv = --config-file DIR/nova.conf x\nneed-app = true\n":     "exit status 22",
		"pyargv = --config-file DIR/nova.conf --log-f --debug\n":        "exit status 1",
		"pyargv = --use_stderr\npyargv = --config-file DIR/none.conf\n": "exit status 1",
	} {
		_, p := uwsgiLogs(t, t.TempDir(), ip(1), lines)
		if err := p.ends(t); err == nil || err.Error() != want {
			t.Errorf("%s: %v", lines, err)
		}
	}
}
