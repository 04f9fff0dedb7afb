package config

import (
	"fmt"
	"slices"
	"strings"
)

// CommandOption is an option that oslo.config and oslo.log add to the command line of a service.
type CommandOption struct {
	Name     string   // without the hyphens
	Short    string   // one letter, or ""
	Former   []string // former names, which are still accepted
	Value    string   // the kind of its value; "" for an option without value
	Usage    string   // "" for an option of earlier releases, which has no effect
	option   string   // the option of [DEFAULT] that it sets
	text     string   // the value that it sets, if it has none of its own
	finished bool     // it ends the service, and does not configure it
}

// CommandOptions returns the options of the command line, sorted by name. --version, --help and
// --shell_completion are not among them.
func CommandOptions() []CommandOption {
	return slices.DeleteFunc(commandOptions(), func(o CommandOption) bool { return o.finished })
}

func commandOptions() []CommandOption {
	options := []CommandOption{
		{Name: "config-dir", Value: "directory", option: "config_dir",
			Usage: "`directory` whose *.conf files are read at this place of the command line; may be repeated"},
		{Name: "config-file", Value: "file", option: "config_file",
			Usage: "configuration `file`; may be repeated, and later ones override earlier ones"},
		{Name: "help", Short: "h", finished: true},
		{Name: "log-config-append", Former: []string{"log-config", "log_config"}, Value: "file", option: "log_config_append",
			Usage: "as [DEFAULT] log_config_append: a `file`"},
		{Name: "log-date-format", Value: "format", option: "log_date_format", Usage: "as [DEFAULT] log_date_format: a `format` of strftime"},
		{Name: "log-dir", Former: []string{"logdir"}, Value: "directory", option: "log_dir", Usage: "as [DEFAULT] log_dir: a `directory`"},
		{Name: "log-file", Former: []string{"logfile"}, Value: "file", option: "log_file", Usage: "as [DEFAULT] log_file: a `file`"},
		{Name: "shell_completion", Value: "shell", finished: true},
		{Name: "syslog-log-facility", Value: "facility", option: "syslog_log_facility", Usage: "as [DEFAULT] syslog_log_facility: a `facility`"},
		{Name: "version", finished: true},
	}
	for _, name := range []string{"debug", "use-journal", "use-json", "use-syslog", "watch-log-file"} {
		option := strings.ReplaceAll(name, "-", "_")
		on := CommandOption{Name: name, option: option, text: "true", Usage: "as [DEFAULT] " + option + " = true"}
		if name == "debug" {
			on.Short = "d"
		}
		off := CommandOption{Name: "no" + name, option: option, text: "false", Usage: "as [DEFAULT] " + option + " = false"}
		if name == "watch-log-file" { // until 2025.1; the file of the log is always watched
			on.Usage, off.Usage = "", ""
		}
		options = append(options, on, off)
	}
	slices.SortFunc(options, func(a, b CommandOption) int { return strings.Compare(a.Name, b.Name) })
	return options
}

// argument is an option of a command line with its value.
type argument struct {
	option string // config_file, config_dir, or an option of [DEFAULT]
	value  string
}

// parseArguments parses a command line as Python's argparse does for oslo.config: long options may be
// shortened as long as they are unambiguous, letters without value may be joined. The error names
// the argument.
func parseArguments(args []string) ([]argument, error) {
	p := argumentParser{long: map[string]CommandOption{}, short: map[string]CommandOption{}}
	for _, o := range commandOptions() {
		for _, name := range append([]string{o.Name}, o.Former...) {
			p.long[name] = o
		}
		if o.Short != "" {
			p.short[o.Short] = o
		}
	}
	for p.rest = args; len(p.rest) > 0; {
		arg := p.rest[0]
		p.rest = p.rest[1:]
		var err error
		switch {
		case !isOption(arg) || arg == "--":
			p.unknown = append(p.unknown, arg)
			if arg == "--" {
				p.unknown, p.rest = append(p.unknown, p.rest...), nil
			}
		case strings.HasPrefix(arg, "--"):
			err = p.parseLong(arg)
		default:
			err = p.parseShort(arg)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(p.unknown) > 0 {
		return nil, fmt.Errorf("unrecognized arguments: %s", strings.Join(p.unknown, " "))
	}
	return p.found, nil
}

// isOption tells whether argparse takes an argument for an option, and not for a value.
func isOption(arg string) bool {
	if len(arg) < 2 || arg[0] != '-' || arg == "--" {
		return arg == "--"
	}
	name, _, valued := strings.Cut(arg, "=")
	if strings.Contains(arg, " ") && !(valued && strings.HasPrefix(name, "--") && !strings.Contains(name, " ")) {
		return false
	}
	digits := strings.Replace(arg[1:], ".", "", 1)
	return digits == "" || strings.Trim(digits, "0123456789") != ""
}

type argumentParser struct {
	long, short map[string]CommandOption
	rest        []string
	found       []argument
	unknown     []string
}

func (p *argumentParser) parseLong(arg string) error {
	name, value, valued := strings.Cut(arg[2:], "=")
	o, known := p.long[name]
	if !known {
		var matches []string
		for full := range p.long {
			if strings.HasPrefix(full, name) {
				matches = append(matches, "--"+full)
			}
		}
		slices.Sort(matches)
		if len(matches) > 1 {
			return fmt.Errorf("ambiguous option: %s could match %s", arg, strings.Join(matches, ", "))
		}
		if known = len(matches) == 1; known {
			o = p.long[matches[0][2:]]
		}
	}
	if !known {
		p.unknown = append(p.unknown, arg)
		return nil
	}
	return p.take(o, value, valued)
}

// parseShort parses letters, none of which has a value.
func (p *argumentParser) parseShort(arg string) error {
	if _, known := p.short[arg[1:2]]; !known {
		p.unknown = append(p.unknown, arg)
		return nil
	}
	var last CommandOption
	for letters := arg[1:]; letters != ""; letters = letters[1:] {
		o, known := p.short[letters[:1]]
		if !known {
			return p.take(last, letters, true)
		}
		if err := p.take(o, "", false); err != nil {
			return err
		}
		last = o
	}
	return nil
}

// take takes an option. value is its value, if valued.
func (p *argumentParser) take(o CommandOption, value string, valued bool) error {
	switch {
	case o.Value == "" && valued:
		return fmt.Errorf("argument %s: ignored explicit argument '%s'", o.allNames(), strings.TrimPrefix(value, "="))
	case o.Value == "" && !o.finished:
		value = o.text
	case o.Value != "" && !valued && (len(p.rest) == 0 || isOption(p.rest[0])):
		return fmt.Errorf("argument %s: expected one argument", o.allNames())
	case o.finished:
		return fmt.Errorf("argument %s: a service does not start with it", o.allNames())
	case !valued:
		value, p.rest = p.rest[0], p.rest[1:]
	}
	p.found = append(p.found, argument{o.option, value})
	return nil
}

// allNames returns the names of the option as argparse shows them.
func (o CommandOption) allNames() string {
	all := "--" + o.Name
	if o.Short != "" {
		all += "/-" + o.Short
	}
	for _, former := range o.Former {
		all += "/--" + former
	}
	return all
}

// names tells whether an argument, spelt in full, is among args. Only then does oslo.config not read the default files.
func names(args []string, option string) bool {
	return slices.ContainsFunc(args, func(arg string) bool { return arg == option || strings.HasPrefix(arg, option+"=") })
}
