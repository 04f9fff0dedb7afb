package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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
)

// missing returns the Debian packages of missing programs.
func (l *Lab) missing() []string {
	need := slices.Clone(programs)
	if !l.hasVenv() {
		need = append(need, builders...)
	}
	var packages []string
	for _, p := range need {
		if _, err := l.lookPath(p.name); err != nil && !slices.Contains(packages, p.debian) {
			packages = append(packages, p.debian)
		}
	}
	if !l.hasVenv() {
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

// requirements returns a text that identifies the versions of the packages from PyPI.
func requirements() (string, error) {
	h := sha256.New()
	for _, name := range []string{"requirements.txt", "constraints.txt"} {
		text, err := etcFiles.ReadFile("etc/" + name)
		if err != nil {
			return "", err
		}
		h.Write(text)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// installed returns the path of the file with the result of requirements at the installation.
func (l *Lab) installed() string { return filepath.Join(l.Venv, "lab-requirements") }

// hasVenv reports whether the Python environment exists with the required packages. An
// environment that this program has not created is used if it contains Nova.
func (l *Lab) hasVenv() bool {
	if _, err := os.Stat(filepath.Join(l.Venv, "bin", "nova-conductor")); err != nil {
		return false
	}
	had, err := os.ReadFile(l.installed())
	want, _ := requirements()
	return err != nil || string(had) == want
}

// python creates the Python environment: with uv if it is installed, otherwise with pip.
func (l *Lab) python(ctx context.Context) error {
	if l.hasVenv() {
		return nil
	}
	with, err := interpreter()
	if err != nil {
		return err
	}
	in := filepath.Join(l.Venv, "bin", "python")
	what := []string{"--requirement", filepath.Join(l.Etc(), "requirements.txt"), "--constraint", filepath.Join(l.Etc(), "constraints.txt")}
	for _, name := range []string{"requirements.txt", "constraints.txt"} {
		if err := l.write(file{name, name, nil}); err != nil {
			return err
		}
	}
	create, install := []string{with, "-m", "venv", l.Venv}, []string{in, "-m", "pip", "install"}
	if uv, err := exec.LookPath("uv"); err == nil {
		create, install = []string{uv, "venv", "--python", with, l.Venv}, []string{uv, "pip", "install", "--python", in}
	}
	commands := [][]string{append(install, what...)}
	if _, err := os.Stat(in); err != nil {
		commands = [][]string{create, commands[0]}
	}
	for _, c := range commands {
		if err := l.run(ctx, "python", c...); err != nil {
			return err
		}
		// If the next command is interrupted, the environment is incomplete.
		if err := os.WriteFile(l.installed(), nil, 0o644); err != nil {
			return err
		}
	}
	want, err := requirements()
	if err != nil {
		return err
	}
	return os.WriteFile(l.installed(), []byte(want), 0o644)
}

// interpreter returns a Python interpreter that can run the services, create an environment and
// compile extensions. Nova 34 requires 3.11.
func interpreter() (string, error) {
	const fits = `import ensurepip, os, sys, sysconfig
sys.exit(sys.version_info < (3, 11) or not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))`
	for _, name := range []string{"python3.11", "python3.12", "python3.13", "python3"} {
		at, err := exec.LookPath(name)
		if err == nil && exec.Command(at, "-c", fits).Run() == nil {
			return at, nil
		}
	}
	return "", errors.New("there is no Python of 3.11 or later with its headers and ensurepip")
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
