package middleware

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

// overrides reads the options of a paste section that override those of the configuration. It
// keeps the first error.
type overrides struct {
	global, local paste.Conf
	err           error
}

func (p *overrides) text(option string) (string, bool) {
	if v, ok := p.local[option]; ok {
		return v, true
	}
	v, ok := p.global[option]
	return v, ok
}

func (p *overrides) fail(option, value, kind string) {
	if p.err == nil {
		p.err = fmt.Errorf("option %s: %q is no %s", option, value, kind)
	}
}

func (p *overrides) str(option string, into *string) {
	if v, ok := p.text(option); ok {
		*into = v
	}
}

func (p *overrides) number(option string, into *int) {
	if v, ok := p.text(option); ok {
		n, err := strconv.Atoi(strings.TrimSpace(v))
		if err != nil {
			p.fail(option, v, "number")
			return
		}
		*into = n
	}
}

// seconds reads a number of seconds that is not negative; SAP's filters drop what follows a point.
func (p *overrides) seconds(option string, into *time.Duration) {
	if v, ok := p.text(option); ok {
		n, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if err != nil || !(n >= 0 && n < 1e6) {
			p.fail(option, v, "number of seconds")
			return
		}
		*into = time.Duration(n) * time.Second
	}
}

func (p *overrides) optionalNumber(option string, into **int) {
	if _, ok := p.text(option); ok {
		n := 0
		p.number(option, &n)
		*into = &n
	}
}

func (p *overrides) boolean(option string, into *bool) {
	if v, ok := p.text(option); ok {
		b, err := config.ParseBool(strings.TrimSpace(v))
		if err != nil {
			p.fail(option, v, "boolean")
			return
		}
		*into = b
	}
}

// quotedTrue reads a boolean of SAP's filters: "true" in any case, with quotes or without. It
// fails for what they take for false without being it.
func (p *overrides) quotedTrue(option string, into *bool) {
	if v, ok := p.text(option); ok {
		switch strings.ToLower(strings.NewReplacer(`'`, "", `"`, "").Replace(v)) {
		case "true":
			*into = true
		case "false", "":
			*into = false
		default:
			p.fail(option, v, "boolean (true or false)")
		}
	}
}

func (p *overrides) list(option string, into *[]string) {
	if v, ok := p.text(option); ok {
		*into = nil
		for item := range strings.SplitSeq(v, ",") {
			if item = strings.TrimSpace(item); item != "" {
				*into = append(*into, item)
			}
		}
	}
}

// unknownOptions logs a warning for each option of a paste section that a filter does not read.
func unknownOptions(local paste.Conf, log zerolog.Logger, known ...string) {
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
