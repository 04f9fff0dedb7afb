package uwsgiini

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// shortOptions are the options of one letter that have a value.
const shortOptions = "stpPzLbBAmcCulgxywHYMRiMnkqrvaTdKSOoNQ"

// isFile reports whether an argument is an ini file.
func isFile(arg string) bool {
	name, _, _ := strings.Cut(filepath.Base(arg), ":")
	return strings.HasSuffix(name, ".ini")
}

// reader collects the settings.
type reader struct {
	env      func(string) (string, bool)
	known    map[string]string
	settings []setting
	values   map[string]string // the last value of each option, for %(name)
	used     map[string]bool   // the options that %(name) has used
	files    []string
	open     []string // the files being read, to detect cycles
	last     string   // the file that was read last
	warnings []string
}

// EnvironmentOptions returns the options that uWSGI takes from variables such as UWSGI_HTTP_SOCKET, as arguments that precede
// those of the command line. environ is in the form of os.Environ.
func EnvironmentOptions(environ []string) []string {
	internal := []string{"RELOADS", "VASSALS_DIR", "EMPEROR_FD", "BROODLORD_NUM", "EMPEROR_FD_CONFIG", "EMPEROR_PROXY", "JAIL_PID",
		"ORIGINAL_PROC_NAME", "PLUGINS"}
	var args []string
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		if option, ours := strings.CutPrefix(name, "UWSGI_"); ours && !slices.Contains(internal, option) {
			args = append(args, "--"+strings.ToLower(strings.ReplaceAll(option, "_", "-"))+"="+value)
		}
	}
	return args
}

// Parse reads the arguments of a uwsgi command and the files that they name. Errors name file,
// line and option. env looks up environment variables for $(NAME).
func Parse(args []string, env func(string) (string, bool)) (*Config, error) {
	r := &reader{env: env, known: map[string]string{}, values: map[string]string{}, used: map[string]bool{"start-time": true}}
	options := Options()
	for name, o := range options {
		r.known[name] = o.Kind
	}
	if err := r.arguments(args); err != nil {
		return nil, err
	}
	for i := range r.settings {
		r.settings[i].value = r.substitute(r.settings[i].value)
	}
	c := &Config{Files: r.files, Warnings: r.warnings}
	return c, interpret(c, r.settings, options, r.used)
}

func (r *reader) arguments(args []string) error {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		value, given := "", false
		var key string
		switch {
		case strings.HasPrefix(arg, "--"):
			key, value, given = strings.Cut(arg[2:], "=")
			if !given && r.known[key] == "value" {
				if i++; i == len(args) {
					return fmt.Errorf("--%s needs a value", key)
				}
				value = args[i]
			}
		case len(arg) > 1 && arg[0] == '-':
			key = arg[1:2]
			value = arg[2:]
			if value == "" && strings.Contains(shortOptions, key) {
				if i++; i == len(args) {
					return fmt.Errorf("-%s needs a value", key)
				}
				value = args[i]
			}
			r.used[key] = true // uWSGI's one-letter options cause no warning
		case isFile(arg):
			key, value = "ini", arg
		default:
			return fmt.Errorf("%s: only ini files can be read", arg)
		}
		if err := r.set(setting{"command line", key, value, false}); err != nil {
			return err
		}
	}
	return nil
}

// set adds a setting, and reads the files that it names.
func (r *reader) set(s setting) error {
	// uWSGI's names have no underscores, but files use both spellings.
	s.key = strings.ReplaceAll(s.key, "_", "-")
	switch {
	case r.known[s.key] == "flag" && slices.Contains([]string{"false", "0", "no", "off"}, strings.ToLower(s.value)):
		r.settings = slices.DeleteFunc(r.settings, func(earlier setting) bool { return earlier.key == s.key && !earlier.off })
		s.off = true
		r.settings = append(r.settings, s)
		return nil
	case isConditional(s.key):
		return s.errorf("conditions and loops are not supported")
	case s.key == "ini" || s.key == "include" || s.key == "inherit":
		return r.file(r.substitute(s.value), s)
	case s.key == "xml" || s.key == "yaml" || s.key == "yml" || s.key == "json" || s.key == "config":
		return s.errorf("only ini files can be read")
	case s.key == "set" || s.key == "set-placeholder" || s.key == "set-ph":
		name, value, ok := strings.Cut(s.value, "=")
		if !ok {
			return s.errorf("%q is not NAME=value", s.value)
		}
		r.values[name] = value
		if s.key != "set" {
			return nil
		}
		s.key, s.value = name, value
	}
	r.values[s.key] = s.value
	r.settings = append(r.settings, s)
	return nil
}

const maxDepth = 16

