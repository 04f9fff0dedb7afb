package devcloud

import (
	"path/filepath"
	"testing"
)

// A journal of SQLite's may vanish after the listing of the state directory, where no
// test from outside can make it vanish for certain.
func TestAFileMayVanish(t *testing.T) {
	t.Parallel()
	if err := setMode(filepath.Join(t.TempDir(), "nova_api.sqlite-wal"), 0o600); err != nil {
		t.Error(err)
	}
}
