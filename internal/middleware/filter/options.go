package filter

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/paste"
)

// Options reads the options of a paste section that override those of the configuration. It
// keeps the first error.
type Options struct {
	Global, Local paste.Conf
	Err           error
}

func (p *Options) text(option string) (string, bool) {
	if v, ok := p.Local[option]; ok {
		return v, true
	}
	v, ok := p.Global[option]
	return v, ok
}

// Fail keeps the error that a value is no KIND, unless there is one already.
func (p *Options) Fail(option, value, kind string) {
	if p.Err == nil {
		p.Err = fmt.Errorf("option %s: %q is no %s", option, value, kind)
	}
}

// String reads an option as it stands.
func (p *Options) String(option string, into *string) {
	if v, ok := p.text(option); ok {
		*into = v
	}
}

// Number reads an integer.
func (p *Options) Number(option string, into *int) {
	if v, ok := p.text(option); ok {
		n, err := strconv.Atoi(strings.TrimSpace(v))
		if err != nil {
			p.Fail(option, v, "number")
			return
		}
		*into = n
	}
}

// Seconds reads a number of seconds that is not negative; SAP's filters drop what follows a point.
func (p *Options) Seconds(option string, into *time.Duration) {
	if v, ok := p.text(option); ok {
		n, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if err != nil || !(n >= 0 && n < 1e6) {
			p.Fail(option, v, "number of seconds")
			return
		}
		*into = time.Duration(n) * time.Second
	}
}

// OptionalNumber reads an integer; without the option, *into does not change.
func (p *Options) OptionalNumber(option string, into **int) {
	if _, ok := p.text(option); ok {
		n := 0
		p.Number(option, &n)
		*into = &n
	}
}

// Boolean reads a boolean of oslo.config.
func (p *Options) Boolean(option string, into *bool) {
	if v, ok := p.text(option); ok {
		b, err := config.ParseBool(strings.TrimSpace(v))
		if err != nil {
			p.Fail(option, v, "boolean")
			return
		}
		*into = b
	}
}

// QuotedTrue reads a boolean of SAP's filters: "true" in any case, with quotes or without. It
// fails for what they take for false without being it.
func (p *Options) QuotedTrue(option string, into *bool) {
	if v, ok := p.text(option); ok {
		switch strings.ToLower(strings.NewReplacer(`'`, "", `"`, "").Replace(v)) {
		case "true":
			*into = true
		case "false", "":
			*into = false
		default:
			p.Fail(option, v, "boolean (true or false)")
		}
	}
}

// List reads a list whose elements are separated by commas.
func (p *Options) List(option string, into *[]string) {
	if v, ok := p.text(option); ok {
		*into = nil
		for item := range strings.SplitSeq(v, ",") {
			if item = strings.TrimSpace(item); item != "" {
				*into = append(*into, item)
			}
		}
	}
}

// WarnUnknown logs a warning for each option of a paste section that a filter does not read.
func WarnUnknown(local paste.Conf, log zerolog.Logger, known ...string) {
	for _, option := range slices.Sorted(maps.Keys(local)) {
		if slices.Contains(known, option) {
			continue
		}
		hint, name := "", config.Nearest(option, known)
		if i := slices.IndexFunc(known, func(k string) bool { return strings.HasSuffix(k, "_"+option) }); name == "" && i >= 0 {
			name = known[i] // the watcher's documents leave "target_" out
		}
		if name != "" {
			hint = "; did you mean " + name + "?"
		}
		log.Warn().Msgf("option %s is not read%s", option, hint)
	}
}
