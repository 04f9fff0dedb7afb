//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// step is a step of the start. Steps run at each start and check themselves what is missing; a
// step with once does not run again with the same packages.
type step struct {
	name string
	once bool
	do   func(ctx context.Context) error
}

func (l *Lab) steps(installSystem bool) []step {
	tables, programs := l.systemTables, func(context.Context) error { return nil }
	if l.HA {
		tables, programs = l.clusterTables, l.build
	}
	start := func(at stage) func(context.Context) error {
		return func(ctx context.Context) error {
			return l.await(ctx, slices.DeleteFunc(l.services(), func(s service) bool { return s.stage != at }))
		}
	}
	document := func(name string) func(context.Context) error {
		return func(ctx context.Context) error { return l.populate(ctx, name) }
	}
	return []step{
		{"system packages", false, func(ctx context.Context) error { return l.system(ctx, installSystem) }},
		{"Python environments", false, l.python},
		{"configuration", false, func(context.Context) error { return l.configure() }},
		{"system tables", false, tables},
		{"programs of this repository", false, programs},
		{"databases, broker and cache", false, start(infrastructure)},
		{"schemas", true, l.schemas},
		{"Keystone", false, start(identity)},
		{"users and catalog", false, document("identity.yaml")},
		{"network agents", false, l.agents},
		{"services", false, start(otherServices)},
		{"hosts of the cell", false, l.discover},
		{"images, flavors, networks and servers", false, document("cloud.yaml")},
	}
}

// up starts the services that do not run, and creates missing data.
func (l *Lab) up(ctx context.Context, out io.Writer, installSystem bool) error {
	began := time.Now()
	if strings.ContainsAny(l.Dir+l.Venv+l.ServicesVenv, " \t\n'\"$%\\") {
		return fmt.Errorf("services cannot be configured for directories with spaces, quotes, $ or %% in their names (%s, %s, %s): LAB, "+
			"LAB_VENV and LAB_SERVICES_VENV name others", l.Dir, l.Venv, l.ServicesVenv)
	}
	if err := l.remember(); err != nil {
		return err
	}
	want, err := l.allRequirements()
	if err != nil {
		return err
	}
	for _, s := range l.steps(installSystem) {
		done := filepath.Join(l.State(), "done", strings.ReplaceAll(s.name, " ", "-"))
		if had, err := os.ReadFile(done); s.once && err == nil && string(had) == want {
			continue
		}
		fmt.Fprintf(out, "lab: %s\n", s.name)
		if err := s.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if s.once {
			if err := os.WriteFile(done, []byte(want), 0o644); err != nil {
				return err
			}
		}
	}
	choice := ""
	switch {
	case l.HA:
		choice = "LAB_HA=1 "
	case l.Release != newest():
		choice = "LAB_RELEASE=" + l.Release.ID + " "
	}
	fmt.Fprintf(out, "lab: %s is up after %s; its addresses and credentials: eval \"$(%sgo run ./internal/lab env)\"\n",
		l.Release, time.Since(began).Round(time.Second), choice)
	return nil
}

// installOnly creates the missing Python environments.
func (l *Lab) installOnly(ctx context.Context, out io.Writer) error {
	began := time.Now()
	if err := l.system(ctx, false); err != nil {
		return err
	}
	if err := l.python(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "lab: Python environments for %s are there after %s\n", l.Release, time.Since(began).Round(time.Second))
	return nil
}

// systemTables creates MariaDB's system tables in an empty directory.
func (l *Lab) systemTables(ctx context.Context) error {
	data := filepath.Join(l.Dir, "mysql")
	if _, err := os.Stat(filepath.Join(data, "mysql", "global_priv.frm")); err == nil {
		return nil
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	return l.manage(ctx, "mariadb", "mariadb-install-db --no-defaults --user=$USER --datadir=$LAB/mysql"+
		" --auth-root-authentication-method=socket --auth-root-socket-user=$USER --skip-test-db")
}

// migration is the commands that migrate the databases of a service.
type migration struct {
	service  string
	commands []string
}

// cellExists is the exit status of nova-manage for an existing cell.
const cellExists = 2

func (l *Lab) migrations() []migration {
	nova := "nova-manage --config-file $ETC/nova/nova.conf "
	keystone := "keystone-manage --config-file $ETC/keystone/keystone.conf "
	return []migration{
		{"keystone", []string{
			keystone + "db_sync",
			keystone + "fernet_setup --keystone-user $USER --keystone-group $GROUP",
			keystone + "receipt_setup --keystone-user $USER --keystone-group $GROUP",
			keystone + "credential_setup --keystone-user $USER --keystone-group $GROUP",
			keystone + "bootstrap --bootstrap-username " + adminUser + " --bootstrap-project-name " + adminUser +
				" --bootstrap-password " + password + " --bootstrap-region-id " + region +
				" --bootstrap-public-url http://127.0.0.1:$PORT/v3 --bootstrap-internal-url http://127.0.0.1:$PORT/v3 --bootstrap-admin-url " +
				"http://127.0.0.1:$PORT/v3",
		}},
		{"neutron", []string{"neutron-db-manage --config-file $ETC/neutron/neutron.conf upgrade heads"}},
		{"nova", []string{
			nova + "api_db sync",
			nova + "cell_v2 map_cell0 --database_connection " + l.Database("nova_cell0") + "?charset=utf8",
			nova + "db sync",
			nova + "cell_v2 create_cell --name cell1",
		}},
		{"cinder", []string{"cinder-manage --config-file $ETC/cinder/cinder.conf db sync"}},
		{"glance", []string{"glance-manage --config-file $ETC/glance/glance-api.conf db_sync"}},
		{"placement", []string{"placement-manage --config-file $ETC/placement/placement.conf db sync"}},
	}
}

// schemas migrates all databases: the databases of one service one after the other, all
// services concurrently.
func (l *Lab) schemas(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, m := range l.migrations() {
		group.Go(func() error {
			for _, command := range m.commands {
				var status *exec.ExitError
				err := l.manage(ctx, m.service, command)
				if errors.As(err, &status) && status.ExitCode() == cellExists && strings.Contains(command, "create_cell") {
					err = nil
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// agents writes the rows of Neutron's agents, so that the hosts can bind ports.
func (l *Lab) agents(ctx context.Context) error {
	text, err := l.render("agents.sql", nil)
	if err != nil {
		return err
	}
	db, err := l.database("neutron")
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, string(text))
	return err
}

// discover maps the hosts to the cell; the scheduler would do this later.
func (l *Lab) discover(ctx context.Context) error {
	return l.manage(ctx, "nova", "nova-manage --config-file $ETC/nova/nova.conf cell_v2 discover_hosts")
}

// manage runs an administration command of a service in the services' environment, with its
// output in its own log. It is not interrupted, because an incomplete migration cannot be
// continued.
func (l *Lab) manage(ctx context.Context, of, command string) error {
	words := l.arguments(service{name: of, command: command})
	program, err := l.lookPath(words[0])
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	cmd := exec.Command(program, words[1:]...)
	cmd.Env = l.environment(of)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return l.logged(cmd, of+"-manage")
}
