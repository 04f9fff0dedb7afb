package main_test

import (
	"syscall"
	"testing"
)

// A terminal that is closed tells the embedded cloud so, and its shell maybe once
// more: it ends as with SIGTERM.
func TestDevInAClosedTerminal(t *testing.T) {
	t.Parallel()
	p, _ := dev(t)
	for range 3 {
		_ = p.cmd.Process.Signal(syscall.SIGHUP)
	}
	if err := <-p.ended; err != nil {
		t.Error(err)
	}
	p.ended <- nil // as wanted
}
