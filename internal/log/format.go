package log

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"

	strftime "github.com/ncruces/go-strftime"
	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
)

// formatter converts zerolog's events to lines.
type formatter struct {
	w          io.Writer
	inRequest  template // logging_context_format_string
	elsewhere  template // logging_default_format_string
	identity   template // logging_user_identity_format
	dateFormat string
	instance   string
	json       bool
	color      bool
	limit      *limiter // nil: unlimited
	pid        string
	root       zerolog.Level // of loggers that levels does not have
	levels     []loggerLevel // longest names first
}

// loggerLevel is an entry of default_log_levels.
type loggerLevel struct {
	name  string
	level zerolog.Level
}

func newFormatter(w io.Writer, cfg config.Log) *formatter {
	f := &formatter{
		w: w, json: cfg.UseJSON, pid: strconv.Itoa(os.Getpid()),
		inRequest: parseTemplate(cfg.LoggingContextFormatString),
		elsewhere: parseTemplate(cfg.LoggingDefaultFormatString),
		identity:  parseTemplate(cfg.LoggingUserIdentityFormat),
		instance:  cfg.InstanceFormat, dateFormat: cfg.LogDateFormat,
		color: cfg.LogColor, limit: newLimiter(cfg),
	}
	f.root, f.levels, _ = readLevels(cfg)
	return f
}

func levelName(l zerolog.Level) (name string, number int) {
	switch l {
	case zerolog.TraceLevel:
		return "TRACE", 5
	case zerolog.DebugLevel:
		return "DEBUG", 10
	case zerolog.WarnLevel:
		return "WARNING", 30
	case zerolog.ErrorLevel:
		return "ERROR", 40
	case zerolog.FatalLevel, zerolog.PanicLevel:
		return "CRITICAL", 50
	}
	return "INFO", 20
}

// Write writes an event without a level.
func (f *formatter) Write(line []byte) (int, error) { return f.WriteLevel(zerolog.InfoLevel, line) }

// WriteLevel writes an event.
func (f *formatter) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	e, ok := parseEvent(line)
	if !ok {
		return f.w.Write(line)
	}
	name := e.get(fieldName)
	if name == "" {
		name = "nova"
	}
	if level < f.levelOf(name) && e.get(fieldOwnLevel) == "" {
		return len(line), nil
	}
	ok, full := f.limit.allows(level, time.Now())
	if full {
		// This record belongs to the root logger, and the limit does not apply to it.
		_ = f.emit(zerolog.ErrorLevel, "root", append(e.caller(), member{key: zerolog.MessageFieldName, value: f.limit.text(), text: true}))
	}
	if !ok {
		return len(line), nil
	}
	return len(line), f.emit(level, name, e)
}

// emit writes the line of an event, with its level if the destination has levels, and with the fields to the journal.
func (f *formatter) emit(level zerolog.Level, name string, e parsedEvent) error {
	line := f.format(level, name, e)
	if s, ok := f.w.(*Sink); ok && s.journal != nil {
		s.journal.send(level, name, e, line)
	}
	_, err := writeLevel(f.w, level, line)
	return err
}

func (f *formatter) format(level zerolog.Level, name string, e parsedEvent) []byte {
	if f.json {
		return f.jsonLine(level, name, e)
	}
	return f.line(level, name, e)
}

// hasOwnPlace reports whether the format has its own place for a field.
func hasOwnPlace(key string) bool {
	switch key {
	case fieldName, fieldRequest, fieldGlobal, fieldInstance, fieldUser, fieldProject,
		fieldDomain, fieldSystem, fieldUserDom, fieldProjDom, fieldUserName, fieldProjectName, fieldOwnLevel,
		zerolog.MessageFieldName, zerolog.ErrorFieldName, zerolog.LevelFieldName, zerolog.TimestampFieldName:
		return true
	}
	return false
}

// FieldStack is the name of the field with a stack trace, which is written on lines of its own
// after the record. All other parts of a record are on one line.
const FieldStack = "stack"

