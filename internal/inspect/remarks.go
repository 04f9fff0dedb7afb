package inspect

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/middleware/sites"
	"github.com/nova-go/nova/paste"
)

// remarking returns a registry whose filters write the warnings to out that they otherwise write
// to the log of the service when it starts.
func remarking(c *config.Config, registry paste.Registry, out *logLines) paste.Registry {
	all := maps.Clone(registry)
	for name, f := range sites.Registry(middleware.Deps{Config: c, Log: zerolog.New(out).Level(zerolog.WarnLevel)}) {
		if all[name] != nil {
			all[name] = f
		}
	}
	return all
}

var (
	remarkPlace  = regexp.MustCompile(`^(/[^:]*):(\d+): (.*)`)
	remarkOption = regexp.MustCompile(`^option (\S+) (is not read.*)`)
)

// remarkFindings returns the warnings of filters, each once, with the place that they name: a
// line of another file, or an option of the paste file.
func remarkFindings(file string, remarks []string) []Finding {
	var list []Finding
	for i, text := range remarks {
		if slices.Contains(remarks[:i], text) {
			continue
		}
		one := Finding{Severity: "warning", Area: "paste", Message: text}
		if m := remarkPlace.FindStringSubmatch(text); m != nil {
			one.File, one.Message = m[1], m[3]
			one.Line, _ = strconv.Atoi(m[2])
		} else if m := remarkOption.FindStringSubmatch(text); m != nil {
			one.File, one.Option, one.Message = file, m[1], m[2]
			one.Section, one.Line = sectionWith(file, m[1])
		}
		list = append(list, one)
	}
	return list
}

// sectionWith returns the first section of filters in a paste file that has an option, and the
// line of the option.
func sectionWith(file, option string) (section string, line int) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", 0
	}
	for i, l := range strings.Split(string(text), "\n") {
		if header, ok := strings.CutPrefix(strings.TrimSpace(l), "["); ok {
			section, _, _ = strings.Cut(header, "]")
		}
		if at := strings.IndexAny(l, "=:"); at > 0 && strings.HasPrefix(section, "filter:") && strings.TrimSpace(l[:at]) == option {
			return section, i + 1
		}
	}
	return "", 0
}
