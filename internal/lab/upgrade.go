//go:build unix

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nova-go/nova/internal/release"
)

// upgradeOrder lists the processes of Nova in the order in which an upgrade restarts them, one
// after the other. Conductors are first, because only they understand the objects of both releases.
func (l *Lab) upgradeOrder() []service {
	services := l.services()
	names := []string{"nova-conductor", "nova-scheduler"}
	for _, host := range l.Hosts() {
		names = append(names, "nova-"+host)
	}
	var order []service
	for _, name := range append(names, "nova-api", "nova-metadata") {
		n := slices.IndexFunc(services, func(s service) bool { return s.name == name })
		order = append(order, services[n])
	}
	return order
}

// upgradable returns an error if Nova cannot be upgraded from one release to another with its
// processes restarted one by one. The same release is allowed: it repeats an interrupted upgrade.
func upgradable(from, to release.Release) error {
	all := release.All()
	if slices.Index(all, to) < slices.Index(all, from) {
		return fmt.Errorf("%s is older than %s", to, from)
	}
	if to.OldestCompute > from.Service {
		return fmt.Errorf("%s works with nova-compute of %s or later, not of %s", to, to.OldestComputeName, from)
	}
	return nil
}

// upgrade upgrades Nova of a lab to another release and keeps its data: packages, databases, each
// process, then the online data migrations. nova.conf has [upgrade_levels] compute = auto from
// then on, because new processes send messages to old computes in the meantime. An interrupted
// upgrade can be repeated.
func (l *Lab) upgrade(ctx context.Context, out io.Writer, id string) error {
	to, err := releaseOf(id)
	if err != nil {
		return err
	}
	if !l.exists() {
		return fmt.Errorf("there is no lab in %s", l.Dir)
	}
	if err := upgradable(l.Release, to); err != nil {
		return err
	}
	began, from := time.Now(), l.Release
	for _, s := range l.services() {
		if l.running(s.name) == 0 {
			return fmt.Errorf("%s does not run: start the lab with up", s.name)
		}
	}
	l.switchTo(to)
	for _, s := range l.upgradeSteps(out) {
		fmt.Fprintf(out, "lab: %s\n", s.name)
		if err := s.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	fmt.Fprintf(out, "lab: Nova is upgraded from %s to %s after %s\n", from, to, time.Since(began).Round(time.Second))
	return nil
}

// switchTo sets the release, and the Python environment of Nova: beside that of the earlier
// release, or that of the services, which contains the newest release.
func (l *Lab) switchTo(to release.Release) {
	if l.Release != to {
		l.Venv = filepath.Join(filepath.Dir(l.Venv), venvName(to))
	}
	if to == newest() {
		l.Venv = l.ServicesVenv
	}
	l.Release, l.Upgraded = to, true
}

// upgradeSteps lists the steps of an upgrade to the release that is set.
func (l *Lab) upgradeSteps(out io.Writer) []step {
	nova := "nova-manage --config-file $ETC/nova/nova.conf "
	manage := func(command string) func(context.Context) error {
		return func(ctx context.Context) error { return l.manage(ctx, "nova", nova+command) }
	}
	steps := []step{
		{"Python environment", false, l.python},
		{"configuration", false, func(context.Context) error { return errors.Join(l.configure(), l.remember()) }},
		{"schema of the API database", false, manage("api_db sync")},
		{"schemas of the cells", false, manage("db sync")},
	}
	for _, s := range l.upgradeOrder() {
		steps = append(steps, step{s.name, false, func(ctx context.Context) error { return l.replace(ctx, out, s) }})
	}
	return append(steps, step{"online data migrations", false, manage("db online_data_migrations")})
}

// replace stops a service, starts it from the environment of the release that is set, and waits
// until it answers.
func (l *Lab) replace(ctx context.Context, out io.Writer, s service) error {
	if err := l.stop(s.name); err != nil {
		return err
	}
	since := time.Now().UTC().Truncate(time.Second)
	if l.Port(s.name) == 0 {
		s.ready = l.reported(strings.TrimPrefix(s.name, "nova-"), since)
	}
	if err := l.await(ctx, []service{s}); err != nil {
		return err
	}
	fmt.Fprintf(out, "lab: %s was away for %s\n", s.name, time.Since(since).Round(time.Second))
	return nil
}

// reported returns a check that a process of Nova without a port has reported to the database with
// the version of the release that is set, since a time. os-services still has the state of the
// former process for a while.
func (l *Lab) reported(name string, since time.Time) check {
	binary, host := "nova-"+name, "controller"
	if slices.Contains(l.Hosts(), name) {
		binary, host = "nova-compute", name
	}
	return func(ctx context.Context) error {
		db, err := l.database("nova_cell1")
		if err != nil {
			return err
		}
		defer db.Close()
		var version int64
		var last sql.NullString
		row := db.QueryRowContext(ctx, "SELECT version, GREATEST(COALESCE(last_seen_up, created_at), created_at) FROM services"+
			" WHERE `binary` = ? AND host = ? AND deleted = 0", binary, host)
		if err := row.Scan(&version, &last); err != nil {
			return err
		}
		if version != l.Release.Service || last.String < since.Format(time.DateTime) {
			return fmt.Errorf("%s on %s has version %d and has last reported at %s", binary, host, version, last.String)
		}
		return nil
	}
}
