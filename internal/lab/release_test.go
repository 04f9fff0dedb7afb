//go:build unix

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/release"
)

// TestLabsOfReleases: labs of all releases have different directories, ports and environments of
// Nova, and one environment of the other services.
func TestLabsOfReleases(t *testing.T) {
	taken := map[any]string{}
	for _, r := range release.All() {
		l, err := newLab(environ([]string{"LAB_RELEASE=" + r.ID}))
		if err != nil {
			t.Fatal(err)
		}
		if l.Release != r || filepath.Base(l.ServicesVenv) != "venv" || filepath.Dir(l.Venv) != filepath.Dir(l.ServicesVenv) {
			t.Errorf("%s: %+v", r, l)
		}
		mine := []any{l.Dir, l.Venv}
		for _, name := range ports {
			mine = append(mine, l.Port(name))
		}
		for _, one := range mine {
			if other := taken[one]; other != "" {
				t.Errorf("%v is of %s and %s", one, other, r)
			}
			taken[one] = r.String()
		}
	}
	standard, err := newLab(environ(nil))
	if err != nil {
		t.Fatal(err)
	}
	if standard.Release != newest() || standard.Base != firstPort || standard.Venv != standard.ServicesVenv {
		t.Errorf("%+v", standard)
	}
}

func TestReleaseIsRemembered(t *testing.T) {
	dir := t.TempDir()
	first, err := newLab(environ([]string{"LAB=" + dir, "LAB_RELEASE=2025.1", "LAB_SERVICES_VENV=/opt/services"}))
	if err != nil {
		t.Fatal(err)
	}
	if err := first.remember(); err != nil {
		t.Fatal(err)
	}
	again, err := newLab(environ([]string{"LAB=" + dir}))
	if err != nil {
		t.Fatal(err)
	}
	if again.Release.ID != "2025.1" || again.Venv != filepath.Join(dir, "venv-2025.1") || again.ServicesVenv != "/opt/services" || again.Base != first.Base {
		t.Errorf("%+v", again)
	}
	// A shell with the variables of one lab does not start another in its directory.
	if _, err := newLab(environ([]string{"LAB=" + dir, "LAB_RELEASE=2026.1"})); err == nil || !strings.Contains(err.Error(), "2025.1") {
		t.Errorf("another release: %v", err)
	}
	if _, err := newLab(environ([]string{"LAB=" + t.TempDir(), "LAB_RELEASE=zed"})); err == nil || !strings.Contains(err.Error(), "2026.1") {
		t.Errorf("an unknown release: %v", err)
	}
	if _, err := newLab(environ([]string{"LAB=" + t.TempDir(), "LAB_RELEASE=2026.1", "LAB_VENV=/opt", "LAB_SERVICES_VENV=/opt"})); err == nil {
		t.Error("one environment of two releases")
	}
}

// TestSettingsOfEarlierLabs: labs that were started before there was a choice of releases.
func TestSettingsOfEarlierLabs(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, settings), []byte(`{"venv":"/opt/venv","port_base":30000}`), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := newLab(environ([]string{"LAB=" + dir}))
	if err != nil {
		t.Fatal(err)
	}
	if l.Release != newest() || l.Venv != "/opt/venv" || l.ServicesVenv != "/opt/venv" || l.Base != 30000 || len(l.environments()) != 1 {
		t.Errorf("%+v", l)
	}
}

