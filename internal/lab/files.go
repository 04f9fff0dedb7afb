//go:build unix

package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

//go:embed etc
var etcFiles embed.FS

// file is a configuration file: a template below etc/ and its path in the lab.
type file struct {
	to, template string
	data         any // nil: the lab
}

// node is a process of Nova with its own nova.conf.
type node struct {
	*Lab
	Name    string // the name of its directory
	Host    string
	Driver  string // virtualization driver of a process that runs servers, and has no access to databases; empty: none
	LogFile string // empty: it logs to standard output
}

// files lists the configuration files of all services, except for those in copies.
func (l *Lab) files() []file {
	list := []file{
		{"databases.sql", "databases.sql", nil},
		{"keystone/keystone.conf", "keystone.conf", nil},
		{"glance/glance-api.conf", "glance-api.conf", nil},
		{"placement/placement.conf", "placement.conf", nil},
		{"neutron/neutron.conf", "neutron.conf", nil},
		{"cinder/cinder.conf", "cinder.conf", nil},
		{"nova/nova.conf", "nova.conf", node{l, "nova", "controller", "", ""}},
		{"ours/nova.conf", "nova.conf", node{l, "nova", "controller", "", l.Log("ours")}},
		{"python/compute.py", "compute.py", nil},
		{"python/lab_storage.py", "lab_storage.py", nil},
		{"bin/sudo", "sudo", nil},
	}
	for _, host := range l.Hosts() {
		list = append(list, file{host + "/nova.conf", "nova.conf", node{l, host, host, "fake.LabDriver", ""}})
	}
	for _, e := range l.environments() {
		list = append(list, e.files()...)
	}
	for _, n := range l.neighbours() {
		list = append(list, n.files...)
	}
	if l.HA {
		return append(list, l.haFiles()...)
	}
	return append(list, file{"rabbitmq.conf", "rabbitmq.conf", broker{l, "rabbitmq"}})
}

// copies are files that services read unchanged from their packages, relative to etc/ in the
// Python environment and in the lab; novaCopies are those of Nova.
var (
	copies = []string{
		"glance/glance-api-paste.ini", "neutron/api-paste.ini", "neutron/rootwrap.conf", "neutron/rootwrap.d",
		"cinder/api-paste.ini", "cinder/resource_filters.json", "cinder/rootwrap.conf", "cinder/rootwrap.d",
	}
	novaCopies = []string{"nova/api-paste.ini"}
)

// directories lists the directories below state/ that services require.
func (l *Lab) directories() []string {
	list := append([]string{"fernet-keys", "receipt-keys", "credential-keys", "images", "image-staging", "image-tasks", "neutron", "cinder",
		"nova", "lock", "rabbitmq", "done"}, l.Hosts()...)
	return append(list, l.Neighbours...)
}

// render executes a template below etc/.
func (l *Lab) render(name string, data any) ([]byte, error) {
	if data == nil {
		data = l
	}
	base := path.Base(name)
	t := template.New(base).Option("missingkey=error").Funcs(template.FuncMap{
		"list":  func(items ...string) []string { return items },
		"words": strings.Fields,
		"dict": func(pairs ...string) map[string]string {
			m := map[string]string{}
			for pair := range slices.Chunk(pairs, 2) {
				m[pair[0]] = pair[1]
			}
			return m
		},
	})
	t, err := t.ParseFS(etcFiles, "etc/"+name, "etc/parts.tmpl")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, base, data); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// configure creates the lab's directories and writes all files.
func (l *Lab) configure() error {
	for _, dir := range l.directories() {
		if err := os.MkdirAll(filepath.Join(l.State(), dir), 0o700); err != nil {
			return err
		}
	}
	for _, f := range l.files() {
		if err := l.write(f); err != nil {
			return err
		}
	}
	err := errors.Join(l.copyFrom(l.ServicesVenv, copies), l.copyFrom(l.Venv, novaCopies))
	for _, n := range l.neighbours() {
		err = errors.Join(err, l.copyFrom(l.OthersVenv, n.copies))
	}
	return err
}

// copyFrom copies files from etc/ of a Python environment.
func (l *Lab) copyFrom(venv string, names []string) error {
	for _, name := range names {
		if err := copyTree(filepath.Join(venv, "etc", name), filepath.Join(l.Etc(), name)); err != nil {
			return fmt.Errorf("the Python environment is not complete: %w", err)
		}
	}
	return nil
}

// write renders a file and writes it, if it has another content. Scripts are executable.
func (l *Lab) write(f file) error {
	text, err := l.render(f.template, f.data)
	if err != nil {
		return err
	}
	to := filepath.Join(l.Etc(), f.to)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if bytes.HasPrefix(text, []byte("#!")) {
		mode = 0o755
	}
	if had, err := os.ReadFile(to); err == nil && bytes.Equal(had, text) {
		return nil // see renewNova
	}
	return os.WriteFile(to, text, mode)
}

// copyTree copies a file or a directory, and overwrites existing files.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(to, rel)), 0o755); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), text, 0o644)
	})
}
