package db

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
)

// optionFile has the options of one group of a MySQL option file (my.cnf) as PyMySQL reads it: with
// Python's configparser, so that !include is not followed, and "-" and "_" are the same in names.
type optionFile map[string]string

// readOptionFile reads a group and, below it, the group DEFAULT. As with configparser, a file that
// cannot be opened is empty, and a file that cannot be parsed is an error.
func readOptionFile(file, group string) (optionFile, error) {
	content, err := os.ReadFile(expandUser(file))
	if err != nil {
		return nil, nil
	}
	r := optionReader{groups: map[string]optionFile{}, seen: map[[2]string]bool{}}
	for i, line := range strings.Split(string(content), "\n") {
		if err := r.line(line); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
		}
	}
	if r.groups[group] == nil {
		return nil, nil
	}
	options := optionFile{}
	for _, name := range []string{"DEFAULT", group} {
		for key, value := range r.groups[name] {
			options[key] = unquoteOption(strings.TrimRight(value, " \t\r\n"))
		}
	}
	return options, nil
}

// optionReader reads an option file line by line.
type optionReader struct {
	groups map[string]optionFile
	seen   map[[2]string]bool // group and option, also of options without a value
	group  optionFile         // nil: before the first group
	name   string             // of group
	option string             // the last one, which an indented line continues; "": none
	indent int
}

func (r *optionReader) line(line string) error {
	text := strings.TrimSpace(line)
	if text == "" || strings.HasPrefix(text, "#") || strings.HasPrefix(text, ";") {
		return nil
	}
	indent := len(line) - len(strings.TrimLeft(line, " \t"))
	if r.group != nil && r.option != "" && indent > r.indent {
		if _, ok := r.group[r.option]; !ok {
			return fmt.Errorf("a line continues the option %s, which has no value", r.option)
		}
		r.group[r.option] += "\n" + text
		return nil
	}
	r.indent = indent
	if end := strings.LastIndexByte(text, ']'); text[0] == '[' && end > 1 {
		name := text[1:end]
		if r.groups[name] != nil && name != "DEFAULT" {
			return fmt.Errorf("the group [%s] is there twice", name)
		}
		if r.groups[name] == nil {
			r.groups[name] = optionFile{}
		}
		r.group, r.name, r.option = r.groups[name], name, ""
		return nil
	}
	if r.group == nil {
		return fmt.Errorf("there is no group before %q", text)
	}
	name, value, has := text, "", false
	if i := strings.IndexAny(text, "=:"); i >= 0 {
		name, value, has = text[:i], strings.TrimSpace(text[i+1:]), true
	}
	r.option = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), "_", "-")
	if r.option == "" {
		return errors.New("an option has no name")
	}
	if r.seen[[2]string{r.name, r.option}] {
		return fmt.Errorf("the option %s is there twice", r.option)
	}
	r.seen[[2]string{r.name, r.option}] = true
	if has {
		r.group[r.option] = value
	}
	return nil
}

// unquoteOption removes one pair of single quotes, or one of double quotes.
func unquoteOption(value string) string {
	for _, quote := range []string{"'", `"`} {
		if len(value) >= 2 && strings.HasPrefix(value, quote) && strings.HasSuffix(value, quote) {
			return value[1 : len(value)-1]
		}
	}
	return value
}

// expandUser replaces ~ and ~NAME at the beginning of a path by a home directory.
func expandUser(path string) string {
	if !strings.HasPrefix(path, "~") {
		return path
	}
	name, rest, _ := strings.Cut(path[1:], "/")
	home := ""
	if name == "" {
		home, _ = os.UserHomeDir()
	} else if u, err := user.Lookup(name); err == nil {
		home = u.HomeDir
	}
	if home == "" {
		return path
	}
	return filepath.Join(home, rest)
}
