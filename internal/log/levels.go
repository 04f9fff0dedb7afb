package log

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
)

var pythonLevels = map[string]zerolog.Level{
	"DEBUG": zerolog.DebugLevel, "INFO": zerolog.InfoLevel, "WARN": zerolog.WarnLevel, "WARNING": zerolog.WarnLevel,
	"ERROR": zerolog.ErrorLevel, "CRITICAL": zerolog.FatalLevel, "FATAL": zerolog.FatalLevel,
	"NOTSET": zerolog.TraceLevel, "TRACE": zerolog.TraceLevel,
}

// readLevels returns the level of the root logger and those of default_log_levels, longest names first. A level is a number, or
// a name in capitals. A logger without a level of its own has that of its parent.
func readLevels(cfg config.Log) (root zerolog.Level, levels []loggerLevel, err error) {
	root = zerolog.InfoLevel
	if cfg.Debug {
		root = zerolog.DebugLevel
	}
	for _, pair := range cfg.DefaultLogLevels {
		name, text, _ := strings.Cut(pair, "=")
		level, inherited, known := parseLevel(text)
		if !known {
			return root, levels, fmt.Errorf("default_log_levels: %q: %q is neither the name of a level nor a number", pair, text)
		}
		levels = slices.DeleteFunc(levels, func(l loggerLevel) bool { return l.name == name })
		switch {
		case name == "" && inherited:
			root = zerolog.TraceLevel
		case name == "":
			root = level
		case !inherited:
			levels = append(levels, loggerLevel{name, level})
		}
	}
	slices.SortStableFunc(levels, func(a, b loggerLevel) int { return len(b.name) - len(a.name) })
	return root, levels, nil
}

// parseLevel reads a level. A number between two levels stands for the higher one.
func parseLevel(text string) (level zerolog.Level, inherited, known bool) {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		level, known = pythonLevels[text]
		return level, text == "NOTSET", known
	}
	for l := zerolog.TraceLevel; l <= zerolog.FatalLevel; l++ {
		if _, number := levelName(l); n <= number {
			return l, n == 0, true
		}
	}
	return zerolog.Disabled, false, true
}

// levelOf returns the level of a logger.
func (f *formatter) levelOf(name string) zerolog.Level {
	for _, l := range f.levels {
		if strings.HasPrefix(name, l.name) && (len(name) == len(l.name) || name[len(l.name)] == '.') {
			return l.level
		}
	}
	return f.root
}

// lowest returns the level below which no logger writes.
func (f *formatter) lowest() zerolog.Level {
	level := f.root
	for _, l := range f.levels {
		level = min(level, l.level)
	}
	return level
}