// TestCommandsOfOlderRelease: Nova runs from its own environment, all other services from theirs.
func TestCommandsOfOlderRelease(t *testing.T) {
	beside := []string{"keystone", "glance", "placement", "neutron", "cinder"}
	for id, application := range map[string]string{
		"2024.1": "--wsgi-file /opt/nova/bin/nova-api-wsgi", "2024.2": "--module nova.wsgi.osapi_compute:application",
	} {
		l := lab(t, "LAB_RELEASE="+id, "LAB_VENV=/opt/nova", "LAB_SERVICES_VENV=/opt/services")
		for _, s := range l.services() {
			command := strings.Join(l.arguments(s), " ")
			if strings.Contains(command, "/opt/nova/") != strings.HasPrefix(s.name, "nova-") ||
				strings.Contains(command, "/opt/services/") != slices.Contains(beside, strings.Split(s.name, "-")[0]) {
				t.Errorf("%s: %s", s.name, command)
			}
			if s.name == "nova-api" && !strings.HasSuffix(command, application) {
				t.Errorf("%s: %s", id, command)
			}
		}
		if path := l.path(); !strings.HasPrefix(path, "/opt/nova/bin:/opt/services/bin:") {
			t.Error(path)
		}
		var out bytes.Buffer
		if err := l.writeEnv(&out, false); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"LAB_RELEASE=" + id, "LAB_VENV=/opt/nova", "LAB_PYTHON=/opt/nova/bin/python", "LAB_SERVICES_VENV=/opt/services"} {
			if !strings.Contains(out.String(), "export "+want+"\n") {
				t.Errorf("%s is not in\n%s", want, &out)
			}
		}
	}
}

// TestEnvironmentOfAnotherRelease: an environment is not used for another release of Nova, nor
// overwritten with it.
func TestEnvironmentOfAnotherRelease(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"bin", "lib/python3.11/site-packages/nova-31.2.0.dist-info"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "bin", "nova-conductor"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	has := func(id string) (bool, error) {
		l := lab(t, "LAB_RELEASE="+id, "LAB_VENV="+dir)
		return l.hasEnvironment(l.environments()[0])
	}
	if ok, err := has("2025.1"); !ok || err != nil {
		t.Errorf("Nova 31.2.0 for 2025.1: %t %v", ok, err)
	}
	for _, id := range []string{"2026.1", "2026.2"} {
		if ok, err := has(id); ok || err == nil || !strings.Contains(err.Error(), "31.2.0") {
			t.Errorf("Nova 31.2.0 for %s: %t %v", id, ok, err)
		}
	}
	// An environment of this program with other requirements is completed, unless it is of
	// another release.
	if err := os.WriteFile(filepath.Join(dir, "lab-requirements"), []byte("others"), 0o644); err != nil {
		t.Fatal(err)
	}
	if ok, err := has("2025.1"); ok || err != nil {
		t.Errorf("other requirements: %t %v", ok, err)
	}
	if ok, err := has("2026.1"); ok || err == nil {
		t.Errorf("another release: %t %v", ok, err)
	}
}

// TestRequirements: constraints.txt has a version of every package that requirements.txt names,
// and of Nova the one of the release.
func TestRequirements(t *testing.T) {
	pin := regexp.MustCompile(`^[a-z0-9.-]+==[a-z0-9.]+$`)
	for _, r := range release.All() {
		l := lab(t, "LAB_RELEASE="+r.ID)
		text := map[string]string{}
		for _, f := range l.environments()[0].files() {
			content, err := l.render(f.template, f.data)
			if err != nil {
				t.Fatal(err)
			}
			text[filepath.Base(f.to)] = string(content)
		}
		pins := text["constraints.txt"]
		for line := range strings.Lines(pins) {
			if line = strings.TrimSpace(line); !strings.HasPrefix(line, "#") && !pin.MatchString(line) {
				t.Errorf("%s: constraints.txt: %q", r, line)
			}
		}
		for line := range strings.Lines(text["requirements.txt"]) {
			name, _, exact := strings.Cut(strings.TrimSpace(line), "==")
			if name == "" || strings.HasPrefix(name, "#") {
				continue
			}
			want := "\n" + name + "=="
			if exact {
				want = "\n" + strings.TrimSpace(line) + "\n"
			}
			if !strings.Contains(pins, want) {
				t.Errorf("%s: constraints.txt has not %q", r, want)
			}
		}
		if !strings.Contains(text["requirements.txt"], "nova=="+r.Version+"\n") || strings.Contains(text["requirements.txt"], "neutron") != (r == newest()) {
			t.Errorf("%s: %s", r, text["requirements.txt"])
		}
	}
}
