package middleware

import (
	"fmt"
	"strconv"
	"strings"

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
