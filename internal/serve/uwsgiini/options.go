package uwsgiini

import (
	_ "embed"
	"strings"
)

// optionTable is options.txt: a line per option of uWSGI 2.0.31 and of its plugins. After the name follow "flag" (no value),
// "value", or "maybe" (optional value), and the treatment with the key of its reason: "done"; "none" (there is nothing to
// do); "said" (its effect is missing, which a warning says); "refused" (an error). "master" at the end says that the option
// gives uWSGI a master process.
//
//go:embed options.txt
var optionTable string

// Option is an option of uWSGI.
type Option struct {
	Name      string
	Kind      string // flag, value or maybe
	Treatment string // done, none, said or refused
	Reason    string // why; "" for done
	Master    bool   // uWSGI has a master process with this option
}

// Options returns the options of uWSGI by name, with hyphens in the place of underscores.
func Options() map[string]Option {
	all := make(map[string]Option, 1100)
	for line := range strings.Lines(optionTable) {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		kind, rest, _ := strings.Cut(rest, " ")
		rest, master := strings.CutSuffix(rest, " master")
		treatment, key, _ := strings.Cut(rest, ":")
		o := Option{Name: strings.ReplaceAll(name, "_", "-"), Kind: kind, Treatment: treatment, Reason: reasons[rest], Master: master}
		if o.Reason == "" {
			o.Reason = reasons[key]
		}
		all[o.Name] = o
	}
	return all
}

// reasons are the reasons of options.txt, by their key.
var reasons = map[string]string{
	// none
	"application": "Nova's application does not use it, or has its own",
	"limits":      "the limits of listeners are fixed, and the system chooses the sizes of buffers",
	"name":        "the process keeps its name",
	"others":      "the process always behaves so, or does not need it",
	"plugins":     "no plugin is needed",
	"processes":   "one process uses all cores, and never needs to be replaced because of its age or its size",
	"python":      "there is no Python",
	"shared":      "it is memory for Python applications that ask for it, and Nova's do not",
	"static":      "no files are served",
	// said
	"applications": "applications and files other than Nova's are not served",
	"mount":        "applications are not mounted; the front server says the prefix",
	"functions":    "there are no functions of uWSGI's plugins to call",
	"headers":      "headers are only added",
	"instances":    "one process serves, and announces itself to no other",
	"isolation":    "systemd or the container isolates the process",
	"log":          "lines are written to files as they are; logrotate, [DEFAULT] log_rotation_type and use_syslog do the rest",
	"metrics":      "stats and Prometheus have metrics, and they are sent nowhere",
	"process":      "this property of the process or of its sockets is not changed",
	"router":       "the application is served directly, without a router between",
	"routes":       "requests are not routed, and answers not replaced",
	"stage":        "there is no such stage here",
	"start":        "the start does not wait for it",
	"tasks":        "no tasks, daemons or alarms are run; systemd runs them",
	// refused
	"command":    "this command is not supported",
	"conditions": "conditions and loops are not supported",
	"files":      "only ini files can be read",
	"protocol":   "this kind of socket is not served",
}
