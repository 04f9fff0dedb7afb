package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
)

// Sources names the sources of a configuration. The zero value reads Nova's default files with
// an empty environment.
type Sources struct {
	// Files are the --config-file arguments in order. Empty: api-paste.ini and
	// nova.conf, or OS_NOVA_CONFIG_FILES (separated by ";"), in
	// OS_NOVA_CONFIG_DIR (default /etc/nova). All of them must exist.
	Files []string
	// Dirs are the --config-dir arguments in order; the *.conf files of each are read in the
	// order of their names. They must exist. If Dirs is empty, the first existing nova.conf.d
	// and the first existing PROG.conf.d of ~/.nova, ~, /etc/nova and /etc are read.
	Dirs []string
	// Args are the arguments of a command line as oslo.config and oslo.log define them
	// (CommandOptions). They follow Files and Dirs. A file, a directory and a value override what is
	// to the left of them.
	Args []string
	// Env is the environment in the form of os.Environ. OS_GROUP__OPTION overrides the files.
	// For a MultiOpt it is the only value (oslo.config would split it into letters).
	Env []string
	// Prog is the name of the program for PROG.conf.d and for defaults that
	// contain it: nova-api-os-compute or nova-api-metadata.
	Prog string
	// Flags are option values from the command line; they override the environment. The last
	// value of an option is used.
	Flags []Flag
	// NoDefaults leaves out the default files and directories, so that only Files and Dirs are
	// read, for programs that run without /etc/nova.
	NoDefaults bool
}

// Flag is the value of an option from the command line, as text in the syntax
// of the configuration file.
type Flag struct {
	Group, Option, Value string
}

const (
	project          = "nova"
	defaultConfigDir = "/etc/nova"
)

// defaultFiles are the default files in Nova's order. It begins with api-paste.ini, so that the
// paste file is also read as configuration.
var defaultFiles = [...]string{"api-paste.ini", "nova.conf"}

func getenv(env []string, key string) (string, bool) {
	for _, kv := range slices.Backward(env) {
		if k, v, ok := strings.Cut(kv, "="); ok && k == key {
			return v, true
		}
	}
	return "", false
}

// readOrder returns the files in the order in which they are read; later files override earlier
// ones. As in oslo.config, the defaults are read before files of the command line: an explicit
// file overrides nova.conf.d, and an explicit directory replaces only the default directories.
// values are the values of the command line.
func (s *Sources) readOrder() (files []string, values map[ref]argumentValue, err error) {
	args, err := parseArguments(s.Args)
	if err != nil {
		return nil, nil, fmt.Errorf("command line: %w", err)
	}
	if len(s.Files) == 0 && !s.NoDefaults && !names(s.Args, "--config-file") {
		files = append(files, s.defaultFiles()...)
	}
	if len(s.Dirs) == 0 && !s.NoDefaults && !names(s.Args, "--config-dir") {
		for _, dir := range s.defaultDirs() {
			more, err := confFiles(dir)
			if err != nil {
				return nil, nil, err
			}
			files = append(files, more...)
		}
	}
	var all []argument
	for _, f := range s.Files {
		all = append(all, argument{"config_file", f})
	}
	for _, dir := range s.Dirs {
		all = append(all, argument{"config_dir", dir})
	}
	for _, a := range append(all, args...) {
		switch a.option {
		case "config_file":
			files = append(files, s.expand(a.value))
		case "config_dir":
			dir := a.value
			if dir != "" {
				dir = s.expand(dir)
			}
			if _, err := os.Stat(dir); err != nil {
				return nil, nil, fmt.Errorf("configuration directory %s: %w", dir, plainCause(err))
			}
			more, err := confFiles(dir)
			if err != nil {
				return nil, nil, err
			}
			files = append(files, more...)
		default:
			if values == nil {
				values = map[ref]argumentValue{}
			}
			values[ref{"DEFAULT", a.option}] = argumentValue{a.value, len(files)}
		}
	}
	return files, values, nil
}

