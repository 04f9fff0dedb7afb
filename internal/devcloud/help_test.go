package devcloud_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	embedded "github.com/nova-go/nova/internal/devcloud"
)

// TestHelp confirms that GET /dev lists the requests that exist, with the names that they take.
func TestHelp(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	var help struct {
		Requests []struct {
			Request, Does string
			Body          map[string]string
		}
		Names map[string][]string
	}
	if err := json.Unmarshal([]byte(ask(t, c, "GET", "", "", 200)), &help); err != nil {
		t.Fatal(err)
	}
	for _, r := range help.Requests {
		method, path, _ := strings.Cut(r.Request, " ")
		if method != http.MethodGet || r.Does == "" {
			continue
		}
		_, _ = send(t, c, "", method, path, "", 200)
	}
	for name, want := range map[string]string{"methods": "stop_instance", "hosts": "compute-2", "cells": "cell1", "users": "reader"} {
		if !slices.Contains(help.Names[name], want) {
			t.Errorf("%s has no %s: %v", name, want, help.Names[name])
		}
	}
	at := slices.IndexFunc(help.Requests, func(r struct {
		Request, Does string
		Body          map[string]string
	}) bool {
		return r.Request == "POST /dev/faults"
	})
	if at < 0 || help.Requests[at].Body["status"] == "" {
		t.Errorf("no POST /dev/faults in %v", help.Requests)
	}
	if text := ask(t, c, "GET", "/fault", "", 404); !strings.Contains(text, "/dev/faults") {
		t.Errorf("got %s", text)
	}
	if text := ask(t, c, "PATCH", "/faults", "", 405); !strings.Contains(text, "DELETE, GET, POST") {
		t.Errorf("got %s", text)
	}
	header, _ := send(t, c, "", "GET", "/dev", "", 200, "Accept: text/html")
	if kind := header.Get("Content-Type"); !strings.HasPrefix(kind, "text/html") {
		t.Errorf("a browser gets %s", kind)
	}
}

// TestHelpNamesAllMembers compares the help of POST /dev/faults with the members that the request takes.
func TestHelpNamesAllMembers(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	var help struct {
		Requests []struct {
			Request string
			Body    map[string]string
		}
	}
	if err := json.Unmarshal([]byte(ask(t, c, "GET", "", "", 200)), &help); err != nil {
		t.Fatal(err)
	}
	for _, r := range help.Requests {
		method, path, _ := strings.Cut(r.Request, " ")
		if len(r.Body) == 0 || path == "/dev/seed" {
			continue
		}
		path = strings.NewReplacer("{host}", "compute-1", "{cell}", "cell1").Replace(path)
		_, text := send(t, c, "", method, path, `{"nothing": 1}`, 400)
		for name := range r.Body {
			if !strings.Contains(string(text), name) {
				t.Errorf("%s has no %s: %s", r.Request, name, text)
			}
		}
	}
}

// TestUsersOfFiles logs in as each user of clouds.yaml, and as those of openrc.
func TestUsersOfFiles(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	c := start(t, state)
	defer c.Close()
	text, err := os.ReadFile(filepath.Join(state, "clouds.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "nova-dev-reader:\n") {
		t.Errorf("no reader in %s", text)
	}
	sh, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	for args, want := range map[string]string{"": "demo demo", "admin": "admin admin", "reader": "reader demo", "admin demo": "admin demo"} {
		out, err := exec.Command(sh, "-c", ". "+filepath.Join(state, "openrc")+" "+args+"; echo $OS_USERNAME $OS_PROJECT_NAME").CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("openrc %s gives %s, %v", args, got, err)
		}
	}
}

// TestCommandsWithTLS confirms that the printed commands name the certificate that clients need.
func TestCommandsWithTLS(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	c, err := embedded.New(t.Context(), embedded.Options{State: state, URL: "https://127.0.0.1:8774"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	cert, _ := c.Certificate()
	if _, err := os.Stat(cert); err != nil {
		t.Error(err)
	}
	for line := range strings.Lines(c.Hello()) {
		if strings.Contains(line, "curl") && !strings.Contains(line, "--cacert '"+filepath.ToSlash(cert)+"'") {
			t.Errorf("%s names no certificate", line)
		}
	}
}
