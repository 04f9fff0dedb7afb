//go:build unix

package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/release"
)

// portsOfLab is the distance between the first ports of the labs of two successive releases.
const portsOfLab = 20

// newest returns the release of the default lab. The services beside Nova are of this release in
// all labs.
func newest() release.Release {
	all := release.All()
	return all[len(all)-1]
}

// releaseOf returns the release with a number such as 2025.1.
func releaseOf(id string) (release.Release, error) {
	var known []string
	for _, r := range release.All() {
		if r.ID == id {
			return r, nil
		}
		known = append(known, r.ID)
	}
	return release.Release{}, fmt.Errorf("there is no release %q; known are %s", id, strings.Join(known, ", "))
}

// defaultPort returns the default of LAB_PORT_BASE: labs of different releases can run at the same
// time.
func defaultPort(r release.Release) int {
	all := release.All()
	return firstPort + portsOfLab*(len(all)-1-slices.Index(all, r))
}

// directories returns the directory of a release's lab or of the lab with clusters, and the directory
// in which the Python environments are by default. given is the value of LAB.
func directories(given string, r release.Release, ha bool) (dir, environments string, err error) {
	if given != "" {
		dir, err = filepath.Abs(given)
		return dir, dir, err
	}
	root, err := repository()
	if err != nil {
		return "", "", err
	}
	environments = filepath.Join(root, ".lab")
	switch {
	case ha:
		return filepath.Join(environments, "ha"), environments, nil
	case r == newest():
		return environments, environments, nil
	}
	return filepath.Join(environments, r.ID), environments, nil
}

// venvName returns the default name of the directory with a release's Python environment.
func venvName(r release.Release) string {
	if r == newest() {
		return "venv"
	}
	return "venv-" + r.ID
}

// novaApplication returns uWSGI's options for an application of Nova: a module of the package
// nova.wsgi, or a script where the release does not have this package.
func (l *Lab) novaApplication(module, script string) string {
	if l.Release.ID < "2024.2" {
		return "--wsgi-file $VENV/bin/" + script
	}
	return "--module nova.wsgi." + module + ":application"
}
