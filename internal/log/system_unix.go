//go:build unix

package log

import (
	"fmt"
	"io"
	"log/syslog"
	"os"
	"strings"
	"syscall"
)

// checkRotation returns an error for a rotation that the system cannot do.
func checkRotation(rotationPolicy) error { return nil }

// lockFile waits until no other process has the lock of a file, and takes it.
func lockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX) }

func unlockFile(f *os.File) { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }

func openSyslog(facility, prog string) (io.WriteCloser, error) {
	names := []string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"}
	number := -1
	wanted := strings.ToLower(strings.TrimPrefix(strings.ToUpper(facility), "LOG_"))
	for i, name := range names {
		if name == wanted {
			number = i
		}
	}
	if n, ok := strings.CutPrefix(wanted, "local"); ok && len(n) == 1 && n[0] >= '0' && n[0] <= '7' {
		number = 16 + int(n[0]-'0')
	}
	if number < 0 {
		return nil, fmt.Errorf("syslog_log_facility: %q is not a syslog facility", facility)
	}
	w, err := syslog.New(syslog.Priority(number<<3)|syslog.LOG_INFO, prog)
	if err != nil {
		return nil, fmt.Errorf("use_syslog: %w", err)
	}
	return w, nil
}
