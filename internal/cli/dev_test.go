package cli_test

import (
	"path/filepath"
	"testing"

	"github.com/nova-go/nova/internal/cli"
)

// TestStateDirectory confirms the order of --state, XDG_STATE_HOME and the home directory.
func TestStateDirectory(t *testing.T) {
	home, xdg := t.TempDir(), t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	for _, c := range []struct{ state, xdg, want string }{
		{"", "", filepath.Join(home, ".local", "state", "nova-dev")},
		{"", xdg, filepath.Join(xdg, "nova-dev")},
		{"", "relative", filepath.Join(home, ".local", "state", "nova-dev")},
		{":memory:", xdg, ":memory:"},
	} {
		t.Setenv("XDG_STATE_HOME", c.xdg)
		d := cli.Dev{State: c.state}
		if got, err := d.Directory(); err != nil || got != c.want {
			t.Errorf("%+v gives %s, %v", c, got, err)
		}
	}
}
