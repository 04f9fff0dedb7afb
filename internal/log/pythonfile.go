package log

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/rs/zerolog"
	"gopkg.in/ini.v1"

	"github.com/nova-go/nova/config"
)

// pythonConfig is the file of log_config_append, which logging.config.fileConfig reads. As in oslo.log it replaces the other
// options of the log, except for the formats that oslo.log's formatters use.
type pythonConfig struct {
	loggers map[string]*pythonLogger // by name; "" is the root logger
	files   []*Sink
	close   []io.Closer
	left    []string // what has no counterpart
}

// pythonLogger is a logger of the file. Loggers that the file does not have belong to the nearest one above.
type pythonLogger struct {
	level     zerolog.Level
	inherits  bool // the level is that of the loggers above
	propagate bool
	handlers  []*pythonHandler
}

// pythonHandler is a destination with its format. A nil formatter means that nothing is written.
type pythonHandler struct {
	level  zerolog.Level
	format *formatter
}

// LeftOut returns what the file of log_config_append contains and this program does not do, in one line; "" means nothing. The
// error is that with which the program does not start.
func LeftOut(cfg config.Log) (string, error) {
	if cfg.LogConfigAppend == "" {
		return "", nil
	}
	f, err := loadPythonFile(cfg)
	if err != nil {
		return "", err
	}
	r := pythonReader{file: f, cfg: cfg, dry: true}
	c, err := r.read()
	if err != nil {
		return "", err
	}
	return strings.Join(c.left, "; "), nil
}

// newFromFile is New for log_config_append.
func newFromFile(cfg config.Log, prog string) (zerolog.Logger, *Sink, error) {
	f, err := loadPythonFile(cfg)
	if err != nil {
		return zerolog.Nop(), nil, err
	}
	r := pythonReader{file: f, cfg: cfg, prog: prog}
	c, err := r.read()
	s := &Sink{parts: c.files, close: c.close}
	if err != nil {
		_ = s.Close()
		return zerolog.Nop(), nil, err
	}
	return zerolog.New(c).Level(c.lowest()), s, nil
}

func loadPythonFile(cfg config.Log) (*ini.File, error) {
	f, err := ini.LoadSources(ini.LoadOptions{IgnoreContinuation: true, IgnoreInlineComment: true, AllowPythonMultilineValues: true,
		PreserveSurroundedQuote: true, InsensitiveKeys: true, KeyValueDelimiters: "=:", ChildSectionDelimiter: "\x00"}, cfg.LogConfigAppend)
	if err != nil {
		return nil, fmt.Errorf("log_config_append: %s: %w", cfg.LogConfigAppend, err)
	}
	return f, nil
}

// lowest returns the level below which no logger of the file writes anything.
func (c *pythonConfig) lowest() zerolog.Level {
	level := zerolog.FatalLevel
	for _, l := range c.loggers {
		if !l.inherits {
			level = min(level, l.level)
		}
	}
	return level
}

// Write implements io.Writer.
func (c *pythonConfig) Write(line []byte) (int, error) { return c.WriteLevel(zerolog.InfoLevel, line) }

// WriteLevel writes an event to the handlers of its logger and of the loggers above, as far as these propagate.
func (c *pythonConfig) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	e, ok := parseEvent(line)
	if !ok {
		return len(line), nil
	}
	name := cmp.Or(e.get(fieldName), "nova")
	if level < c.levelOf(name) && e.get(fieldOwnLevel) == "" {
		return len(line), nil
	}
	for above, more := name, true; more; above, more = parentOf(above) {
		l := c.loggers[above]
		if l == nil {
			continue
		}
		for _, h := range l.handlers {
			if level >= h.level && h.format != nil {
				_ = h.format.emit(level, name, e)
			}
		}
		if !l.propagate {
			break
		}
	}
	return len(line), nil
}

// levelOf returns the level of the nearest logger that has one.
func (c *pythonConfig) levelOf(name string) zerolog.Level {
	for above, more := name, true; more; above, more = parentOf(above) {
		if l := c.loggers[above]; l != nil && !l.inherits {
			return l.level
		}
	}
	return zerolog.WarnLevel
}

// parentOf returns the name of the logger above; that of the root logger is "".
func parentOf(name string) (parent string, more bool) {
	if name == "" {
		return "", false
	}
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return name[:i], true
	}
	return "", true
}

// pythonReader reads a file. With dry nothing is opened.
type pythonReader struct {
	file *ini.File
	cfg  config.Log
	prog string
	dry  bool
	into pythonConfig
}

// names returns the comma-separated names of an option. A section without them is an error of Python's parser.
func (r *pythonReader) names(section string) ([]string, error) {
	if !r.file.HasSection(section) || !r.file.Section(section).HasKey("keys") {
		return nil, r.failed("there is no [%s] keys", section)
	}
	return splitNames(value(r.file.Section(section), "keys")), nil
}

// value returns the value of an option, or "". (Key of package ini adds an option that a section does not have.)
func value(s *ini.Section, option string) string {
	if !s.HasKey(option) {
		return ""
	}
	return s.Key(option).Value()
}

