// Package log writes the log as oslo.log does, so that programs that process logs of the Python
// services can process it: the same line and JSON formats from the same options, based on
// zerolog.
//
// Events are zerolog events with a logger name ([Named]) and, for requests, the request id and
// the caller ([ForRequest]). Other fields follow the message as key=value.
package log

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/reqctx"
)

// Names of the fields that the format uses.
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
	fieldOwnLevel    = "own_level" // not written: the lines have passed the level of their logger
	identityFields   = 8
)

// Sink is the destination of the log. It is safe for concurrent use.
type Sink struct {
	mu    sync.Mutex
	path  string // the path of the file, or ""
	file  *os.File
	other []io.Writer // standard error, syslog
	parts []*Sink     // the files of log_config_append, which get their lines without this Sink
	close []io.Closer

	journal *journalLog // nil: none

	rotation rotationPolicy
	looked   time.Time // when the path of the file was last checked
}

// New opens the log that the options describe: log_file (in log_dir); a file named after the
// program if only log_dir is set; standard error if neither is set (oslo.log: standard output), or use_stderr is; also syslog
// with use_syslog, as soon as there is one; the journal with use_journal, or standard error if the host has no journal.
// After a rotation of the file, SIGHUP must call the Sink's Reopen. With log_config_append its file decides, as in oslo.log.
func New(cfg config.Log, prog string) (zerolog.Logger, *Sink, error) {
	if cfg.LogConfigAppend != "" {
		return newFromFile(cfg, prog)
	}
	if err := Check(cfg); err != nil {
		return zerolog.Nop(), nil, err
	}
	s := &Sink{path: cfg.LogFile, rotation: newRotation(cfg)}
	if err := checkRotation(s.rotation); err != nil {
		return zerolog.Nop(), nil, err
	}
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
	if err := s.openOthers(cfg, prog); err != nil {
		_ = s.Close()
		return zerolog.Nop(), nil, err
	}
	if s.path != "" || cfg.UseSyslog || s.journal != nil {
		cfg.LogColor = false // colours are for terminals, and all destinations get the same lines
	}
	return NewLogger(s, cfg), s, nil
}

// Check returns the first error in the options that New would return without opening anything.
func Check(cfg config.Log) error {
	if cfg.LogConfigAppend != "" {
		return nil // the other options have no effect
	}
	if _, _, err := readLevels(cfg); err != nil {
		return err
	}
	if cfg.LogFile != "" || cfg.LogDir != "" {
		return checkWeekday(cfg)
	}
	return nil
}

// openOthers opens the destinations beside the file.
func (s *Sink) openOthers(cfg config.Log, prog string) (err error) {
	if cfg.UseJournal {
		if s.journal, err = openJournal(cfg.SyslogLogFacility, prog); err != nil {
			return err
		}
	}
	none := s.path == "" && s.journal == nil
	if none || cfg.UseStderr || cfg.UseJournal && s.journal == nil {
		s.other = append(s.other, os.Stderr)
	}
	if cfg.UseSyslog {
		w, err := openSyslog(cfg.SyslogLogFacility, prog)
		if err != nil {
			return err
		}
		s.other, s.close = append(s.other, w), append(s.close, w)
	}
	return nil
}

// NewLogger returns a logger with the format and levels of the options that writes to w. It
// makes one Write per event, from several goroutines.
func NewLogger(w io.Writer, cfg config.Log) zerolog.Logger {
	f := newFormatter(w, cfg)
	return zerolog.New(f).Level(f.lowest())
}

// Named returns a logger whose lines have the name of a Python logger, such as
// "nova.api.openstack.requestlog".
func Named(l zerolog.Logger, name string) zerolog.Logger {
	return l.With().Str(fieldName, name).Logger()
}

// NamedAt is Named for a Python logger whose level a library sets: its lines of that level and above are written whatever the
// options say.
func NamedAt(l zerolog.Logger, name string, level zerolog.Level) zerolog.Logger {
	return Named(l, name).With().Bool(fieldOwnLevel, true).Logger().Level(level)
}

// ForRequest returns a logger whose lines contain the request id and, if c is not nil, the
// caller.
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

// Write writes a line to all destinations. It returns only errors of the file.
func (s *Sink) Write(line []byte) (int, error) { return s.WriteLevel(zerolog.InfoLevel, line) }

// WriteLevel writes a line. Syslog gets the level as the line's severity.
func (s *Sink) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.other {
		_, _ = writeLevel(w, level, line)
	}
	if s.file == nil {
		return len(line), nil
	}
	s.rotate(len(line))
	return s.file.Write(line)
}

// writeLevel writes a line to a destination that may have levels.
func writeLevel(w io.Writer, level zerolog.Level, line []byte) (int, error) {
	if leveled, ok := w.(zerolog.LevelWriter); ok {
		return leveled.WriteLevel(level, line)
	}
	return w.Write(line)
}

// Reopen opens the file at its path again. If that fails, the log continues in the old file.
func (s *Sink) Reopen() error {
	if s.path == "" {
		var errs []error
		for _, part := range s.parts {
			errs = append(errs, part.Reopen())
		}
		return errors.Join(errs...)
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
	for _, part := range s.parts {
		_ = part.Close()
	}
	s.close, s.other, s.parts = nil, nil, nil
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	return err
}
