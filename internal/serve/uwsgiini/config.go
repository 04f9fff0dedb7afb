package uwsgiini

import (
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Listener is a socket that the file describes.
type Listener struct {
	Protocol string // http, https, uwsgi, fcgi or scgi
	// Address is "host:port", ":port", "unix:/path", or "unix:@name" for an
	// abstract socket.
	Address string
	// Router says that it is one of uWSGI's routers, to which chown-socket does not apply (http, https).
	Router bool `json:",omitempty"`
	// CertFile, KeyFile and ClientCAFile are set for https.
	CertFile, KeyFile, ClientCAFile string

	name string // the address as the file names it
}

// Stats is where uWSGI's statistics are served.
type Stats struct {
	Address  string // as in Listener; "": nowhere
	HTTP     bool   `json:",omitempty"` // an HTTP header precedes them
	Minified bool   `json:",omitempty"`
	NoCores  bool   `json:",omitempty"`
}

// The applications that a file can name.
const (
	Compute  = "osapi_compute"
	Metadata = "metadata"
)

// Config is the content of a command line and its files.
type Config struct {
	Files     []string // the files that were read, in order
	App       string   // Compute, Metadata, or "" if none is named
	Listeners []Listener
	// SocketMode is the mode of unix sockets; 0 if not set.
	SocketMode fs.FileMode
	// SocketOwner is chown-socket: "user" or "user:group", by name or number.
	SocketOwner string `json:",omitempty"`
	// SocketsAsRoot says that sockets stay with the user that starts the process (master-as-root and the like).
	SocketsAsRoot bool          `json:",omitempty"`
	Backlog       int           // listen; 0 if not set
	Timeout       time.Duration // socket-timeout or http-timeout; 0 if not set
	Drain         time.Duration // worker-reload-mercy or reload-mercy; 0 if not set
	Env           []string      // "NAME=value", in order
	Unset         []string      // names of variables to remove from the environment
	Args          []string      // the last pyargv, split at blanks
	Header        http.Header   // add-header
	UID, GID      string        // names or numbers
	AddGroups     []string      `json:",omitempty"` // add-gid: names or numbers
	NoInitGroups  bool          `json:",omitempty"` // the process does not get the other groups of its user
	Priority      int           `json:",omitempty"` // prio: the nice value
	MaxFiles      int           `json:",omitempty"` // max-fd: the limit of open files; 0 if not set
	Umask         *int          `json:",omitempty"`
	EnvDirs       []string      `json:",omitempty"` // envdir: each file is a variable, its first line the value
	Dir           string        // chdir
	Pidfile       string        // pidfile: written before the process changes its user and its directory
	// Pidfile2, SafePidfile and SafePidfile2 are written by the user of the process, the latter two when it serves.
	Pidfile2     string        `json:",omitempty"`
	SafePidfile  string        `json:",omitempty"`
	SafePidfile2 string        `json:",omitempty"`
	Vacuum       bool          `json:",omitempty"` // the files of the process are removed when it ends
	Commands     []Command     `json:",omitempty"` // exec-* and hook-*
	Harakiri     time.Duration `json:",omitempty"` // time after which the connection of a request is closed; 0: never
	LimitPost    int64         `json:",omitempty"` // the largest body of a request in bytes; 0: no limit
	Stats        Stats         `json:",omitzero"`
	MasterFIFO   []string      `json:",omitempty"` // paths of named pipes that take commands; the first one is used
	Reload       []string      `json:",omitempty"` // files whose modification time has the process reload (touch-reload)
	// Daemonize is the log of a process that leaves the terminal at once, Daemonize2 that of one that leaves it when it serves; "": it
	// stays.
	Daemonize  string `json:",omitempty"`
	Daemonize2 string `json:",omitempty"`
	NeedApp    bool   // need-app: the process ends if no application can be loaded
	Log        Log
	Warnings   []string // "file:line: text"

	requests RequestFilter
	abstract bool // abstract-socket
	master   bool // uWSGI has a master process
	lazy     bool // uWSGI's workers load the application (lazy-apps, lazy)
}

// Pidfiles returns the paths of all pid files.
func (c *Config) Pidfiles() []string {
	return slices.DeleteFunc([]string{c.Pidfile, c.Pidfile2, c.SafePidfile, c.SafePidfile2}, func(path string) bool { return path == "" })
}

// setting is an option with its position.
type setting struct {
	where, key, value string
	off               bool // a flag with a value such as false: the flag is not set, even if it was before
}

func (s setting) errorf(format string, args ...any) error {
	return fmt.Errorf("%s: %s: %s", s.where, s.key, fmt.Sprintf(format, args...))
}

// isConditional reports whether an option makes other options conditional.
func isConditional(key string) bool {
	for _, p := range []string{"if-", "if", "for", "for-", "end", "endif", "endfor", "else"} {
		if key == p || strings.HasSuffix(p, "-") && strings.HasPrefix(key, p) {
			return true
		}
	}
	return false
}

// interpret builds a Config from settings. used are the names that the files use as placeholders.
func interpret(c *Config, settings []setting, options map[string]Option, used map[string]bool) error {
	c.Header, c.requests = http.Header{}, RequestFilter{All: true}
	protocol, err := protocolOf(settings)
	if err != nil {
		return err
	}
	strict := slices.ContainsFunc(settings, func(s setting) bool { return s.key == "strict" && !s.off })
	said := map[string]bool{}
	for _, s := range settings {
		o, known := options[s.key]
		if o.Treatment == "refused" {
			return s.errorf("%s", o.Reason)
		}
		if s.off {
			continue
		}
		if err := c.apply(s, protocol); err != nil {
			return err
		}
		switch {
		case !known && strict: // even if its value is used as a placeholder
			return fmt.Errorf("%s: %s is not an option of uWSGI, and strict is set", s.where, s.key)
		case !known && used[s.key]:
		case !known:
			c.Warnings = append(c.Warnings, fmt.Sprintf("%s: %s is not an option of uWSGI", s.where, s.key))
		case o.Treatment == "said" && !said[s.key]:
			said[s.key] = true
			c.Warnings = append(c.Warnings, fmt.Sprintf("%s: %s is left out: %s", s.where, s.key, o.Reason))
		}
	}
	c.setMaster(settings, options)
	if c.Daemonize != "" && !c.Log.Logger { // in the place of logto, in whatever order they stand
		c.Log.File, c.Log.Late = c.Daemonize, false
	}
	if c.abstract {
		c.makeAbstract()
	}
	if c.requests != (RequestFilter{}) {
		c.Log.Requests = &c.requests
	}
	return nil
}

// makeAbstract moves the unix sockets to Linux's abstract namespace.
func (c *Config) makeAbstract() {
	for i, l := range c.Listeners {
		if path, isPath := strings.CutPrefix(l.Address, "unix:"); isPath && !strings.HasPrefix(path, "@") {
			c.Listeners[i].Address = "unix:@" + path
		}
	}
}

// protocolOf returns the protocol of sockets without one of their own. The option also applies to sockets before it.
func protocolOf(settings []setting) (string, error) {
	protocol := "uwsgi"
	for _, s := range settings {
		if s.key == "protocol" || s.key == "socket-protocol" {
			p, ok := map[string]string{"uwsgi": "uwsgi", "http": "http", "http11": "http", "fastcgi": "fcgi", "scgi": "scgi"}[s.value]
			if !ok {
				return "", s.errorf("the protocol %q is not served", s.value)
			}
			protocol = p
		}
	}
	return protocol, nil
}

// apply applies one setting.
func (c *Config) apply(s setting, protocol string) error {
	for _, of := range []func(s setting, protocol string) (bool, error){c.applySocket, c.applyProcess, c.applyFiles, c.applyRequest,
		c.applyCommand, c.applyApplication, c.applyLog} {
		if done, err := of(s, protocol); done || err != nil {
			return err
		}
	}
	return nil
}

// applySocket applies a setting about sockets; done is false for other settings.
func (c *Config) applySocket(s setting, protocol string) (done bool, err error) {
	switch s.key {
	case "socket", "s":
		return true, c.listen(s, protocol)
	case "uwsgi-socket":
		return true, c.listen(s, "uwsgi")
	case "http", "httprouter", "http-socket", "http11-socket":
		return true, c.listen(s, "http")
	case "https", "https-socket", "https2":
		return true, c.listen(s, "https")
	case "fastcgi-socket":
		return true, c.listen(s, "fcgi")
	case "scgi-socket":
		return true, c.listen(s, "scgi")
	case "abstract-socket", "a":
		c.abstract = true
	case "chmod-socket", "C", "chmod":
		if s.value == "" || s.value == "true" {
			c.SocketMode = 0o666
			return true, nil
		}
		c.SocketMode, err = s.mode()
	case "chown-socket":
		c.SocketOwner = s.value
	case "master-as-root", "drop-after-init", "drop-after-apps":
		c.SocketsAsRoot = true
	case "listen", "l":
		c.Backlog, err = s.number()
	case "socket-timeout", "http-timeout", "so-timeout":
		return true, s.seconds(&c.Timeout)
	default:
		return false, nil
	}
	return true, err
}

// applyProcess applies a setting about the process; done is false for other settings.
func (c *Config) applyProcess(s setting, _ string) (done bool, err error) {
	switch s.key {
	case "worker-reload-mercy", "reload-mercy":
		return true, s.seconds(&c.Drain)
	case "env":
		if !strings.Contains(s.value, "=") {
			return true, s.errorf("%q is not NAME=value", s.value)
		}
		c.Env = append(c.Env, s.value)
	case "lazy-apps", "lazy":
		c.lazy = true
	case "unenv":
		c.Unset = append(c.Unset, s.value)
	case "uid", "immediate-uid":
		c.UID = s.value
	case "gid", "immediate-gid":
		c.GID = s.value
	case "no-initgroups":
		c.NoInitGroups = true
	case "prio":
		c.Priority, err = strconv.Atoi(s.value)
	case "max-fd":
		c.MaxFiles, err = s.number()
	case "chdir", "cd":
		c.Dir = s.value
	case "add-gid":
		c.AddGroups = append(c.AddGroups, s.value)
	case "umask":
		mask, err := s.mode()
		c.Umask = new(int(mask))
		return true, err
	case "envdir", "early-envdir":
		c.EnvDirs = append(c.EnvDirs, s.value)
	default:
		return false, nil
	}
	return true, err
}

// applyFiles applies a setting about the files of the process; done is false for other settings.
func (c *Config) applyFiles(s setting, _ string) (done bool, err error) {
	switch s.key {
	case "pidfile":
		c.Pidfile = s.value
	case "pidfile2":
		c.Pidfile2 = s.value
	case "safe-pidfile":
		c.SafePidfile = s.value
	case "safe-pidfile2":
		c.SafePidfile2 = s.value
	case "daemonize", "d":
		c.Daemonize = s.value
	case "daemonize2":
		c.Daemonize2 = s.value
	case "vacuum":
		c.Vacuum = true
	case "touch-reload", "touch-workers-reload", "touch-chain-reload", "fs-reload", "fs-brutal-reload":
		c.Reload = append(c.Reload, s.value)
	case "master-fifo":
		c.MasterFIFO = append(c.MasterFIFO, s.value)
	case "stats", "stats-server":
		c.Stats.Address, err = s.address(s.value)
	case "stats-http":
		c.Stats.HTTP = true
	case "stats-minified", "stats-min":
		c.Stats.Minified = true
	case "stats-no-cores":
		c.Stats.NoCores = true
	default:
		return false, nil
	}
	return true, err
}

// applyRequest applies a setting that limits requests; done is false for other settings.
func (c *Config) applyRequest(s setting, _ string) (done bool, err error) {
	var n int
	switch s.key {
	case "harakiri", "t":
		n, err = s.number()
		c.Harakiri = time.Duration(n) * time.Second
	case "limit-post":
		n, err = s.number()
		c.LimitPost = int64(n)
	default:
		return false, nil
	}
	return true, err
}

// applyApplication applies a setting about the application; done is false for other settings.
func (c *Config) applyApplication(s setting, _ string) (done bool, err error) {
	switch s.key {
	case "pyargv":
		c.Args = strings.FieldsFunc(s.value, func(r rune) bool { return r == ' ' || r == '\t' })
	case "add-header":
		name, value, ok := strings.Cut(s.value, ":")
		if !ok {
			return true, s.errorf("%q is not NAME: value", s.value)
		}
		c.Header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	case "need-app":
		c.NeedApp = s.value != "false"
	case "module", "wsgi", "w", "wsgi-file", "file":
		app := appOf(s.value)
		if app == "" {
			return true, s.errorf("%q is none of Nova's applications "+
				"(nova.wsgi.osapi_compute, nova.wsgi.metadata, nova-api-wsgi, nova-metadata-wsgi)", s.value)
		}
		if c.App != "" && c.App != app {
			return true, s.errorf("%s is named already, and one process hosts one application", c.App)
		}
		c.App = app
	default:
		return false, nil
	}
	return true, nil
}

// appOf returns the application of a module or of a script.
func appOf(name string) string {
	if !strings.HasPrefix(name, "nova.wsgi.") {
		name = path.Base(name)
	}
	name, _, _ = strings.Cut(name, ":")
	switch strings.TrimSuffix(name, ".py") {
	case "nova.wsgi.osapi_compute", "osapi_compute", "nova-api-wsgi", "nova_api_wsgi", "nova-api-os-compute",
		"nova-os-compute-api", "nova-api":
		return Compute
	case "nova.wsgi.metadata", "metadata", "nova-metadata-wsgi", "nova_metadata_wsgi", "nova-api-metadata", "nova-metadata":
		return Metadata
	}
	return ""
}

func (s setting) mode() (fs.FileMode, error) {
	mode, err := strconv.ParseUint(s.value, 8, 9)
	if err != nil {
		return 0, s.errorf("%q is not a mode", s.value)
	}
	return fs.FileMode(mode), nil
}

func (s setting) number() (int, error) {
	n, err := strconv.Atoi(s.value)
	if err != nil || n < 0 {
		return 0, s.errorf("%q is not a number", s.value)
	}
	return n, nil
}

func (s setting) seconds(d *time.Duration) error {
	n, err := s.number()
	if err == nil {
		*d = max(*d, time.Duration(n)*time.Second)
	}
	return err
}