func splitNames(text string) (names []string) {
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

func (r *pythonReader) failed(format string, args ...any) error {
	return fmt.Errorf("log_config_append: %s: %s", r.cfg.LogConfigAppend, fmt.Sprintf(format, args...))
}

func (r *pythonReader) leave(format string, args ...any) {
	if text := r.cfg.LogConfigAppend + ": " + fmt.Sprintf(format, args...); !slices.Contains(r.into.left, text) {
		r.into.left = append(r.into.left, text)
	}
}

func (r *pythonReader) read() (*pythonConfig, error) {
	formats, err := r.names("formatters")
	if err != nil {
		return &r.into, err
	}
	handlers, err := r.names("handlers")
	if err != nil {
		return &r.into, err
	}
	loggers, err := r.names("loggers")
	if err != nil {
		return &r.into, err
	}
	if !slices.Contains(loggers, "root") {
		return &r.into, r.failed("[loggers] keys has no root")
	}
	byName := map[string]*pythonHandler{}
	for _, name := range handlers {
		if byName[name], err = r.handler(name, formats); err != nil {
			return &r.into, err
		}
	}
	r.into.loggers = map[string]*pythonLogger{}
	for _, name := range loggers {
		if err := r.logger(name, byName); err != nil {
			return &r.into, err
		}
	}
	return &r.into, nil
}

func (r *pythonReader) logger(key string, handlers map[string]*pythonHandler) error {
	section := "logger_" + key
	if !r.file.HasSection(section) {
		return r.failed("there is no [%s]", section)
	}
	s := r.file.Section(section)
	name := value(s, "qualname")
	if key == "root" {
		name = ""
	} else if !s.HasKey("qualname") {
		return r.failed("[%s] has no qualname", section)
	}
	l := &pythonLogger{level: zerolog.TraceLevel, inherits: name != "", propagate: value(s, "propagate") != "0"}
	if s.HasKey("level") {
		level, err := r.level(section, s)
		if err != nil {
			return err
		}
		l.level, l.inherits = level, name != "" && strings.EqualFold(value(s, "level"), "NOTSET")
	}
	if !s.HasKey("handlers") && key != "root" {
		return r.failed("[%s] has no handlers", section)
	}
	for _, h := range splitNames(value(s, "handlers")) {
		handler := handlers[h]
		if handler == nil {
			return r.failed("[%s] handlers: [handlers] has no %s", section, h)
		}
		l.handlers = append(l.handlers, handler)
	}
	r.into.loggers[name] = l
	return nil
}

// level reads the level of a logger or a handler. Python knows the names in capitals only.
func (r *pythonReader) level(section string, s *ini.Section) (zerolog.Level, error) {
	name := value(s, "level")
	level, ok := pythonLevels[name]
	if !ok {
		return 0, r.failed("[%s] level: unknown level %q", section, name)
	}
	if name == "NOTSET" {
		level = zerolog.TraceLevel
	}
	return level, nil
}

// format makes the formatter of a handler.
func (r *pythonReader) format(handler, key string, formats []string, w io.Writer) (*formatter, error) {
	cfg := r.cfg
	cfg.DefaultLogLevels, cfg.RateLimitBurst, cfg.LogColor, cfg.UseJSON = nil, 0, false, false
	cfg.LogDateFormat = pythonDate
	plain := func(format string) {
		cfg.LoggingContextFormatString, cfg.LoggingDefaultFormatString = format, format
	}
	if key == "" {
		plain("%(message)s")
		return newFormatter(w, cfg), nil
	}
	section := "formatter_" + key
	if !slices.Contains(formats, key) || !r.file.HasSection(section) {
		return nil, r.failed("[%s] formatter: there is no [%s], or [formatters] keys has no %s", handler, section, key)
	}
	s := r.file.Section(section)
	if s.HasKey("datefmt") {
		cfg.LogDateFormat = value(s, "datefmt")
	}
	switch class := value(s, "class"); lastName(class) {
	case "", "Formatter":
		if style := value(s, "style"); style != "" && style != "%" {
			r.leave("[%s] style = %s is not supported, and the lines have oslo.log's format", section, style)
			break
		}
		plain(cmp.Or(value(s, "format"), "%(message)s"))
		for _, name := range unknownNames(value(s, "format")) {
			r.leave("[%s] format: %%(%s) is -, because it is a place in Python's code", section, name)
		}
	case "ContextFormatter":
	case "JSONFormatter":
		cfg.UseJSON = true
	default:
		r.leave("[%s] class = %s has no counterpart, and the lines have oslo.log's format", section, class)
	}
	return newFormatter(w, cfg), nil
}

// lastName returns the part of a Python name after the last dot.
func lastName(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// unknownNames returns the names of a format that have no value outside of Python.
func unknownNames(format string) (names []string) {
	for _, part := range parseTemplate(format) {
		switch part.name {
		case "funcName", "lineno", "pathname", "filename", "module", "thread", "relativeCreated", "taskName", "stack_info":
			names = append(names, part.name)
		}
	}
	return names
}

// stream is standard output or standard error, as the process has it at the time of each line.
type stream struct{ error bool }

func (s stream) Write(line []byte) (int, error) {
	if s.error {
		return os.Stderr.Write(line)
	}
	return os.Stdout.Write(line)
}
