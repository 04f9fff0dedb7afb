//go:build unix

package log_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/log"
)

// TestUseSyslog logs to the file as well, whether or not there is a syslog.
func TestUseSyslog(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.log")
	l, sink, err := log.New(options(t, "use_syslog = true\nsyslog_log_facility = LOG_LOCAL3\nlog_file = "+file+"\n"), "nova-go-test")
	if err != nil {
		t.Fatal(err)
	}
	l.Warn().Msg("said")
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), "said") {
		t.Errorf("%q %v", text, err)
	}
	if _, _, err := log.New(options(t, "use_syslog = true\nsyslog_log_facility = LOG_NONE\n"), "x"); err == nil || !strings.Contains(err.Error(), "syslog_log_facility") {
		t.Errorf("an unknown facility: %v", err)
	}
}
