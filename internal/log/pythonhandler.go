package log

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/rs/zerolog"
)

// handler reads a handler of the file, and opens its destination.
func (r *pythonReader) handler(key string, formats []string) (*pythonHandler, error) {
	section := "handler_" + key
	if !r.file.HasSection(section) || !r.file.Section(section).HasKey("class") {
		return nil, r.failed("there is no [%s] class", section)
	}
	s := r.file.Section(section)
	h := &pythonHandler{level: zerolog.TraceLevel}
	if s.HasKey("level") {
		var err error
		if h.level, err = r.level(section, s); err != nil {
			return nil, err
		}
	}
	class := value(s, "class")
	w, err := r.destination(section, class, pythonArguments(value(s, "args"), value(s, "kwargs")))
	if err != nil || w == nil {
		return h, err
	}
	h.format, err = r.format(section, value(s, "formatter"), formats, w)
	if err == nil && lastName(class) == "ColorHandler" {
		h.format.color = true
	}
	return h, err
}

// destination opens what a class of handlers writes to; nil: nothing.
func (r *pythonReader) destination(section, class string, args pythonArgs) (io.Writer, error) {
	switch lastName(class) {
	case "NullHandler":
		return nil, nil
	case "StreamHandler", "ColorHandler":
		return stream{error: args.get(0, "stream", "sys.stderr") != "sys.stdout"}, nil
	case "FileHandler", "WatchedFileHandler":
		return r.openSink(args, rotationPolicy{})
	case "RotatingFileHandler":
		size, _ := strconv.ParseInt(args.get(2, "maxBytes", "0"), 10, 64)
		keep, _ := strconv.Atoi(args.get(3, "backupCount", "0"))
		if keep == 0 {
			size = 0 // the file grows, as in Python
		}
		return r.openSink(args, rotationPolicy{size: size, keep: keep})
	case "TimedRotatingFileHandler":
		return r.openSink(args, r.timedRotation(args))
	case "SysLogHandler", "OSSysLogHandler":
		return r.syslog(section, class, args)
	case "OSJournalHandler":
		j, err := openJournal("LOG_USER", r.prog)
		if j == nil {
			return stream{error: true}, err
		}
		return &Sink{journal: j}, nil
	}
	r.leave("[%s] class = %s has no counterpart, and writes nothing", section, class)
	return nil, nil
}

func (r *pythonReader) openSink(args pythonArgs, rotation rotationPolicy) (io.Writer, error) {
	s := &Sink{path: args.get(0, "filename", ""), rotation: rotation}
	if s.path == "" {
		return nil, r.failed("a handler of files has no file")
	}
	if r.dry {
		return s, nil
	}
	if err := s.Reopen(); err != nil {
		return nil, r.failed("%v", err)
	}
	r.into.files = append(r.into.files, s)
	return s, nil
}

// timedRotation reads the arguments of TimedRotatingFileHandler.
func (r *pythonReader) timedRotation(args pythonArgs) rotationPolicy {
	cfg := r.cfg
	cfg.LogRotationType = "interval"
	cfg.LogRotateInterval, _ = strconv.Atoi(args.get(2, "interval", "1"))
	cfg.MaxLogfileCount, _ = strconv.Atoi(args.get(3, "backupCount", "0"))
	when := strings.ToUpper(args.get(1, "when", "h"))
	switch {
	case strings.HasPrefix(when, "W") && len(when) == 2:
		cfg.LogRotateIntervalType = "weekday"
		cfg.LogRotateInterval = int(when[1] - '0')
	default:
		cfg.LogRotateIntervalType = map[string]string{"S": "seconds", "M": "minutes", "H": "hours", "D": "days", "MIDNIGHT": "midnight"}[when]
	}
	return newRotation(cfg)
}

func (r *pythonReader) syslog(section, class string, args pythonArgs) (io.Writer, error) {
	facility, address := args.get(0, "facility", "LOG_USER"), "/dev/log"
	if lastName(class) == "SysLogHandler" {
		address, facility = args.get(0, "address", "('localhost', 514)"), args.get(1, "facility", "LOG_USER")
	}
	if address != "/dev/log" {
		r.leave("[%s] args: the syslog at %s is not supported, and gets nothing", section, address)
		return nil, nil
	}
	if n, err := strconv.Atoi(facility); err == nil && n >= 0 {
		if lastName(class) == "OSSysLogHandler" {
			n >>= 3 // it takes the numbers of the module syslog, which are shifted
		}
		facility = facilityName(n)
	}
	if r.dry {
		return io.Discard, nil
	}
	w, err := openSyslog(lastName(facility), r.prog)
	if err != nil {
		return nil, r.failed("[%s]: %v", section, err)
	}
	r.into.close = append(r.into.close, w)
	return w, nil
}

// pythonArgs are arguments of a call in Python, as text; strings are without quotes.
type pythonArgs struct {
	positional []string
	named      map[string]string
}

// get returns an argument by its position or name.
func (a pythonArgs) get(position int, name, otherwise string) string {
	if value, ok := a.named[name]; ok {
		return value
	}
	if position < len(a.positional) {
		return a.positional[position]
	}
	return otherwise
}

// pythonArguments reads args, a tuple such as ('/var/log/nova.log', 'a'), and kwargs, a dict.
func pythonArguments(args, kwargs string) pythonArgs {
	a := pythonArgs{named: map[string]string{}}
	for _, item := range splitPython(inside(args), ',') {
		a.positional = append(a.positional, literal(item))
	}
	for _, item := range splitPython(inside(kwargs), ',') {
		if pair := splitPython(item, ':'); len(pair) == 2 {
			a.named[literal(pair[0])] = literal(pair[1])
		}
	}
	return a
}

// inside removes the brackets around a tuple, a list or a dict.
func inside(text string) string {
	text = strings.TrimSpace(text)
	if len(text) >= 2 && strings.Contains("([{", text[:1]) {
		return text[1 : len(text)-1]
	}
	return text
}

// splitPython splits at a separator that is neither in quotes nor in brackets, and drops empty parts.
func splitPython(text string, separator byte) (parts []string) {
	depth, quote, from := 0, byte(0), 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0:
			if c == '\\' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			depth--
		case c == separator && depth == 0:
			parts, from = append(parts, text[from:i]), i+1
		}
	}
	parts = append(parts, text[min(from, len(text)):])
	return slices.DeleteFunc(parts, func(p string) bool { return strings.TrimSpace(p) == "" })
}

// literal returns the text of a string, or any other expression as it is.
func literal(text string) string {
	text = strings.TrimSpace(text)
	if n := len(text); n >= 2 && (text[0] == '\'' || text[0] == '"') && text[n-1] == text[0] {
		return text[1 : n-1]
	}
	return text
}
