//go:build unix

package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nova-go/nova/config"
)

// TestClustersAreConfigured: the files of the lab with clusters are complete, and the processes
// under test reach their neighbours through links only.
func TestClustersAreConfigured(t *testing.T) {
	l := lab(t, "LAB_HA=1")
	if l.Base != firstHAPort {
		t.Errorf("%+v", l)
	}
	used := map[string]bool{"scenarios.yaml": true}
	for _, f := range l.files() {
		used[filepath.Base(f.template)] = true
		if err := l.write(f); err != nil {
			t.Fatal(err)
		}
		at := filepath.Join(l.Etc(), f.to)
		text, err := os.ReadFile(at)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte("{{")) || bytes.Contains(text, []byte("<no value>")) || bytes.Contains(text, []byte("127.0.0.1:0")) {
			t.Errorf("%s is not filled in:\n%s", f.to, text)
		}
		if f.template != "nova.conf" {
			continue
		}
		c, err := config.Load(config.Sources{Files: []string{at}, NoDefaults: true})
		if err != nil {
			t.Fatal(err)
		}
		if u, w := c.Unknown(), c.Warnings(); len(u) > 0 || len(w) > 0 {
			t.Errorf("%s: %v %v", f.to, u, w)
		}
		if strings.Count(c.Default.TransportURL, "@") != 3 || len(c.KeystoneAuthtoken.MemcachedServers) != 2 || !c.OsloMessagingRabbit.RabbitQuorumQueue {
			t.Errorf("%s has no clusters", f.to)
		}
		if f.to != "links/nova.conf" {
			continue
		}
		for _, name := range l.Links() {
			if bytes.Contains(text, []byte(l.Address(name)+"/")) || bytes.Contains(text, []byte(l.Address(name)+",")) {
				t.Errorf("%s reaches %s without its link", f.to, name)
			}
			if !bytes.Contains(text, []byte(l.throughLinks().Address(name))) {
				t.Errorf("%s does not use the link of %s", f.to, name)
			}
		}
	}
	err := fs.WalkDir(etcFiles, "etc/ha", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !used[d.Name()] {
			t.Errorf("nothing uses %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCommandsOfClusters(t *testing.T) { testCommands(t, lab(t, "LAB_HA=1")) }

// TestScenarios: all commands of the scenarios exist, and their steps are in order and within the load.
func TestScenarios(t *testing.T) {
	l := lab(t, "LAB_HA=1")
	list, err := l.scenarios()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, s := range list {
		if seen[s.Name] || s.About == "" {
			t.Errorf("%s: a second time, or without a description", s.Name)
		}
		seen[s.Name] = true
		last := s.Length * 0
		for _, one := range s.Steps {
			if one.At < last || one.At >= s.Length {
				t.Errorf("%s: %s at %s", s.Name, one.Do, one.At)
			}
			last = one.At
		}
		for _, text := range s.After {
			if _, err := l.command(text); err != nil {
				t.Errorf("%s: %v", s.Name, err)
			}
		}
	}
	for _, bad := range []string{"kill nobody", "smoke mariadb-1", "link mariadb mode=pass&pause=soon", "link mariadb to=nowhere"} {
		if _, err := l.command(bad); err == nil {
			t.Errorf("%q is a command", bad)
		}
	}
}

// TestStepsRepeat: the steps of a scenario are done once, or again every time until the load ends.
func TestStepsRepeat(t *testing.T) {
	l := lab(t, "LAB_HA=1")
	process := exec.Command("sleep", "60")
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = process.Process.Kill(); _ = process.Wait() })
	pid := fmt.Sprint(process.Process.Pid, " ", startTime(process.Process.Pid))
	if err := os.MkdirAll(filepath.Dir(l.pidFile("mariadb-1")), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(l.pidFile("mariadb-1"), []byte(pid), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		every, length time.Duration
		want          int
	}{{0, time.Hour, 1}, {time.Millisecond, 3 * time.Millisecond, 3}} {
		var progress bytes.Buffer
		s := scenario{Length: c.length, Every: c.every, Steps: []fault{{Do: "thaw mariadb-1"}}}
		if _, err := l.runSteps(t.Context(), &progress, s, time.Now()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(progress.String(), "thaw"); got != c.want {
			t.Errorf("every %v for %v: the steps are done %d times, not %d", c.every, c.length, got, c.want)
		}
	}
}

// TestSignals: a service that does not run gets no signal; the process group 0 is that of the caller.
func TestSignals(t *testing.T) {
	l := lab(t, "LAB_HA=1")
	do, err := l.command("kill mariadb-1")
	if err != nil {
		t.Fatal(err)
	}
	if err := do(t.Context()); err == nil || err.Error() != "mariadb-1 does not run" {
		t.Errorf("kill of a service that does not run: %v", err)
	}
}
