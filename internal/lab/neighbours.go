//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// neighbour is a further service of OpenStack, which start NAME adds to a running lab. Its database,
// its user and its directory below the directory of configuration files have its name.
type neighbour struct {
	name, kind, path string    // name, service type and path of the endpoint in the catalog
	files            []file    // configuration files
	copies           []string  // files that it reads unchanged from its package
	migrations       []string  // commands that create its tables; they may be repeated
	services         []service // processes; the first one is the API, with the name of the neighbour
	document         string    // a document for populate; empty: none
}

// allNeighbours lists the services that start can add.
func (l *Lab) allNeighbours() []neighbour {
	list := []neighbour{l.manila(), l.cyborg(), l.ironic(), l.barbican()}
	for n := range list {
		name := list[n].name
		list[n].files = append(list[n].files, file{name + "/" + name + ".conf", "neighbours/" + name + ".conf", nil})
	}
	return list
}

// neighbours returns those of allNeighbours that the lab has.
func (l *Lab) neighbours() []neighbour {
	if len(l.Neighbours) == 0 {
		return nil
	}
	return slices.DeleteFunc(l.allNeighbours(), func(n neighbour) bool { return !l.Has(n.name) })
}

// Has reports whether the lab has a neighbour.
func (l *Lab) Has(name string) bool { return slices.Contains(l.Neighbours, name) }

// manila is the service of shared file systems, with a driver that only keeps books.
func (l *Lab) manila() neighbour {
	const conf = " --config-file $ETC/manila/manila.conf"
	return neighbour{
		name: "manila", kind: "shared-file-system", path: "/v2", document: "neighbours/manila.yaml",
		copies:     []string{"manila/api-paste.ini", "manila/rootwrap.conf", "manila/rootwrap.d"},
		migrations: []string{"$OTHERS/bin/manila-manage" + conf + " db sync"},
		services: []service{
			{name: "manila", stage: otherServices, ready: l.answers("manila", "/"),
				command: wsgi("$OTHERS", "--module manila.wsgi.api:application", "1", "2") + " --pyargv", last: strings.TrimSpace(conf)},
			{name: "manila-scheduler", stage: otherServices, ready: l.reports("manila", "/v2/os-services", "manila-scheduler", "controller"),
				command: "$OTHERS/bin/manila-scheduler" + conf},
			{name: "manila-share", stage: otherServices, ready: l.reports("manila", "/v2/os-services", "manila-share", "controller@pretended"),
				command: "$OTHERS/bin/manila-share" + conf, env: []string{"PATH=$ETC/bin:$PATH"}},
		},
	}
}

// cyborg is the service of accelerators. Its agent reports 16 that do not exist, on the first host.
func (l *Lab) cyborg() neighbour {
	const conf = " --config-file $ETC/cyborg/cyborg.conf"
	return neighbour{
		name: "cyborg", kind: "accelerator", path: "/v2",
		copies:     []string{"cyborg/api-paste.ini", "cyborg/policy.yaml"},
		migrations: []string{"$OTHERS/bin/cyborg-dbsync" + conf + " upgrade"},
		services: []service{
			{name: "cyborg", stage: otherServices, ready: l.answers("cyborg", "/"),
				command: wsgi("$OTHERS", "--module cyborg.wsgi.api:application", "1", "2") + " --pyargv", last: strings.TrimSpace(conf)},
			{name: "cyborg-conductor", stage: otherServices, ready: l.listens("cyborg"), command: "$OTHERS/bin/cyborg-conductor" + conf},
			{name: "cyborg-agent", stage: otherServices, ready: l.listens("cyborg"), command: "$OTHERS/bin/cyborg-agent" + conf},
		},
	}
}

// ironicHost is the host of the nova-compute that manages the nodes of Ironic.
const ironicHost = "baremetal-1"