// printable escapes control characters. Messages contain text of clients, which must not begin
// a new record or control a terminal.
func printable(s string) string {
	if !strings.ContainsFunc(s, unicode.IsControl) {
		return s
	}
	var b strings.Builder
	for _, c := range s {
		if unicode.IsControl(c) {
			fmt.Fprintf(&b, `\x%02x`, c)
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

func message(e parsedEvent) string {
	m := e.get(zerolog.MessageFieldName)
	if err := e.get(zerolog.ErrorFieldName); err != "" {
		m += ": " + err
	}
	return m
}

// fullMessage returns the message with the fields that have no place of their own in the
// format, and the stack below it.
func fullMessage(e parsedEvent) string {
	m, stack := message(e), ""
	for _, field := range e {
		switch {
		case field.key == FieldStack:
			stack = "\n" + field.value
		case !hasOwnPlace(field.key):
			m += " " + field.key + "=" + field.value
		}
	}
	return printable(m) + stack
}

func (f *formatter) line(level zerolog.Level, name string, e parsedEvent) []byte {
	now := time.Now()
	t := f.elsewhere
	if e.get(fieldRequest) != "" {
		t = f.inRequest
	}
	var value func(string) string
	value = func(key string) string {
		if text, ok := f.recordValue(key, level, name, now); ok {
			return text
		}
		switch key {
		case fieldGlobal:
			return cmp.Or(e.get(fieldGlobal), "None")
		case "isotime":
			return now.Format("2006-01-02T15:04:05.000000-07:00")
		case "color":
			if f.color {
				return colorOf(level)
			}
			return ""
		case fieldUserName, fieldProjectName:
			return printable(e.get(key))
		case "resource":
			return ""
		case "user_identity":
			if e.get(fieldRequest) == "" {
				return ""
			}
			return string(f.identity.appendTo(make([]byte, 0, 96), value))
		case "instance":
			if id := e.get(fieldInstance); id != "" {
				return strings.ReplaceAll(f.instance, "%(uuid)s", id)
			}
			return ""
		case "message":
			return fullMessage(e)
		}
		return printable(cmp.Or(e.get(key), "-"))
	}
	out := t.appendTo(make([]byte, 0, 320), value)
	if f.color {
		out = append(out, plainColor...)
	}
	return append(out, '\n')
}

// recordValue returns the values that every record of Python's logging has.
func (f *formatter) recordValue(key string, level zerolog.Level, name string, now time.Time) (value string, ok bool) {
	levelText, number := levelName(level)
	switch key {
	case "asctime":
		return f.date(now), true
	case "msecs":
		return strconv.Itoa(now.Nanosecond() / int(time.Millisecond)), true
	case "process":
		return f.pid, true
	case "levelname":
		return levelText, true
	case "levelno":
		return strconv.Itoa(number), true
	case "name":
		return name, true
	case "created":
		return strconv.FormatFloat(float64(now.UnixMicro())/1e6, 'f', -1, 64), true
	case "processName":
		return "MainProcess", true
	case "threadName":
		return "MainThread", true
	}
	return "", false
}

// jsonLine formats an event with the members of oslo.log's JSONFormatter that apply to Go.
func (f *formatter) jsonLine(level zerolog.Level, name string, e parsedEvent) []byte {
	now := time.Now()
	levelText, number := levelName(level)
	caller, extra := map[string]string{}, map[string]json.RawMessage{}
	for _, field := range e {
		switch field.key {
		case fieldRequest, fieldGlobal, fieldUser, fieldProject, fieldDomain,
			fieldSystem, fieldUserDom, fieldProjDom, fieldUserName, fieldProjectName:
			caller[field.key] = field.value
		case fieldInstance:
			extra[field.key], _ = json.Marshal(field.value)
		default:
			if hasOwnPlace(field.key) {
				continue
			}
			extra[field.key] = json.RawMessage(field.value)
			if field.text {
				extra[field.key], _ = json.Marshal(field.value)
			}
		}
	}
	pid, _ := strconv.Atoi(f.pid)
	out, err := json.Marshal(map[string]any{
		"message": message(e), "asctime": f.date(now), "name": name, "msg": message(e), "levelname": levelText, "levelno": number,
		"created": float64(now.UnixMicro()) / 1e6, "msecs": now.Nanosecond() / int(time.Millisecond), "process": pid,
		"context": caller, "extra": extra,
	})
	if err != nil {
		return nil
	}
	return append(out, '\n')
}

// pythonDate stands for the format of Python's logging without datefmt: milliseconds after a comma.
const pythonDate = "%Y-%m-%d %H:%M:%S,mmm"

func (f *formatter) date(now time.Time) string {
	if f.dateFormat == pythonDate {
		return now.Format("2006-01-02 15:04:05,000")
	}
	if f.dateFormat == "%Y-%m-%d %H:%M:%S" || f.dateFormat == "" {
		return now.Format(time.DateTime)
	}
	return strftime.Format(f.dateFormat, now)
}