// defaultFiles returns the files that Nova's WSGI applications read by default.
func (s *Sources) defaultFiles() []string {
	dir, ok := getenv(s.Env, "OS_NOVA_CONFIG_DIR")
	if !ok {
		dir = defaultConfigDir
	}
	dir = strings.TrimFunc(dir, isPySpace)
	names := defaultFiles[:]
	if v, _ := getenv(s.Env, "OS_NOVA_CONFIG_FILES"); v != "" {
		names = strings.Split(v, ";")
	}
	out := make([]string, len(names))
	for i, n := range names {
		if !filepath.IsAbs(n) {
			n = filepath.Join(dir, n)
		}
		out[i] = s.expand(n)
	}
	return out
}

// defaultDirs finds nova.conf.d and PROG.conf.d, each in the first directory that contains it.
func (s *Sources) defaultDirs() []string {
	var places []string
	if home := s.home(); home != "" {
		places = append(places, filepath.Join(home, "."+project), home)
	}
	places = append(places, filepath.Join("/etc", project), "/etc")
	for _, v := range []string{"SNAP_COMMON", "SNAP"} {
		if d, _ := getenv(s.Env, v); d != "" {
			places = append(places, filepath.Join(d, "etc", project))
		}
	}
	var out []string
	for _, name := range []string{project, s.Prog} {
		if name == "" {
			continue
		}
		for _, p := range places {
			dir := filepath.Join(p, name+".conf.d")
			if _, err := os.Stat(dir); err == nil {
				out = append(out, dir)
				break
			}
		}
	}
	return out
}

func (s *Sources) home() string {
	if h, ok := getenv(s.Env, "HOME"); ok {
		return h
	}
	if len(s.Env) > 0 {
		if u, err := user.Current(); err == nil {
			return u.HomeDir
		}
	}
	return ""
}

// expand makes a path absolute; a leading ~ means the home directory.
func (s *Sources) expand(p string) string {
	if p == "~" || strings.HasPrefix(p, "~/") {
		if h := s.home(); h != "" {
			p = filepath.Join(h, p[1:])
		}
	}
	if abs, err := filepath.Abs(p); err == nil {
		return abs
	}
	return p
}

// confFiles lists the *.conf files of a directory without hidden files, sorted by name.
func confFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir) // sorted
	if err != nil {
		return nil, fmt.Errorf("configuration directory %s: %w", dir, plainCause(err))
	}
	var out []string
	for _, e := range entries {
		if n := e.Name(); strings.HasSuffix(n, ".conf") && n[0] != '.' {
			out = append(out, filepath.Join(dir, n))
		}
	}
	return out, nil
}

// plainCause removes the operation and the path from a file error, because our messages name
// the path themselves.
func plainCause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// setting is one assignment with its position.
type setting struct {
	value string
	file  int // index into store.files
	line  int
}

// store contains the settings of all sources, independent of declared options.
type store struct {
	files  []string
	docs   []*parsed
	groups map[string]map[string][]setting // by folded group; settings in reading order
	env    map[string]string               // GROUP__OPTION in upper case -> value
	flags  map[ref]string
	args   map[ref]argumentValue
	prog   string
}

// argumentValue is a value of the command line.
type argumentValue struct {
	text  string
	files int // the number of files that are to the left of it, and that it overrides
}

// ref identifies an option. The group is folded.
type ref struct{ group, name string }