// file reads FILE or FILE:SECTION.
func (r *reader) file(name string, s setting) error {
	section := "uwsgi"
	if i := strings.LastIndexByte(name, ':'); i >= 0 && !strings.Contains(name[i:], "/") {
		if i+1 < len(name) {
			section = name[i+1:]
		}
		name = name[:i]
	}
	if name == "" {
		name = r.last // ":section" is one of the file that was read last
	}
	r.last = name
	if len(r.open) == maxDepth {
		return s.errorf("files are included %d deep", maxDepth)
	}
	text, err := os.ReadFile(name)
	if errors.Is(err, syscall.EISDIR) {
		text, err = nil, nil // uWSGI takes a directory for an empty file
	}
	if err != nil {
		return fmt.Errorf("cannot read the uwsgi ini file: %w", err)
	}
	r.files, r.open = append(r.files, name), append(r.open, name)
	defer func() { r.open = r.open[:len(r.open)-1] }()
	return r.ini(name, section, string(text))
}

func (r *reader) ini(name, wanted, text string) error {
	text = replaceMagic(text, name, wanted)
	section, found := "", false
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.Trim(line, " \t\r\n")
		switch {
		case line == "" || line[0] == ';' || line[0] == '#':
			continue
		case line[0] == '[':
			section = strings.TrimSuffix(line[1:], "]")
			found = found || section == wanted
			continue
		case section != wanted:
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		key, value = strings.Trim(key, " \t"), strings.Trim(value, " \t")
		if !ok {
			value = "true"
		}
		if key == "" {
			return fmt.Errorf("%s:%d: %q is not NAME = value", name, n, line)
		}
		if err := r.set(setting{fmt.Sprintf("%s:%d", name, n), key, value, false}); err != nil {
			return err
		}
	}
	if !found {
		r.warnings = append(r.warnings, fmt.Sprintf("%s: the file has no section [%s]", name, wanted))
	}
	return nil
}

// replaceMagic replaces %d and the other placeholders for the file and its directory.
func replaceMagic(text, file, section string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	full, err := filepath.Abs(file)
	if err != nil {
		full = file
	}
	base := filepath.Base(full)
	hostname, _ := os.Hostname()
	cwd, _ := os.Getwd()
	now := time.Now()
	values := map[byte]string{
		'o': file, 'O': file, 'p': full, 'P': full, 's': base, 'S': base, 'd': strings.TrimSuffix(filepath.Dir(full), "/") + "/",
		'D': strings.TrimSuffix(filepath.Dir(full), "/") + "/",
		'e': strings.TrimPrefix(filepath.Ext(base), "."), 'n': strings.TrimSuffix(base, filepath.Ext(base)),
		'c': filepath.Base(filepath.Dir(full)),
		'x': section, 'X': section, 'h': hostname, 'v': cwd, 't': strconv.FormatInt(now.Unix(), 10), 'T': strconv.FormatInt(now.UnixMicro(), 10),
		'u': strconv.Itoa(os.Getuid()), 'g': strconv.Itoa(os.Getgid()), 'V': "2.0", '%': "%", '(': "%(",
	}
	values['E'], values['N'], values['C'] = values['e'], values['n'], values['c']
	for i, part := range strings.Split(strings.Trim(filepath.Dir(full), "/"), "/") {
		if i < 10 {
			values['0'+byte(i)] = part
		}
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' || i+1 == len(text) || text[i+1] == '\n' {
			b.WriteByte(text[i])
			continue
		}
		i++
		b.WriteString(values[text[i]]) // unknown placeholders are removed
	}
	return b.String()
}

// substitute replaces %(option), $(VARIABLE) and @(file).
func (r *reader) substitute(s string) string {
	const rounds = 8
	for range rounds {
		before := s
		s = replaceEnclosed(s, "%(", func(name string) (string, bool) {
			r.used[name] = true
			v, ok := r.values[name]
			return v, ok
		})
		s = replaceEnclosed(s, "$(", r.env)
		s = replaceEnclosed(s, "@(", func(name string) (string, bool) {
			b, err := os.ReadFile(name)
			return strings.TrimRight(string(b), "\r\n\t "), err == nil
		})
		if s == before || len(s) > maxLength {
			break
		}
	}
	return s
}

// maxLength is the length in bytes at which no further placeholders are replaced.
const maxLength = 1 << 16

// replaceEnclosed replaces open...) by the result of value; a placeholder without a value is kept.
func replaceEnclosed(s, open string, value func(string) (string, bool)) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(s, open)
		name, rest, closed := strings.Cut(after, ")")
		if !ok || !closed || b.Len() > maxLength {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(before)
		if v, ok := value(name); ok {
			b.WriteString(v)
		} else {
			b.WriteString(open + name + ")")
		}
		s = rest
	}
}
