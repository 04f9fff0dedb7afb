package devcloud_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nova-go/nova/compute/devcloud"
)

// TestAStateDirectoryHasOneProcess holds a directory as another process would: the
// lock is of the open file.
func TestAStateDirectoryHasOneProcess(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	first := start(t, state)
	_, err := devcloud.Start(context.Background(), devcloud.Options{State: state})
	want := fmt.Sprintf("the state directory %s is in use by process %d: ", state, os.Getpid())
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Fatalf("%v, want %s", err, want)
	}
	for _, other := range []string{t.TempDir(), "", ""} { // "" is one of its own
		defer start(t, other).Close()
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := start(t, state).Close(); err != nil {
		t.Fatal(err)
	}
}

// TestDirectoryFromBefore takes over a directory whose database of the services has its
// former name.
func TestDirectoryFromBefore(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	c := start(t, state)
	ask(t, c, "POST", "/seed", "servers:\n- {name: web}\n", 204)
	settles(t, c, `"status":"ACTIVE"`)
	before := ask(t, c, "GET", "/dump", "", 200)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	now, err := filepath.Glob(filepath.Join(state, "services.sqlite*"))
	if err != nil || len(now) == 0 {
		t.Fatalf("%v %v", now, err)
	}
	for _, path := range now {
		if err := os.Rename(path, strings.Replace(path, "services.sqlite", "neighbours.sqlite", 1)); err != nil {
			t.Fatal(err)
		}
	}
	c = start(t, state)
	defer func() { _ = c.Close() }()
	if after := ask(t, c, "GET", "/dump", "", 200); after != before {
		t.Errorf("there was\n%s\nand is\n%s", before, after)
	}
}
