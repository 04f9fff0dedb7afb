//go:build unix

package devcloud_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestStateIsPrivate makes a cloud where others may read, with a umask that forbids
// nothing, and finds nothing that they may.
func TestStateIsPrivate(t *testing.T) {
	t.Parallel()
	defer syscall.Umask(syscall.Umask(0))
	parent := t.TempDir()
	lax := filepath.Join(parent, "lax")
	if err := os.Mkdir(lax, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"nova.conf", "openrc", "tokens.json", "nova_api.sqlite"} {
		text := ""
		if name == "tokens.json" {
			text = "{}"
		}
		if err := os.WriteFile(filepath.Join(lax, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, state := range []string{lax, filepath.Join(parent, "new"), filepath.Join(parent, "deep", "er")} {
		c := start(t, state)
		ask(t, c, "POST", "/seed", "servers:\n- {name: web}\nrequests:\n- {as: admin, do: \"POST /identity/v3/projects\", body: {project: {name: p}}}\n", 204)
		settles(t, c, `"status":"ACTIVE"`)
		private(t, state)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		private(t, state)
	}
}

func private(t *testing.T, state string) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(state, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) { // a journal of SQLite's that has just ended
			return nil
		}
		if err != nil {
			return err
		}
		n++
		want := fs.FileMode(0o600)
		if e.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s: %s, want %s", path, info.Mode(), want)
		}
		return nil
	})
	if err != nil || n < 8 {
		t.Errorf("%d files: %v", n, err)
	}
}

// TestADirectoryOfOthersStaysOpen is about --state /tmp: closing it would break the
// machine, at its first use and at any later one.
func TestADirectoryOfOthersStaysOpen(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	other := filepath.Join(state, "of-somebody-else")
	if err := os.WriteFile(other, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(state, 0o777); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := start(t, state).Close(); err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]fs.FileMode{state: 0o777, other: 0o644, filepath.Join(state, "openrc"): 0o600, filepath.Join(state, "nova_cell1.sqlite"): 0o600, filepath.Join(state, "lock"): 0o600} {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != want {
				t.Errorf("%s: %s, want %s", path, info.Mode(), want)
			}
		}
	}
}
