//go:build unix

package log

import (
	"fmt"
	"io"
	"log/syslog"
	"os"
	"strings"
	"sync"
	"syscall"

	"github.com/rs/zerolog"
)

// checkRotation returns an error for a rotation that the system cannot do.
func checkRotation(rotationPolicy) error { return nil }

// lockFile waits until no other process has the lock of a file, and takes it.
func lockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX) }

func unlockFile(f *os.File) { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }

// facilities are the names of the first facilities of syslog.
var facilities = []string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"}

// facilityName returns the name of a facility.
func facilityName(n int) string {
	if n < len(facilities) {
		return facilities[n]
	}
	return fmt.Sprintf("local%d", n-16)
}

func openSyslog(facility, prog string) (io.WriteCloser, error) {
	number := -1
	wanted := strings.ToLower(strings.TrimPrefix(strings.ToUpper(facility), "LOG_"))
	for i, name := range facilities {
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
	return &systemLog{facility: syslog.Priority(number << 3), prog: prog}, nil
}

// systemLog is the syslog of the host. As with syslog(3), lines are lost while there is none.
type systemLog struct {
	facility syslog.Priority
	prog     string

	mu sync.Mutex
	w  *syslog.Writer // nil until there was a syslog
}

func (s *systemLog) Write(line []byte) (int, error) { return s.WriteLevel(zerolog.InfoLevel, line) }

// WriteLevel implements zerolog.LevelWriter with the severities of oslo.log.
func (s *systemLog) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.w == nil {
		w, err := syslog.New(s.facility|syslog.LOG_INFO, s.prog)
		if err != nil {
			return 0, err
		}
		s.w = w
	}
	text := string(line)
	var err error
	switch level {
	case zerolog.TraceLevel, zerolog.DebugLevel:
		err = s.w.Debug(text)
	case zerolog.WarnLevel:
		err = s.w.Warning(text)
	case zerolog.ErrorLevel:
		err = s.w.Err(text)
	case zerolog.FatalLevel, zerolog.PanicLevel:
		err = s.w.Crit(text)
	default:
		err = s.w.Info(text)
	}
	return len(line), err
}

func (s *systemLog) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.w == nil {
		return nil
	}
	return s.w.Close()
}