// ironic is the service of bare metal. Its nodes do not exist, and a nova-compute runs servers on them.
func (l *Lab) ironic() neighbour {
	const conf = " --config-file $ETC/ironic/ironic.conf"
	return neighbour{
		name: "ironic", kind: "baremetal",
		files:      []file{{ironicHost + "/nova.conf", "nova.conf", node{l, "ironic", ironicHost, "ironic.IronicDriver", ""}}},
		migrations: []string{"$OTHERS/bin/ironic-dbsync" + conf + " upgrade"},
		services: []service{
			{name: "ironic", stage: otherServices, ready: l.answers("ironic", "/"),
				command: wsgi("$OTHERS", "--module ironic.wsgi.api:application", "1", "2") + " --pyargv", last: strings.TrimSpace(conf)},
			{name: "ironic-conductor", stage: otherServices, ready: l.listens("ironic"), command: "$OTHERS/bin/ironic-conductor" + conf},
			{name: "nova-" + ironicHost, stage: otherServices, ready: l.reports("nova-api", "/v2.1/os-services", "nova-compute", ironicHost),
				command: "$VENV/bin/nova-compute --config-file $ETC/" + ironicHost + "/nova.conf"},
		},
	}
}

// barbican is the service of secrets, which it encrypts with a key in its configuration file.
func (l *Lab) barbican() neighbour {
	home := []string{"HOME=$ETC/barbican"} // it takes no option with the name of its configuration file
	return neighbour{
		name: "barbican", kind: "key-manager",
		copies:     []string{"barbican/barbican-api-paste.ini"},
		migrations: []string{"$OTHERS/bin/barbican-manage db upgrade --db-url " + l.Database("barbican")},
		services: []service{{name: "barbican", stage: otherServices, ready: l.answers("barbican", "/"), env: home,
			command: wsgi("$OTHERS", "--paste config:$ETC/barbican/barbican-api-paste.ini", "1", "2")}},
	}
}

// startNeighbour adds a neighbour to a running lab, or starts it again: its Python environment, database,
// user, endpoints and processes. Nova's processes start again if the neighbour is new to their nova.conf.
func (l *Lab) startNeighbour(ctx context.Context, out io.Writer, n neighbour) error {
	if l.HA || l.Release != newest() {
		return fmt.Errorf("%s can be added to a lab of %s without clusters", n.name, newest().ID)
	}
	if !l.Has(n.name) {
		l.Neighbours = append(l.Neighbours, n.name)
		slices.Sort(l.Neighbours)
	}
	n = l.neighbours()[slices.IndexFunc(l.neighbours(), func(o neighbour) bool { return o.name == n.name })]
	migrate := func(ctx context.Context) error {
		for _, command := range n.migrations {
			if err := l.manage(ctx, n.name, command); err != nil {
				return err
			}
		}
		return nil
	}
	resources := func(ctx context.Context) error {
		if n.document == "" {
			return nil
		}
		return l.populate(ctx, n.document)
	}
	for _, s := range []step{
		{"Python environment", false, func(ctx context.Context) error { return l.install(ctx, l.neighbourEnvironment()) }},
		{"configuration", false, func(context.Context) error { return errors.Join(l.remember(), l.configure()) }},
		{"schema", false, migrate},
		{"users and catalog", false, func(ctx context.Context) error { return l.populate(ctx, "identity.yaml") }},
		{"services", false, func(ctx context.Context) error { return l.await(ctx, n.services) }},
		{"Nova", false, l.renewNova},
		{"resources", false, resources},
	} {
		fmt.Fprintf(out, "lab: %s: %s\n", n.name, s.name)
		if err := s.do(ctx); err != nil {
			return fmt.Errorf("%s: %s: %w", n.name, s.name, err)
		}
	}
	return nil
}

// stopNeighbour stops the processes of a neighbour. The next start finds its data.
func (l *Lab) stopNeighbour(n neighbour) error {
	var errs []error
	for _, s := range slices.Backward(n.services) {
		errs = append(errs, l.stop(s.name))
	}
	return errors.Join(errs...)
}

// renewNova starts those of Nova's processes again that are older than their nova.conf.
func (l *Lab) renewNova(ctx context.Context) error {
	conf, err := os.Stat(filepath.Join(l.Etc(), "nova", "nova.conf"))
	if err != nil {
		return err
	}
	var services []service
	for _, s := range l.services() {
		if !strings.HasPrefix(s.name, "nova-") {
			continue
		}
		if started, err := os.Stat(l.pidFile(s.name)); err == nil && started.ModTime().Before(conf.ModTime()) {
			if err := l.stop(s.name); err != nil {
				return err
			}
		}
		services = append(services, s)
	}
	if err := l.await(ctx, services); err != nil {
		return err
	}
	return l.discover(ctx)
}
