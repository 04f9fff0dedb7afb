//go:build unix

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
	"strings"

	"github.com/nova-go/nova/internal/release"
)

// environment is a Python environment with packages from PyPI. Templates use its exported fields.
type environment struct {
	Dir     string // absolute path
	Release release.Release
	Whole   bool // it has the services beside Nova and the clients
	Others  bool // it has the services in neighbours.go, and nothing else
}

// environments returns the Python environments of the lab: that of Nova, which is first in PATH,
// and that of the other services, if it is another one.
func (l *Lab) environments() []environment {
	list := []environment{{Dir: l.Venv, Release: l.Release, Whole: l.Release == newest()}}
	if l.ServicesVenv != l.Venv {
		list = append(list, environment{Dir: l.ServicesVenv, Release: newest(), Whole: true})
	}
	return list
}

// neighbourEnvironment returns the Python environment of the services in neighbours.go.
func (l *Lab) neighbourEnvironment() environment {
	return environment{Dir: l.OthersVenv, Release: newest(), Others: true}
}

// hasEnvironments reports whether all Python environments exist with the required packages.
func (l *Lab) hasEnvironments() bool {
	for _, e := range l.environments() {
		if ok, err := l.hasEnvironment(e); !ok || err != nil {
			return false
		}
	}
	return true
}

// files returns the files with the versions of an environment's packages.
func (e environment) files() []file {
	if e.Others {
		return []file{
			{"neighbours/requirements.txt", "neighbours/requirements.txt", e}, {"neighbours/constraints.txt", "neighbours/constraints.txt", e},
		}
	}
	return []file{
		{e.Release.ID + "/requirements.txt", "requirements.txt", e},
		{e.Release.ID + "/constraints.txt", e.Release.ID + "/constraints.txt", e},
	}
}

// requirements returns a text that identifies the packages of an environment.
func (l *Lab) requirements(e environment) (string, error) {
	h := sha256.New()
	for _, f := range e.files() {
		text, err := l.render(f.template, f.data)
		if err != nil {
			return "", err
		}
		h.Write(text)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// allRequirements returns a text that identifies the packages of all environments.
func (l *Lab) allRequirements() (string, error) {
	var all []string
	for _, e := range l.environments() {
		one, err := l.requirements(e)
		if err != nil {
			return "", err
		}
		all = append(all, one)
	}
	return strings.Join(all, " "), nil
}

// installed returns the path of the file with the result of requirements at the installation.
func (e environment) installed() string { return filepath.Join(e.Dir, "lab-requirements") }

// nova returns the version of Nova in an environment; empty if it is not installed.
func (e environment) nova() string {
	found, err := filepath.Glob(filepath.Join(e.Dir, "lib", "python*", "site-packages", "nova-*.dist-info"))
	if err != nil || len(found) == 0 {
		return ""
	}
	return strings.TrimSuffix(strings.TrimPrefix(filepath.Base(found[0]), "nova-"), ".dist-info")
}

// hasEnvironment reports whether an environment exists with the required packages. An environment
// that this program has not created is used if it contains Nova of the release, or the services in
// neighbours.go. The error says
// that the directory has another release, and is not to be overwritten.
func (l *Lab) hasEnvironment(e environment) (bool, error) {
	had, err := os.ReadFile(e.installed())
	foreign := err != nil
	if version := e.nova(); version != "" && (foreign || e.Release != newest()) && series(version) != series(e.Release.Version) {
		return false, fmt.Errorf("the Python environment %s has Nova %s, not %s", e.Dir, version, e.Release.Version)
	}
	program := "nova-conductor"
	if e.Others {
		program = "barbican-manage"
	}
	if _, err := os.Stat(filepath.Join(e.Dir, "bin", program)); err != nil {
		return false, nil
	}
	want, err := l.requirements(e)
	return foreign || string(had) == want, err
}

// series returns the first number of a version.
func series(version string) string {
	first, _, _ := strings.Cut(version, ".")
	return first
}

// python creates the missing Python environments.
func (l *Lab) python(ctx context.Context) error {
	for _, e := range l.environments() {
		if err := l.install(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// install creates an environment: with uv if it is installed, otherwise with pip.
func (l *Lab) install(ctx context.Context, e environment) error {
	if ok, err := l.hasEnvironment(e); ok || err != nil {
		return err
	}
	with, err := interpreter()
	if err != nil {
		return err
	}
	in := filepath.Join(e.Dir, "bin", "python")
	var what []string
	for n, f := range e.files() {
		if err := l.write(f); err != nil {
			return err
		}
		what = append(what, []string{"--requirement", "--constraint"}[n], filepath.Join(l.Etc(), f.to))
	}
	create, install := []string{with, "-m", "venv", e.Dir}, []string{in, "-m", "pip", "install"}
	if uv, err := exec.LookPath("uv"); err == nil {
		create, install = []string{uv, "venv", "--python", with, e.Dir}, []string{uv, "pip", "install", "--python", in}
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
		if err := os.WriteFile(e.installed(), nil, 0o644); err != nil {
			return err
		}
	}
	want, err := l.requirements(e)
	if err != nil {
		return err
	}
	return os.WriteFile(e.installed(), []byte(want), 0o644)
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
