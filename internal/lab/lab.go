//go:build unix

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"github.com/nova-go/nova/internal/release"
)

// ports are the names of the listening addresses; the index of a name is added to the lab's
// first port. The lab does not use the last two: they are for the nova-api and nova-metadata of
// this repository. The first of these is the compute endpoint of the region Ours in the
// catalog.
var ports = []string{
	"mariadb", "epmd", "rabbitmq", "rabbitmq-nodes", "memcached",
	"keystone", "glance", "placement", "neutron", "cinder",
	"nova-api", "nova-metadata", "ours", "ours-metadata",
}

// neighbourPorts are the further listeners of a lab without clusters, see neighbours.go.
var neighbourPorts = []string{"manila", "cyborg", "ironic", "barbican"}

const (
	firstPort        = 21000       // default of LAB_PORT_BASE in the lab of the newest release
	settings         = "lab.json"  // file with the settings of a lab, in its directory
	region           = "RegionOne" // the region of all services
	oursRegion       = "Ours"      // the region whose compute endpoint is this repository's nova-api
	password         = "secret"    // the password of all users
	guestsExpression = "^guest-"   // regular expression for the names of servers with metadata
	adminUser        = "admin"     // user and project
	loopback         = "127.0.0.1" // the address of all listeners
	firstHost        = "compute-1" // see hosts
	otherHost        = "compute-2" // the destination of moves
)

// Lab is an OpenStack on loopback with its directories and ports. Templates below etc/ and the
// commands of services use its fields and methods.
type Lab struct {
	Dir          string          // absolute path of configuration, logs, databases
	Release      release.Release // the release of Nova
	Venv         string          // absolute path of the Python environment with Nova
	ServicesVenv string          // that of Keystone, Glance, Placement, Neutron and Cinder; may be the same
	OthersVenv   string          // that of the services in neighbours.go
	Neighbours   []string        // the names of the neighbours that were started in addition, see neighbours.go
	Base         int             // the first port
	Upgraded     bool            // Nova was upgraded from another release
	HA           bool            // it has clusters, see ha.go
	Linked       bool            // the addresses of neighbours are those of their links, see throughLinks

	user, group string // the user and group that the services run as

	mu     sync.Mutex
	client *client // nil before the first login
}

// stored is the content of the file with the settings of a lab.
type stored struct {
	Release      string `json:"release"`
	Venv         string `json:"venv"`
	ServicesVenv string `json:"services_venv"`
	Base         int    `json:"port_base"`
	Upgraded     bool   `json:"upgraded,omitempty"`
	HA           bool   `json:"ha,omitempty"`
	// Neighbours are the names of further services, which are in the environment OthersVenv.
	Neighbours []string `json:"neighbours,omitempty"`
	OthersVenv string   `json:"neighbours_venv,omitempty"`
}

// newLab finds the lab that the environment names: LAB_RELEASE is its release, LAB its directory
// (default .lab beside go.mod, or a directory below it for an older release or with LAB_HA),
// LAB_PORT_BASE its first port, LAB_VENV its Python environment with Nova, LAB_SERVICES_VENV that
// with the other services, LAB_NEIGHBOURS_VENV that with the services in neighbours.go; LAB_HA selects
// the lab with clusters. The defaults are the values at the last start of the lab.
func newLab(getenv func(string) string) (*Lab, error) {
	wanted, id, ha := newest(), getenv("LAB_RELEASE"), getenv("LAB_HA") != ""
	if id != "" {
		var err error
		if wanted, err = releaseOf(id); err != nil {
			return nil, fmt.Errorf("LAB_RELEASE: %w", err)
		}
	}
	if ha && wanted != newest() {
		return nil, fmt.Errorf("LAB_HA is for %s, and LAB_RELEASE is %s", newest().ID, id)
	}
	dir, environments, err := directories(getenv("LAB"), wanted, ha)
	if err != nil {
		return nil, err
	}
	me, err := user.Current()
	if err != nil {
		return nil, err
	}
	group, err := user.LookupGroupId(me.Gid)
	if err != nil {
		return nil, err
	}
	l := &Lab{Dir: dir, Release: wanted, Venv: filepath.Join(environments, venvName(wanted)),
		ServicesVenv: filepath.Join(environments, venvName(newest())), OthersVenv: filepath.Join(environments, "venv-neighbours"),
		Base: defaultPort(wanted), HA: ha,
		user: me.Username, group: group.Name}
	if ha {
		l.Base = firstHAPort
	}
	if err := l.recall(); err != nil {
		return nil, err
	}
	if id != "" && l.Release != wanted {
		return nil, fmt.Errorf("LAB_RELEASE is %s, but the lab in %s is of %s: unset LAB_RELEASE, or choose another directory with LAB",
			id, dir, l.Release.ID)
	}
	if ha && !l.HA {
		return nil, fmt.Errorf("LAB_HA is set, but the lab in %s has no clusters: choose another directory with LAB", dir)
	}
	if err := l.setVenvs(getenv("LAB_VENV"), getenv("LAB_SERVICES_VENV")); err != nil {
		return nil, err
	}
	if others := getenv("LAB_NEIGHBOURS_VENV"); others != "" {
		if l.OthersVenv, err = filepath.Abs(others); err != nil {
			return nil, err
		}
	}
	return l, l.setPorts(getenv("LAB_PORT_BASE"))
}

