//go:build packages

package packages_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest/testproc"
)

// built returns the file in dist/ that a pattern names.
func built(t *testing.T, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../../dist", pattern))
	if err != nil || len(files) != 1 {
		t.Fatalf("dist/%s: %v %v; run make packages-test", pattern, files, err)
	}
	file, err := filepath.Abs(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// run runs a command and returns its output.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// needs skips a test without a program, or, for "root", without the rights of root.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if p == "root" {
			if os.Getuid() != 0 {
				t.Skip("needs root")
			}
		} else if _, err := exec.LookPath(p); err != nil {
			t.Skip("needs " + p)
		}
	}
}

// TestDebian installs the package into a root that has nothing but a directory of logs, and removes it.
func TestDebian(t *testing.T) {
	needs(t, "root", "dpkg")
	root := t.TempDir()
	dpkg := []string{"--root=" + root, "--force-script-chrootless", "--force-depends"}
	for _, d := range []string{"updates", "info", "triggers"} {
		if err := os.MkdirAll(filepath.Join(root, "var/lib/dpkg", d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"status", "available"} {
		if err := os.WriteFile(filepath.Join(root, "var/lib/dpkg", f), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	logs := filepath.Join(root, "var/log/nova")
	if err := os.MkdirAll(logs, 0o711); err != nil {
		t.Fatal(err)
	}
	run(t, "dpkg", append(dpkg, "-i", built(t, "nova-go_*.deb"))...)
	installed(t, root)
	if info, err := os.Stat(logs); err != nil || info.Mode().Perm() != 0o711 {
		t.Errorf("the mode of a directory that existed has changed: %v %v", info, err)
	}
	if _, err := exec.LookPath("systemd-sysusers"); err == nil {
		users, err := os.ReadFile(filepath.Join(root, "etc/passwd"))
		if err != nil || !strings.Contains(string(users), "\nnova:") && !strings.HasPrefix(string(users), "nova:") {
			t.Errorf("no user nova: %v\n%s", err, users)
		}
	}
	run(t, "dpkg", append(dpkg, "--purge", "nova-go")...)
	for _, f := range []string{"usr/libexec/nova-go", "usr/bin/nova-go-api", "etc/logrotate.d/nova-go", "usr/lib/systemd/system/nova-go-api.service"} {
		if _, err := os.Lstat(filepath.Join(root, f)); !os.IsNotExist(err) {
			t.Errorf("/%s remains: %v", f, err)
		}
	}
}

// TestRPM installs the package into an empty root. Its scripts are not run, because they need a shell there.
func TestRPM(t *testing.T) {
	needs(t, "root", "rpm")
	root := t.TempDir()
	run(t, "rpm", "--root", root, "--initdb")
	run(t, "rpm", "--root", root, "--nodeps", "--noscripts", "--ignoreos", "-i", built(t, "nova-go-*.rpm"))
	installed(t, root)
	run(t, "rpm", "--root", root, "--noscripts", "-e", "nova-go")
	if _, err := os.Lstat(filepath.Join(root, "usr/libexec/nova-go")); !os.IsNotExist(err) {
		t.Errorf("/usr/libexec/nova-go remains: %v", err)
	}
}

// installed checks the files of a package below a root.
func installed(t *testing.T, root string) {
	t.Helper()
	for _, program := range []string{"api", "metadata"} {
		name := "nova-go-" + program
		if out := run(t, filepath.Join(root, "usr/bin", name), "--version"); !strings.HasPrefix(out, "nova-"+program+" ") {
			t.Errorf("%s --version: %s", name, out)
		}
		page, err := os.Open(filepath.Join(root, "usr/share/man/man8", name+".8.gz"))
		if err != nil {
			t.Fatal(err)
		}
		defer page.Close()
		unzipped, err := gzip.NewReader(page)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(unzipped)
		for _, part := range []string{".SH NAME", name, "COMMAND CHECK", "--config-file"} {
			if plain := strings.ReplaceAll(string(text), `\-`, "-"); err != nil || !strings.Contains(plain, part) {
				t.Errorf("the manual page of %s lacks %q: %v", name, part, err)
			}
		}
		unit, err := os.ReadFile(filepath.Join(root, "usr/lib/systemd/system", name+".service"))
		if err != nil {
			t.Fatal(err)
		}
		_, start, _ := strings.Cut(string(unit), "\nExecStart=")
		start, _, _ = strings.Cut(start, "\n")
		if info, err := os.Stat(filepath.Join(root, start)); err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("the unit starts %s: %v", start, err)
		}
		if _, err := exec.LookPath("bash"); err == nil {
			completion := filepath.Join(root, "usr/share/bash-completion/completions", name)
			if out := run(t, "bash", "-c", `source "$1"; complete -p "$2"`, "bash", completion, name); !strings.Contains(out, name) {
				t.Errorf("completion of %s: %s", name, out)
			}
		}
	}
	if link, err := os.Readlink(filepath.Join(root, "usr/libexec/nova-go/uwsgi")); err != nil || link != "nova-api" {
		t.Errorf("uwsgi is %s: %v", link, err)
	}
}

// answers waits until a URL answers, and returns the answer.
func answers(t *testing.T, url string) string {
	t.Helper()
	var body string
	testproc.Eventually(t, url+" answers", func() bool {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		body = string(b)
		return err == nil && res.StatusCode != http.StatusServiceUnavailable
	})
	return body
}
