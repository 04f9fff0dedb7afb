//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// processes is a lab that can start some.
func processes(t *testing.T) *Lab {
	t.Helper()
	if startTime(os.Getpid()) == "" {
		t.Skip("needs /proc")
	}
	l := lab(t)
	for _, dir := range []string{l.Etc(), l.State()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func TestServiceLivesUntilItIsStopped(t *testing.T) {
	l := processes(t)
	asked := 0
	s := service{name: "sleeper", command: "sleep 60", ready: func(context.Context) error {
		if asked++; asked < 2 {
			return errors.New("not yet")
		}
		return nil
	}}
	if err := l.await(t.Context(), []service{s}); err != nil {
		t.Fatal(err)
	}
	pid := l.running(s.name)
	if pid == 0 || asked != 2 {
		t.Fatalf("process %d, asked %d times", pid, asked)
	}
	if err := l.start(s); err != nil || l.running(s.name) != pid {
		t.Errorf("a second start: %v, process %d", err, l.running(s.name))
	}
	// The number of the process with another time of birth is somebody else's.
	mine, err := os.ReadFile(l.pidFile(s.name))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(l.pidFile(s.name), fmt.Appendf(nil, "%d 1\n", pid), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := l.running(s.name); got != 0 {
		t.Errorf("process %d is taken for the service", got)
	}
	if err := os.WriteFile(l.pidFile(s.name), mine, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := l.stop(s.name); err != nil {
		t.Fatal(err)
	}
	if l.running(s.name) != 0 || startTime(pid) != "" {
		t.Error("it lives on")
	}
	if err := l.stop(s.name); err != nil {
		t.Errorf("a second stop: %v", err)
	}
}

func TestServiceThatEndsIsNamed(t *testing.T) {
	l := processes(t)
	s := service{name: "loser", command: "ls", last: "/no such file", ready: func(context.Context) error { return errors.New("does not answer") }}
	err := l.await(t.Context(), []service{s})
	if err == nil || !strings.Contains(err.Error(), "loser has ended") || !strings.Contains(err.Error(), l.Log("loser")) || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("%v", err)
	}
}

func TestServiceThatDoesNotAnswerIsNamed(t *testing.T) {
	l := processes(t)
	s := service{name: "mute", command: "sleep 60", ready: func(context.Context) error { return errors.New("nothing heard") }}
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	err := l.await(ctx, []service{s})
	if err == nil || !strings.Contains(err.Error(), "mute does not answer (nothing heard)") || !strings.Contains(err.Error(), l.Log("mute")) {
		t.Errorf("%v", err)
	}
	if err := l.stop(s.name); err != nil {
		t.Error(err)
	}
}

func TestPortThatIsTaken(t *testing.T) {
	l := processes(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	l.Base = listener.Addr().(*net.TCPAddr).Port - (l.Port("keystone") - l.Base)
	if err := l.start(service{name: "keystone", command: "sleep 60"}); err == nil || !strings.Contains(err.Error(), "LAB_PORT_BASE") {
		t.Errorf("%v", err)
	}
}

// TestStopWaitsForThePort: a worker that outlives its parent by a moment, here the listener, would
// keep a service that is started at once from its port.
func TestStopWaitsForThePort(t *testing.T) {
	l := processes(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	l.Base = listener.Addr().(*net.TCPAddr).Port - (l.Port("keystone") - l.Base)
	listener.Close()
	s := service{name: "keystone", command: "sleep 60"}
	if err := l.start(s); err != nil {
		t.Fatal(err)
	}
	if listener, err = net.Listen("tcp", address); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() {
		stopped <- l.stop(s.name)
		listener.Close()
	}()
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal("it does not look whether the port is free")
	}
	conn.Close()
	if l.running(s.name) != 0 {
		t.Error("the service has not ended")
	}
	listener.Close()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if err := l.start(s); err != nil {
		t.Errorf("it cannot be started again: %v", err)
	}
	if err := l.stop(s.name); err != nil {
		t.Error(err)
	}
}
