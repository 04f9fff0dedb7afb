//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// program is a program of the system that the lab runs, with its Debian package.
type program struct{ name, debian string }

// programs are always required; builders are required for the installation of the Python
// environment.
var (
	programs = []program{
		{"mariadbd", "mariadb-server"}, {"mariadb-install-db", "mariadb-server"}, {"rabbitmq-server", "rabbitmq-server"}, {"epmd", "erlang-base"},
		{"memcached", "memcached"}, {"qemu-img", "qemu-utils"},
	}
	builders = []program{{"gcc", "build-essential"}}
	// haPrograms are required for the lab with clusters.
	haPrograms = []program{{"/usr/lib/galera/libgalera_smm.so", "galera-4"}, {"rsync", "rsync"}, {"haproxy", "haproxy"}, {"bash", "bash"}}
)

// missing returns the Debian packages of missing programs.
func (l *Lab) missing() []string {
	need := slices.Clone(programs)
	if l.HA {
		need = append(need, haPrograms...)
	}
	if !l.hasEnvironments() {
		need = append(need, builders...)
	}
	var packages []string
	for _, p := range need {
		_, err := l.lookPath(p.name)
		if filepath.IsAbs(p.name) {
			_, err = os.Stat(p.name)
		}
		if err != nil && !slices.Contains(packages, p.debian) {
			packages = append(packages, p.debian)
		}
	}
	if !l.hasEnvironments() {
		if _, err := interpreter(); err != nil {
			packages = append(packages, "python3-venv", "python3-dev")
		}
	}
	return packages
}

// system checks the programs of the system, and installs missing ones if install is true.
func (l *Lab) system(ctx context.Context, install bool) error {
	packages := l.missing()
	if len(packages) == 0 {
		return nil
	}
	command := append([]string{"apt-get", "install", "--yes", "--no-install-recommends"}, packages...)
	if os.Geteuid() != 0 {
		command = append([]string{"sudo"}, command...)
	}
	if !install {
		return fmt.Errorf("the lab needs packages of the system; install them (or say up --install-system):\n    %s", strings.Join(command, " "))
	}
	restore, err := noDaemons()
	if err != nil {
		return err
	}
	err = l.run(ctx, "system", command...)
	restore()
	if err != nil {
		return err
	}
	if packages = l.missing(); len(packages) > 0 {
		return fmt.Errorf("after their installation %s are still missing; a Python of 3.11 or later is needed", strings.Join(packages, ", "))
	}
	return nil
}

// noDaemons prevents Debian from starting daemons during the installation of packages, because
// the lab starts its own on its own ports. The returned function restores the setting.
func noDaemons() (func(), error) {
	const policy = "/usr/sbin/policy-rc.d"
	if os.Geteuid() != 0 {
		return func() {}, nil // without root the daemons start; they can be stopped afterwards
	}
	f, err := os.OpenFile(policy, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if errors.Is(err, os.ErrExist) {
		return func() {}, nil
	}
	if err != nil {
		return nil, err
	}
	if _, err = f.WriteString("#!/bin/sh\nexit 101\n"); err != nil {
		return nil, err
	}
	return func() { _ = os.Remove(policy) }, f.Close()
}

// run runs a command with its output in a log. It uses the user's proxies, because packages are
// downloaded.
func (l *Lab) run(ctx context.Context, log string, command ...string) error {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	return l.logged(cmd, log)
}

// logged runs a command with its output in a log; its error contains the end of the log.
func (l *Lab) logged(cmd *exec.Cmd, log string) error {
	f, err := l.openLog(log)
	if err != nil {
		return err
	}
	defer f.Close()
	fmt.Fprintln(f, "$", strings.Join(cmd.Args, " "))
	cmd.Stdout, cmd.Stderr = f, f
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w; its log is %s, which ends with\n%s", filepath.Base(cmd.Path), err, l.Log(log), l.tail(log))
	}
	return nil
}
