// Package log writes the log as oslo.log does, so that what reads the logs of
// the Python services reads ours: the same line and JSON formats, built from the
// same options, on top of zerolog.
//
// Events are zerolog's, with a name ([Named]) and, where they belong to a
// request, who asked ([ForRequest]). Fields beyond these follow the message as
// key=value.
package log

import (
	"fmt"
	"io"
	"log/syslog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/reqctx"
)

// Names of the fields that the format knows.
const (
	fieldName        = "name"
	fieldRequest     = "request_id"
	fieldGlobal      = "global_request_id"
	fieldInstance    = "instance"
	fieldUser        = "user"
	fieldProject     = "project"
	fieldDomain      = "domain"
	fieldSystem      = "system_scope"
	fieldUserDom     = "user_domain"
	fieldProjDom     = "project_domain"
	fieldUserName    = "user_name"
	fieldProjectName = "project_name"
	identityFields   = 8
)

// Sink is where the log goes. It is safe for concurrent use.
type Sink struct {
	mu    sync.Mutex
	path  string // of the file, or ""
	file  *os.File
	other []io.Writer // standard error, syslog
	close []io.Closer

	rotation rotation
	looked   time.Time // when the file was last seen to have its name
}

// New opens the log that the options ask for: log_file (in log_dir), log_dir
// alone with a file named after the program, standard error where there is
// neither or use_stderr is set, syslog with use_syslog. use_journal writes to
// standard error, which systemd's journal takes. The Sink's Reopen is for
// SIGHUP after the file was rotated.
func New(cfg config.Log, prog string) (zerolog.Logger, *Sink, error) {
	s := &Sink{path: cfg.LogFile, rotation: newRotation(cfg)}
	switch {
	case cfg.LogDir != "" && s.path != "":
		if !filepath.IsAbs(s.path) {
			s.path = filepath.Join(cfg.LogDir, s.path)
		}
	case cfg.LogDir != "":
		s.path = filepath.Join(cfg.LogDir, prog+".log")
	}
	if s.path != "" {
		if err := s.Reopen(); err != nil {
			return zerolog.Nop(), nil, err
		}
	}
	if s.path == "" && !cfg.UseSyslog || cfg.UseStderr || cfg.UseJournal {
		s.other = append(s.other, os.Stderr)
	}
	if cfg.UseSyslog {
		w, err := openSyslog(cfg.SyslogLogFacility, prog)
		if err != nil {
			_ = s.Close()
			return zerolog.Nop(), nil, err
		}
		s.other, s.close = append(s.other, w), append(s.close, w)
	}
	if s.path != "" || cfg.UseSyslog {
		cfg.LogColor = false // it is for terminals, and all get the same lines
	}
	return NewLogger(s, cfg), s, nil
}

// NewLogger gives a logger with the format and levels of the options that
// writes to w: one Write per event, from many goroutines.
func NewLogger(w io.Writer, cfg config.Log) zerolog.Logger {
	level := zerolog.InfoLevel
	if cfg.Debug {
		level = zerolog.DebugLevel
	}
	return zerolog.New(newFormatter(w, cfg)).Level(level)
}

// Named gives a logger whose lines carry a Python logger's name, as
// "nova.api.openstack.requestlog".
func Named(l zerolog.Logger, name string) zerolog.Logger {
	return l.With().Str(fieldName, name).Logger()
}

// ForRequest gives a logger whose lines name the request and, if c is not nil,
// the caller.
func ForRequest(l zerolog.Logger, requestID, globalID string, c *reqctx.Caller) zerolog.Logger {
	if c != nil && requestID == "" {
		requestID, globalID = c.RequestID, c.GlobalRequestID
	}
	if requestID == "" {
		return l
	}
	with := l.With().Str(fieldRequest, requestID)
	if globalID != "" {
		with = with.Str(fieldGlobal, globalID)
	}
	if c != nil {
		for _, f := range [identityFields][2]string{
			{fieldUser, c.UserID}, {fieldProject, c.ProjectID}, {fieldDomain, c.DomainID},
			{fieldSystem, c.SystemScope}, {fieldUserDom, c.UserDomainID}, {fieldProjDom, c.ProjectDomainID},
			{fieldUserName, c.UserName}, {fieldProjectName, c.ProjectName},
		} {
			if f[1] != "" {
				with = with.Str(f[0], f[1])
			}
		}
	}
	return with.Logger()
}

// Write writes a line to all destinations. Only the file's errors are told.
func (s *Sink) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.other {
		_, _ = w.Write(line)
	}
	if s.file == nil {
		return len(line), nil
	}
	s.rotate(len(line))
	return s.file.Write(line)
}

// Reopen opens the file by its name anew. If that fails, the log goes on in the
// old one.
func (s *Sink) Reopen() error {
	if s.path == "" {
		return nil
	}
	f, err := openFile(s.path)
	if err != nil {
		return fmt.Errorf("log_file: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil {
		_ = s.file.Close()
	}
	s.use(f)
	return nil
}

func openFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
}

// Close closes the file and syslog.
func (s *Sink) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.close {
		_ = c.Close()
	}
	s.close, s.other = nil, nil
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	return err
}

func openSyslog(facility, prog string) (*syslog.Writer, error) {
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
		return nil, fmt.Errorf("syslog_log_facility: %q is no facility", facility)
	}
	w, err := syslog.New(syslog.Priority(number<<3)|syslog.LOG_INFO, prog)
	if err != nil {
		return nil, fmt.Errorf("use_syslog: %w", err)
	}
	return w, nil
}
