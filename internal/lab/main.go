//go:build unix

// Command lab runs a real OpenStack on loopback, for tests with the build tag lab and for
// experiments: MariaDB, RabbitMQ and memcached of the system, and Keystone, Glance, Placement,
// Neutron, Cinder and Nova from PyPI, with simulated servers. docs/testing.md describes its
// use; it requires Linux.
//
// services.go has the table of processes, files.go that of their configuration files (templates
// below etc/), and steps.go that of the start.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/nova-go/nova/internal/release"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand(os.Getenv).ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "lab: %v\n", err)
		os.Exit(1)
	}
}

// newCommand returns the command; getenv reads the environment.
func newCommand(getenv func(string) string) *cobra.Command {
	cmd := &cobra.Command{Use: "lab", Short: "a real OpenStack on loopback", SilenceUsage: true, SilenceErrors: true}
	add := func(use, short string, do func(cmd *cobra.Command, l *Lab) error) *cobra.Command {
		c := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := newLab(getenv)
			if err != nil {
				return err
			}
			return do(cmd, l)
		}}
		cmd.AddCommand(c)
		return c
	}
	one := func(use, short string, do func(ctx context.Context, l *Lab, s service) error,
		other func(cmd *cobra.Command, l *Lab, n neighbour) error) {
		c := add(use+" SERVICE", short, func(cmd *cobra.Command, l *Lab) error {
			name := cmd.Flags().Arg(0)
			all := l.allNeighbours()
			if n := slices.IndexFunc(all, func(n neighbour) bool { return n.name == name }); n >= 0 && l.exists() {
				return other(cmd, l, all[n])
			}
			services := l.services()
			n := slices.IndexFunc(services, func(s service) bool { return s.name == name })
			if n < 0 || !l.exists() {
				return fmt.Errorf("the lab in %s has no service %q: see status", l.Dir, name)
			}
			return do(cmd.Context(), l, services[n])
		})
		c.Args = cobra.ExactArgs(1)
	}
	var installSystem, useOurs bool
	add("up", "install, start and fill in what is missing", func(cmd *cobra.Command, l *Lab) error {
		return l.up(cmd.Context(), cmd.ErrOrStderr(), installSystem)
	}).Flags().BoolVar(&installSystem, "install-system", false, "install missing Debian packages")
	add("install", "create the missing Python environments, and start nothing", func(cmd *cobra.Command, l *Lab) error {
		return l.installOnly(cmd.Context(), cmd.ErrOrStderr())
	})
	add("releases", "the releases of Nova that LAB_RELEASE may name, oldest first", func(cmd *cobra.Command, _ *Lab) error {
		for _, r := range release.All() {
			fmt.Fprintln(cmd.OutOrStdout(), r.ID)
		}
		return nil
	})
	var to string
	upgrade := add("upgrade", "upgrade Nova to a later release, one process after the other", func(cmd *cobra.Command, l *Lab) error {
		return l.upgrade(cmd.Context(), cmd.ErrOrStderr(), to)
	})
	upgrade.Flags().StringVar(&to, "to", newest().ID, "the release, see releases")
	add("down", "stop all services; what they know stays", func(_ *cobra.Command, l *Lab) error { return l.down() })
	one("start", "start one service; manila, cyborg, ironic and barbican are added to the lab when they are first started",
		func(ctx context.Context, l *Lab, s service) error { return l.await(ctx, []service{s}) },
		func(cmd *cobra.Command, l *Lab, n neighbour) error {
			return l.startNeighbour(cmd.Context(), cmd.ErrOrStderr(), n)
		})
	one("stop", "stop one service", func(_ context.Context, l *Lab, s service) error { return l.stop(s.name) },
		func(_ *cobra.Command, l *Lab, n neighbour) error { return l.stopNeighbour(n) })
	add("status", "which services run, where they listen and log", func(cmd *cobra.Command,
		l *Lab) error {
		return l.status(cmd.OutOrStdout())
	})
	add("env", "exports for a shell: what the lab tests and OpenStack's clients read", func(cmd *cobra.Command, l *Lab) error {
		if !l.exists() {
			return fmt.Errorf("there is no lab of %s in %s: start one with make lab LAB_RELEASE=%s", l.Release.ID, l.Dir, l.Release.ID)
		}
		return l.writeEnv(cmd.OutOrStdout(), useOurs)
	}).Flags().BoolVar(&useOurs, "ours", false, "clients find the nova-api of this repository, on $LAB_OURS")
	add("faults", "serve the links of the lab with clusters; up starts it", func(cmd *cobra.Command, l *Lab) error {
		return l.serveFaults(cmd.Context())
	}).Hidden = true
	runs := add("scenario [NAME]...", "run scenarios of faults on the lab with clusters", func(cmd *cobra.Command, l *Lab) error {
		if !l.HA {
			return errors.New("scenarios need the lab with clusters: set LAB_HA=1")
		}
		return l.printScenarios(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), cmd.Flags().Args())
	})
	runs.Args = cobra.ArbitraryArgs
	add("wipe", "stop all services and remove what they know; the Python environments stay", func(_ *cobra.Command,
		l *Lab) error {
		return l.wipe()
	})
	return cmd
}

// status writes a line per service.
func (l *Lab) status(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	down := 0
	for _, s := range l.services() {
		state, where := "down", "-"
		if pid := l.running(s.name); pid != 0 {
			state = "up, process " + strconv.Itoa(pid)
		} else {
			down++
		}
		if l.Port(s.name) != 0 {
			where = l.Address(s.name)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.name, state, where, l.Log(s.name))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if down > 0 {
		return fmt.Errorf("%d services are down", down)
	}
	return nil
}

// wipe removes the files that up has created, and no others in the directory.
func (l *Lab) wipe() error {
	if err := l.down(); err != nil {
		return err
	}
	var errs []error
	for _, name := range []string{"etc", "state", "log", "mysql", "bin", settings} {
		errs = append(errs, os.RemoveAll(filepath.Join(l.Dir, name)))
	}
	return errors.Join(errs...)
}
