package log

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	strftime "github.com/ncruces/go-strftime"
	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
)

// formatter turns zerolog's events into lines.
type formatter struct {
	w          io.Writer
	inRequest  template // logging_context_format_string
	elsewhere  template // logging_default_format_string
	identity   template // logging_user_identity_format
	dateFormat string
	instance   string
	json       bool
	pid        string
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
		instance:  cfg.InstanceUUIDFormat, dateFormat: cfg.LogDateFormat,
	}
	for _, pair := range cfg.DefaultLogLevels {
		name, level, ok := strings.Cut(pair, "=")
		if l, known := pythonLevels[strings.ToUpper(strings.TrimSpace(level))]; ok && known {
			f.levels = append(f.levels, loggerLevel{strings.TrimSpace(name), l})
		}
	}
	slices.SortStableFunc(f.levels, func(a, b loggerLevel) int { return len(b.name) - len(a.name) })
	return f
}

var pythonLevels = map[string]zerolog.Level{
	"DEBUG": zerolog.DebugLevel, "INFO": zerolog.InfoLevel, "WARN": zerolog.WarnLevel, "WARNING": zerolog.WarnLevel,
	"ERROR": zerolog.ErrorLevel, "CRITICAL": zerolog.FatalLevel, "FATAL": zerolog.FatalLevel, "NOTSET": zerolog.TraceLevel, "TRACE": zerolog.TraceLevel,
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

// Write is for events without a level.
func (f *formatter) Write(event []byte) (int, error) { return f.WriteLevel(zerolog.InfoLevel, event) }

// WriteLevel writes an event.
func (f *formatter) WriteLevel(level zerolog.Level, event []byte) (int, error) {
	var fields map[string]any
	d := json.NewDecoder(bytes.NewReader(event))
	d.UseNumber()
	if d.Decode(&fields) != nil {
		return f.w.Write(event)
	}
	name := take(fields, fieldName, "nova")
	for _, l := range f.levels {
		if level < l.level && strings.HasPrefix(name, l.name) && (len(name) == len(l.name) || name[len(l.name)] == '.') {
			return len(event), nil
		}
	}
	if f.json {
		_, err := f.w.Write(f.jsonLine(level, name, fields))
		return len(event), err
	}
	_, err := f.w.Write(f.line(level, name, fields))
	return len(event), err
}

func take(fields map[string]any, key, missing string) string {
	v, ok := fields[key]
	if !ok {
		return missing
	}
	delete(fields, key)
	if s, ok := v.(string); ok {
		return s
	}
	return fmt.Sprint(v)
}

func (f *formatter) line(level zerolog.Level, name string, fields map[string]any) []byte {
	now := time.Now()
	message := take(fields, zerolog.MessageFieldName, "")
	if err := take(fields, zerolog.ErrorFieldName, ""); err != "" {
		message += ": " + err
	}
	t, values := f.elsewhere, map[string]string{"name": name, "process": f.pid}
	if id := take(fields, fieldRequest, ""); id != "" {
		t = f.inRequest
		values[fieldRequest] = id
		values[fieldGlobal] = take(fields, fieldGlobal, "None")
		for _, key := range [identityFields]string{fieldUser, fieldProject, fieldDomain, fieldSystem, fieldUserDom, fieldProjDom} {
			values[key] = take(fields, key, "-")
		}
		values["user_identity"] = string(f.identity.appendTo(nil, values))
	}
	if id := take(fields, fieldInstance, ""); id != "" {
		values["instance"] = strings.ReplaceAll(f.instance, "%(uuid)s", id)
	}
	delete(fields, zerolog.LevelFieldName)
	delete(fields, zerolog.TimestampFieldName)
	for _, key := range sortedKeys(fields) {
		message += fmt.Sprintf(" %s=%v", key, fields[key])
	}
	values["message"] = message
	values["levelname"], _ = levelName(level)
	values["asctime"] = f.date(now)
	values["msecs"] = strconv.Itoa(now.Nanosecond() / int(time.Millisecond))
	return append(t.appendTo(make([]byte, 0, 256), values), '\n')
}

// jsonLine has the members of oslo.log's JSONFormatter that make sense here.
func (f *formatter) jsonLine(level zerolog.Level, name string, fields map[string]any) []byte {
	now := time.Now()
	levelText, number := levelName(level)
	message := take(fields, zerolog.MessageFieldName, "")
	if err := take(fields, zerolog.ErrorFieldName, ""); err != "" {
		message += ": " + err
	}
	caller := map[string]any{}
	for _, key := range []string{fieldRequest, fieldGlobal, fieldUser, fieldProject, fieldDomain, fieldSystem, fieldUserDom, fieldProjDom} {
		if v := take(fields, key, ""); v != "" {
			caller[key] = v
		}
	}
	delete(fields, zerolog.LevelFieldName)
	delete(fields, zerolog.TimestampFieldName)
	pid, _ := strconv.Atoi(f.pid)
	out, err := json.Marshal(map[string]any{
		"message": message, "asctime": f.date(now), "name": name, "msg": message, "levelname": levelText, "levelno": number,
		"created": float64(now.UnixMicro()) / 1e6, "msecs": now.Nanosecond() / int(time.Millisecond), "process": pid,
		"context": caller, "extra": fields,
	})
	if err != nil {
		return nil
	}
	return append(out, '\n')
}

func (f *formatter) date(now time.Time) string {
	if f.dateFormat == "%Y-%m-%d %H:%M:%S" || f.dateFormat == "" {
		return now.Format(time.DateTime)
	}
	return strftime.Format(f.dateFormat, now)
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// template is a format string of Python's logging: literals and %(name)s.
type template []piece

type piece struct {
	text string // a literal, or
	name string // the name of a value
	pad  int    // with zeros to this width
}

// parseTemplate reads conversions of the form %(name)s and %(name)03d; anything
// else is kept as it stands.
func parseTemplate(format string) template {
	var t template
	for format != "" {
		i := strings.Index(format, "%")
		if i < 0 {
			return append(t, piece{text: format})
		}
		if i > 0 {
			t = append(t, piece{text: format[:i]})
		}
		format = format[i:]
		if strings.HasPrefix(format, "%%") {
			t, format = append(t, piece{text: "%"}), format[2:]
			continue
		}
		end := strings.Index(format, ")")
		if !strings.HasPrefix(format, "%(") || end < 0 {
			t, format = append(t, piece{text: "%"}), format[1:]
			continue
		}
		p := piece{name: format[2:end]}
		rest := format[end+1:]
		n := 0
		for n < len(rest) && (rest[n] >= '0' && rest[n] <= '9' || rest[n] == '-' || rest[n] == '.') {
			n++
		}
		if strings.HasPrefix(rest[:n], "0") {
			p.pad, _ = strconv.Atoi(rest[:n])
		}
		if n < len(rest) {
			n++ // the conversion's letter
		}
		t, format = append(t, p), rest[n:]
	}
	return t
}

func (t template) appendTo(b []byte, values map[string]string) []byte {
	for _, p := range t {
		if p.name == "" {
			b = append(b, p.text...)
			continue
		}
		v := values[p.name]
		for range p.pad - len(v) {
			b = append(b, '0')
		}
		b = append(b, v...)
	}
	return b
}