// setVenvs sets the Python environments to the given directories; empty ones stay.
func (l *Lab) setVenvs(nova, services string) error {
	var err error
	if nova != "" {
		if l.Venv, err = filepath.Abs(nova); err != nil {
			return err
		}
		if l.Release == newest() {
			l.ServicesVenv = l.Venv
		}
	}
	if services != "" {
		if l.ServicesVenv, err = filepath.Abs(services); err != nil {
			return err
		}
	}
	if l.Venv == l.ServicesVenv && l.Release != newest() {
		return fmt.Errorf("LAB_VENV is for Nova of %s and LAB_SERVICES_VENV for services of %s, but both are %s",
			l.Release.ID, newest().ID, l.Venv)
	}
	return nil
}

// setPorts sets the first port, if it is given.
func (l *Lab) setPorts(first string) error {
	if first == "" {
		return nil
	}
	n, err := strconv.Atoi(first)
	if err != nil || n < 1024 || n+len(l.listeners()) > 65535 {
		return fmt.Errorf("LAB_PORT_BASE is %q, not a port from 1024 to %d", first, 65535-len(l.listeners()))
	}
	if l.exists() && n != l.Base { // the catalog contains the ports
		return fmt.Errorf("LAB_PORT_BASE is %d, but the lab in %s was made for ports from %d: wipe it first", n, l.Dir, l.Base)
	}
	l.Base = n
	return nil
}

// repository returns the directory of the go.mod above the working directory.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("no go.mod above %s: LAB is to name the lab's directory", dir)
		}
	}
}

// exists reports whether the lab has been started in its directory before.
func (l *Lab) exists() bool {
	_, err := os.Stat(filepath.Join(l.Dir, settings))
	return err == nil
}

// remember stores the settings of the lab for later commands.
func (l *Lab) remember() error {
	if err := os.MkdirAll(l.Dir, 0o755); err != nil {
		return err
	}
	text, err := json.Marshal(stored{l.Release.ID, l.Venv, l.ServicesVenv, l.Base, l.Upgraded, l.HA, l.Neighbours, l.OthersVenv})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(l.Dir, settings), append(text, '\n'), 0o644)
}

// recall reads the stored settings, if there are any. Earlier files have neither a release nor a
// second environment: their lab is the default one.
func (l *Lab) recall() error {
	at := filepath.Join(l.Dir, settings)
	text, err := os.ReadFile(at)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	s := stored{Release: newest().ID}
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	if l.Release, err = releaseOf(s.Release); err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	if s.ServicesVenv == "" {
		s.ServicesVenv = s.Venv
	}
	l.Venv, l.ServicesVenv, l.Base, l.Upgraded, l.HA = s.Venv, s.ServicesVenv, s.Base, s.Upgraded, s.HA
	l.Neighbours = s.Neighbours
	if s.OthersVenv != "" {
		l.OthersVenv = s.OthersVenv
	}
	return nil
}

// Etc returns the directory of the configuration files.
func (l *Lab) Etc() string { return filepath.Join(l.Dir, "etc") }

// State returns the directory of the services' data.
func (l *Lab) State() string { return filepath.Join(l.Dir, "state") }

// Log returns the path of a log file.
func (l *Lab) Log(name string) string { return filepath.Join(l.Dir, "log", name+".log") }

// Port returns the port of a listener, or 0 if there is none with this name.
func (l *Lab) Port(name string) int {
	all := l.listeners()
	if l.Linked && slices.Contains(all, linkPrefix+name) {
		name = linkPrefix + name
	}
	if n := slices.Index(all, name); n >= 0 {
		return l.Base + n
	}
	return 0
}

// Address returns host:port of a listener.
func (l *Lab) Address(name string) string { return loopback + ":" + strconv.Itoa(l.Port(name)) }

// URL returns the URL of an HTTP service.
func (l *Lab) URL(name string) string { return "http://" + l.Address(name) }

// Database returns the SQLAlchemy URL of a database.
func (l *Lab) Database(name string) string {
	return "mysql+pymysql://lab:lab@" + l.Address("mariadb") + "/" + name
}

// Databases returns the names of all databases.
func (l *Lab) Databases() []string {
	list := []string{"keystone", "glance", "placement", "neutron", "cinder", "nova_api", "nova_cell0", "nova_cell1"}
	if l.HA {
		return list
	}
	return slices.Concat(neighbourPorts, list) // those of neighbours are empty until the neighbour is started
}

// Hosts returns the hosts, each of which has a nova-compute.
func (l *Lab) Hosts() []string { return []string{firstHost, otherHost} }

// Password returns the password of all users.
func (l *Lab) Password() string { return password }

// Region returns the region of all services.
func (l *Lab) Region() string { return region }

// Entry is a service of the catalog with its endpoint in each region.
type Entry struct {
	Name, Type string
	URLs       map[string]string
}

// Catalog returns the entries of Keystone's catalog.
func (l *Lab) Catalog() []Entry {
	entry := func(name, kind, path string) Entry {
		url := l.URL(name) + path
		return Entry{name, kind, map[string]string{region: url, oursRegion: url}}
	}
	list := []Entry{
		entry("keystone", "identity", "/v3"),
		entry("glance", "image", ""),
		entry("placement", "placement", ""),
		entry("neutron", "network", ""),
		entry("cinder", "block-storage", "/v3"),
		{"nova", "compute", map[string]string{region: l.URL("nova-api") + "/v2.1", oursRegion: l.URL("ours") + "/v2.1"}},
	}
	for _, n := range l.neighbours() {
		list = append(list, entry(n.name, n.kind, n.path))
	}
	return list
}

// ServiceUsers returns the names of the users of the services.
func (l *Lab) ServiceUsers() []string {
	return append([]string{"nova", "neutron", "glance", "cinder", "placement"}, l.Neighbours...)
}

// User is a user whose credentials are in a configuration file.
type User struct {
	Lab  *Lab
	User string
}

// As returns the lab with one of its users, for templates.
func (l *Lab) As(user string) User { return User{l, user} }
