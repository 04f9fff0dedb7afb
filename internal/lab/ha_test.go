//go:build unix

package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
