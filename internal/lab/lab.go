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
)

// ports are what listens; the place of a name is its distance from the lab's first port.
// Nothing of the lab is on the last two: they are for the nova-api and nova-metadata of
// this repository, and the catalog's region Ours names the first of them.
var ports = []string{
	"mariadb", "epmd", "rabbitmq", "rabbitmq-nodes", "memcached",
	"keystone", "glance", "placement", "neutron", "cinder",
	"nova-api", "nova-metadata", "ours", "ours-metadata",
}

const (
	firstPort = 21000       // where LAB_PORT_BASE says nothing
	settings  = "lab.json"  // what a lab was made with, in its directory
	region    = "RegionOne" // where all services are
	ours      = "Ours"      // the same, but for nova-api
	password  = "secret"    // of everybody
	guests    = "^guest-"   // servers that have metadata, as an expression
	admin     = "admin"     // user and project
	loopback  = "127.0.0.1" // all that is listened on
	firstHost = "compute-1" // see hosts
	otherHost = "compute-2" // servers can move
)

// Lab is an OpenStack on loopback: where it keeps everything and where it listens.
// Templates under etc/ and the commands of services are filled in with it.
type Lab struct {
	Dir  string `json:"-"`    // configuration, logs, databases; absolute
	Venv string `json:"venv"` // Python environment with the services; absolute
	Base int    `json:"port_base"`

	user, group string // who it runs as

	mu     sync.Mutex
	client *client // nil: nobody has logged in
}

// open finds the lab that the environment means: LAB is its directory (default .lab
// beside go.mod), LAB_PORT_BASE its first port, LAB_VENV its Python environment. What is
// not said is as it was when the lab was last started.
func newLab(getenv func(string) string) (*Lab, error) {
	dir := getenv("LAB")
	if dir == "" {
		root, err := repository()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(root, ".lab")
	}
	dir, err := filepath.Abs(dir)
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
	l := &Lab{Dir: dir, Venv: filepath.Join(dir, "venv"), Base: firstPort, user: me.Username, group: group.Name}
	if text, err := os.ReadFile(filepath.Join(dir, settings)); err == nil {
		if err := json.Unmarshal(text, l); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(dir, settings), err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if v := getenv("LAB_VENV"); v != "" {
		if l.Venv, err = filepath.Abs(v); err != nil {
			return nil, err
		}
	}
	if v := getenv("LAB_PORT_BASE"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1024 || n+len(ports) > 65535 {
			return nil, fmt.Errorf("LAB_PORT_BASE is %q, not a port from 1024 to %d", v, 65535-len(ports))
		}
		if l.exists() && n != l.Base { // the catalog has them
			return nil, fmt.Errorf("LAB_PORT_BASE is %d, but the lab in %s was made for ports from %d: wipe it first", n, dir, l.Base)
		}
		l.Base = n
	}
	return l, nil
}

// repository is the directory of the go.mod above the working directory.
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

// exists says whether the lab has been started in its directory before.
func (l *Lab) exists() bool {
	_, err := os.Stat(filepath.Join(l.Dir, settings))
	return err == nil
}

// remember keeps what the lab was made with, so that later commands need not be told.
func (l *Lab) remember() error {
	if err := os.MkdirAll(l.Dir, 0o755); err != nil {
		return err
	}
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(l.Dir, settings), append(text, '\n'), 0o644)
}

// Etc is the directory of the configuration files.
func (l *Lab) Etc() string { return filepath.Join(l.Dir, "etc") }

// State is the directory of what services keep.
func (l *Lab) State() string { return filepath.Join(l.Dir, "state") }

// Log is where something writes what it does.
func (l *Lab) Log(name string) string { return filepath.Join(l.Dir, "log", name+".log") }

// Port is where something listens, 0 if it does not.
func (l *Lab) Port(name string) int {
	if n := slices.Index(ports, name); n >= 0 {
		return l.Base + n
	}
	return 0
}

// Address is host:port of something that listens.
func (l *Lab) Address(name string) string { return loopback + ":" + strconv.Itoa(l.Port(name)) }

// URL is the address of a service that speaks HTTP.
func (l *Lab) URL(name string) string { return "http://" + l.Address(name) }

// Database is a database as SQLAlchemy names it.
func (l *Lab) Database(name string) string {
	return "mysql+pymysql://lab:lab@" + l.Address("mariadb") + "/" + name
}

// Databases are the names of all there are.
func (l *Lab) Databases() []string {
	return []string{"keystone", "glance", "placement", "neutron", "cinder", "nova_api", "nova_cell0", "nova_cell1"}
}

// Hosts have a nova-compute each.
func (l *Lab) Hosts() []string { return []string{firstHost, otherHost} }

// Password is everybody's.
func (l *Lab) Password() string { return password }

// Region is where all services are.
func (l *Lab) Region() string { return region }

// Entry is a service of the catalog, with its address in each region.
type Entry struct {
	Name, Type string
	URLs       map[string]string
}

// Catalog is what there is in Keystone's.
func (l *Lab) Catalog() []Entry {
	entry := func(name, kind, path string) Entry {
		url := l.URL(name) + path
		return Entry{name, kind, map[string]string{region: url, ours: url}}
	}
	return []Entry{
		entry("keystone", "identity", "/v3"),
		entry("glance", "image", ""),
		entry("placement", "placement", ""),
		entry("neutron", "network", ""),
		entry("cinder", "block-storage", "/v3"),
		{"nova", "compute", map[string]string{region: l.URL("nova-api") + "/v2.1", ours: l.URL("ours") + "/v2.1"}},
	}
}

// User is somebody whose credentials stand in a configuration file.
type User struct {
	Lab  *Lab
	User string
}

// As is the lab as a user of it sees it.
func (l *Lab) As(user string) User { return User{l, user} }