func (s Sources) read() (*store, error) {
	files, values, err := s.readOrder()
	if err != nil {
		return nil, err
	}
	st := &store{files: files, args: values, groups: map[string]map[string][]setting{}, prog: s.Prog}
	for i, path := range files {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("configuration file %s: %w", path, plainCause(err))
		}
		doc, err := parse(path, string(raw))
		if err != nil {
			return nil, err
		}
		st.docs = append(st.docs, doc)
		for _, e := range doc.entries {
			g := foldGroup(e.group)
			opts := st.groups[g]
			if opts == nil {
				opts = map[string][]setting{}
				st.groups[g] = opts
			}
			opts[e.key] = append(opts[e.key], setting{value: e.value, file: i, line: e.line})
		}
	}
	for _, kv := range s.Env {
		if k, v, ok := strings.Cut(kv, "="); ok && strings.HasPrefix(k, "OS_") && strings.Contains(k, "__") {
			if st.env == nil {
				st.env = map[string]string{}
			}
			st.env[k[len("OS_"):]] = v
		}
	}
	for _, f := range s.Flags {
		if st.flags == nil {
			st.flags = map[ref]string{}
		}
		st.flags[ref{foldGroup(f.Group), f.Option}] = f.Value
	}
	return st, nil
}

// foundSettings is the content of the sources for an option.
type foundSettings struct {
	texts  []string // one text, or several for MultiOpts
	origin Origin
	via    ref // the current or former name that was found
}

// lookup finds an option under its name or one of its former names. Within a file the current
// name takes precedence over former ones; a later file takes precedence over an earlier one,
// whatever the name. MultiOpts return the assignments of all files.
func (st *store) lookup(r ref, old []ref, all bool) (foundSettings, bool) {
	if v, ok := st.flags[r]; ok {
		return foundSettings{[]string{v}, Origin{Kind: FromFlag}, r}, true
	}
	// Where a file sets an option too, oslo.config prefers the environment to the command line.
	arg, given := st.args[r]
	last := -1
	if given {
		last = st.lastFile(r, old)
	}
	if given && last < 0 {
		return foundSettings{[]string{arg.text}, Origin{Kind: FromFlag}, r}, true
	}
	if len(st.env) > 0 {
		key := strings.ToUpper(r.group) + "__" + strings.ToUpper(r.name)
		if v, ok := st.env[key]; ok {
			return foundSettings{[]string{v}, Origin{Kind: FromEnv, Name: "OS_" + key}, r}, true
		}
	}
	if given && last < arg.files {
		return foundSettings{[]string{arg.text}, Origin{Kind: FromFlag}, r}, true
	}
	if all {
		return st.lookupAll(r, old)
	}
	var best *setting
	var via ref
	consider := func(r ref) {
		if list := st.groups[r.group][r.name]; len(list) > 0 {
			if last := &list[len(list)-1]; best == nil || last.file > best.file {
				best, via = last, r
			}
		}
	}
	consider(r)
	for _, o := range old {
		consider(o)
	}
	if best == nil {
		return foundSettings{}, false
	}
	return foundSettings{[]string{best.value}, st.origin(*best), via}, true
}

// lastFile returns the index of the last file that sets an option under one of its names, or -1.
func (st *store) lastFile(r ref, old []ref) int {
	last := -1
	for _, name := range append([]ref{r}, old...) {
		for _, s := range st.groups[name.group][name.name] {
			last = max(last, s.file)
		}
	}
	return last
}

func (st *store) lookupAll(r ref, old []ref) (foundSettings, bool) {
	var f foundSettings
	var last setting
	for i := range st.files {
		// Within a file oslo.config puts the values of former names first, in reverse order of
		// their declaration.
		for _, o := range slices.Backward(old) {
			f.collect(st.groups[o.group][o.name], i, o, &last)
		}
		f.collect(st.groups[r.group][r.name], i, r, &last)
	}
	f.origin = st.origin(last)
	return f, len(f.texts) > 0
}

func (f *foundSettings) collect(list []setting, file int, r ref, last *setting) {
	for _, s := range list {
		if s.file == file {
			f.texts = append(f.texts, s.value)
			f.via, *last = r, s
		}
	}
}

func (st *store) origin(s setting) Origin {
	if s.line == 0 {
		return Origin{}
	}
	return Origin{Kind: FromFile, File: st.files[s.file], Line: s.line}
}
