//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// pidFile returns the path of the file with the pid and the start time of a service.
func (l *Lab) pidFile(name string) string { return filepath.Join(l.State(), name+".pid") }

// running returns the pid of a service, or 0 if it does not run. It compares the start time,
// because the pid may belong to another process by now.
func (l *Lab) running(name string) int {
	text, err := os.ReadFile(l.pidFile(name))
	if err != nil {
		return 0
	}
	number, since, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	pid, err := strconv.Atoi(number)
	if err != nil || since == "" || startTime(pid) != since {
		return 0
	}
	return pid
}

// startTime returns the start time of a process in ticks since the boot; "" if there is no such
// process. A zombie counts as ended.
func startTime(pid int) string {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	// The program's name is in parentheses and may contain any character.
	_, rest, _ := strings.Cut(string(text[strings.LastIndexByte(string(text), ')'):]), " ")
	fields := strings.Fields(rest)
	const state, starttime = 0, 19
	if len(fields) <= starttime || fields[state] == "Z" {
		return ""
	}
	return fields[starttime]
}

// start starts a service in its own session, so that it continues when this program ends.
func (l *Lab) start(s service) error {
	if l.running(s.name) != 0 {
		return nil
	}
	if l.Port(s.name) != 0 && isListening(l.Address(s.name)) {
		return fmt.Errorf("port %d is taken, %s cannot have it: choose others with LAB_PORT_BASE", l.Port(s.name), s.name)
	}
	log, err := l.openLog(s.name)
	if err != nil {
		return err
	}
	defer log.Close()
	words := l.arguments(s)
	program, err := l.lookPath(words[0])
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	cmd := exec.Command(program, words[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = l.Dir, log, log
	cmd.Env = l.environment(s.name, s.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	since := startTime(cmd.Process.Pid)
	go func() { _ = cmd.Wait() }() // reaps the process, so that its end is detected
	return os.WriteFile(l.pidFile(s.name), fmt.Appendf(nil, "%d %s\n", cmd.Process.Pid, since), 0o644)
}

// openLog opens the log of a service or step for appending.
func (l *Lab) openLog(name string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(l.Log(name)), 0o755); err != nil {
		return nil, err
	}
	return os.OpenFile(l.Log(name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
}

// lookPath finds a program in the PATH of the lab's processes.
func (l *Lab) lookPath(name string) (string, error) {
	if filepath.IsAbs(name) {
		return name, nil
	}
	for _, dir := range filepath.SplitList(l.path()) {
		at := filepath.Join(dir, name)
		if i, err := os.Stat(at); err == nil && i.Mode().IsRegular() && i.Mode()&0o111 != 0 {
			return at, nil
		}
	}
	return "", fmt.Errorf("there is no program %s", name)
}

// await starts services and waits until all of them answer. It returns the first error.
func (l *Lab) await(ctx context.Context, services []service) error {
	for _, s := range services {
		if err := l.start(s); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range services {
		group.Go(func() error { return l.awaitOne(ctx, s) })
	}
	return group.Wait()
}

// awaitOne waits until a service answers, at most for readyTimeout.
func (l *Lab) awaitOne(ctx context.Context, s service) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	for {
		if l.running(s.name) == 0 {
			return fmt.Errorf("%s has ended; its log is %s, which ends with\n%s", s.name, l.Log(s.name), l.tail(s.name))
		}
		if s.ready == nil {
			return nil
		}
		err := s.ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) { // another service has failed, or the user has interrupted the command
				return ctx.Err()
			}
			return fmt.Errorf("%s does not answer (%w); its log is %s, which ends with\n%s", s.name, err, l.Log(s.name), l.tail(s.name))
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// tail returns the end of a log, indented.
func (l *Lab) tail(name string) string {
	text, err := os.ReadFile(l.Log(name))
	if err != nil {
		return "    " + err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return "    " + strings.Join(lines[max(0, len(lines)-10):], "\n    ")
}

// stop ends a service with SIGTERM, and after a while with SIGKILL. When it returns, the service can
// be started again.
func (l *Lab) stop(name string) error {
	pid := l.running(name)
	if pid == 0 {
		return nil
	}
	if err := syscall.Kill(-pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for end := time.Now().Add(20 * time.Second); l.running(name) != 0; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			break
		}
	}
	_ = syscall.Kill(-pid, syscall.SIGKILL) // remaining processes of the group
	return errors.Join(os.Remove(l.pidFile(name)), l.awaitPort(name))
}

// awaitPort waits until the port of a stopped service is free: the workers of a process that has
// ended keep its socket until they have ended as well.
func (l *Lab) awaitPort(name string) error {
	if l.Port(name) == 0 {
		return nil
	}
	for end := time.Now().Add(20 * time.Second); isListening(l.Address(name)); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("%s has ended, and port %d is still taken", name, l.Port(name))
		}
	}
	return nil
}

// down stops all services, stage by stage in reverse order.
func (l *Lab) down() error {
	var errs []error
	for at := otherServices; at >= infrastructure; at-- {
		var group sync.WaitGroup
		var mu sync.Mutex
		for _, s := range l.services() {
			if s.stage != at {
				continue
			}
			group.Go(func() {
				err := l.stop(s.name)
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			})
		}
		group.Wait()
	}
	return errors.Join(errs...)
}
