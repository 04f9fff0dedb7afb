//go:build unix

package log

import (
	"fmt"
	"io"
	"log/syslog"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/coreos/go-systemd/v22/journal"
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
	number, err := facilityNumber(facility)
	if err != nil {
		return nil, err
	}
	return &systemLog{facility: syslog.Priority(number << 3), prog: prog}, nil
}

// facilityNumber returns the number of a facility such as LOG_USER.
func facilityNumber(facility string) (int, error) {
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
		return 0, fmt.Errorf("syslog_log_facility: %q is not a syslog facility", facility)
	}
	return number, nil
}

// journalLog is systemd's journal.
type journalLog struct{ facility, prog string }

// openJournal returns nil if the host has no journal.
func openJournal(facility, prog string) (*journalLog, error) {
	number, err := facilityNumber(facility)
	if err != nil || !journal.Enabled() {
		return nil, err
	}
	return &journalLog{facility: strconv.Itoa(number << 3), prog: prog}, nil
}

// send writes an entry with the fields of oslo.log's journal handler. Like there, the entry is lost if there is no journal.
func (j *journalLog) send(level zerolog.Level, name string, e parsedEvent, line []byte) {
	levelText, number := levelName(level)
	priorities := map[int]journal.Priority{50: journal.PriCrit, 40: journal.PriErr, 30: journal.PriWarning, 20: journal.PriInfo}
	priority, ok := priorities[number]
	if !ok {
		priority = journal.PriDebug
	}
	fields := map[string]string{"LOGGER_NAME": name, "LOGGER_LEVEL": levelText, "SYSLOG_IDENTIFIER": j.prog, "SYSLOG_FACILITY": j.facility}
	for field, key := range map[string]string{"REQUEST_ID": fieldRequest, "USER_ID": fieldUser, "USER_NAME": fieldUserName,
		"PROJECT_ID": fieldProject, "PROJECT_NAME": fieldProjectName} {
		if value := e.get(key); value != "" {
			fields[field] = value
		}
	}
	_ = journal.Send(strings.TrimSuffix(string(line), "\n"), priority, fields)
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
