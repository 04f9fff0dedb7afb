//go:build unix

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/nova-go/nova/config"
)

// TestUpgradable: the limit is the oldest nova-compute that the API works with.
func TestUpgradable(t *testing.T) {
	for pair, want := range map[[2]string]string{
		{"2024.1", "2025.1"}: "",
		{"2024.2", "2025.1"}: "",
		{"2025.1", "2026.1"}: "",
		{"2025.1", "2025.1"}: "",
		{"2024.1", "2026.1"}: "Epoxy",
		{"2025.1", "2026.2"}: "Gazpacho",
		{"2026.1", "2025.2"}: "older",
	} {
		from, err := releaseOf(pair[0])
		if err != nil {
			t.Fatal(err)
		}
		to, err := releaseOf(pair[1])
		if err != nil {
			t.Fatal(err)
		}
		switch err := upgradable(from, to); {
		case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%v: %v", pair, err)
		}
	}
}

// TestUpgradeSwitches: the next release has another environment of Nova and the same data, ports and
// services beside it, also for later commands.
func TestUpgradeSwitches(t *testing.T) {
	dir := t.TempDir()
	l, err := newLab(environ([]string{"LAB=" + dir, "LAB_RELEASE=2025.1", "LAB_SERVICES_VENV=/opt/services"}))
	if err != nil {
		t.Fatal(err)
	}
	base := l.Base
	for _, one := range []struct{ id, venv string }{{"2026.1", filepath.Join(dir, "venv-2026.1")}, {"2026.2", "/opt/services"}} {
		to, err := releaseOf(one.id)
		if err != nil {
			t.Fatal(err)
		}
		l.switchTo(to)
		if err := l.remember(); err != nil {
			t.Fatal(err)
		}
		if l, err = newLab(environ([]string{"LAB=" + dir})); err != nil {
			t.Fatal(err)
		}
		if l.Release != to || l.Venv != one.venv || l.ServicesVenv != "/opt/services" || l.Base != base {
			t.Errorf("%+v", l)
		}
	}
	for _, f := range l.files() {
		if f.template != "nova.conf" {
			continue
		}
		if err := l.write(f); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(config.Sources{Files: []string{filepath.Join(l.Etc(), f.to)}, NoDefaults: true})
		if err != nil {
			t.Fatal(err)
		}
		if c.UpgradeLevels.Compute != "auto" {
			t.Errorf("%s: compute = %q", f.to, c.UpgradeLevels.Compute)
		}
	}
}

// TestUpgradeOrder: every process of Nova is restarted, conductors first and the API last.
func TestUpgradeOrder(t *testing.T) {
	l := lab(t)
	var got []string
	for _, s := range l.upgradeOrder() {
		got = append(got, s.name)
	}
	if want := "nova-conductor nova-scheduler nova-compute-1 nova-compute-2 nova-api nova-metadata"; strings.Join(got, " ") != want {
		t.Errorf("%q", got)
	}
}
