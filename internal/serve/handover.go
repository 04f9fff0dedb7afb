package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
)

// Inherited is an open listener that the process received from its parent.
type Inherited struct {
	Protocol string // http, https, uwsgi, fcgi or scgi
	// Address is the address in the form of Options. It is empty for systemd's sockets.
	Address  string
	Listener net.Listener
	// parent is the process that serves on the same socket, and may continue; nil means none.
	parent *Parent
}

// Parent is the data that a process receives at its start from the process that it replaces, or
// from systemd.
type Parent struct {
	Listeners []Inherited
	ready     *os.File // nil if there is no process to replace
	gone      *os.File // ends when that process has released the sockets; nil if its version does not support this
	owned     chan struct{}
}

// Replaces reports whether there is a process to replace.
func (p *Parent) Replaces() bool { return p.ready != nil }

// Owned is closed when the replaced process has released its sockets.
func (p *Parent) Owned() <-chan struct{} { return p.owned }

// lends reports whether the replaced process still holds its sockets. It returns false for nil.
func (p *Parent) lends() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.owned:
		return false
	default:
		return true
	}
}

// handoverEnv contains the names of the listeners for the next process, in the order of the
// descriptors, which begin with 3. The next descriptor is the pipe for the report of readiness.
// If leaseEnv is set, another pipe follows, which stays open while the parent holds the
// sockets.
const (
	handoverEnv = "NOVA_SERVE_HANDOVER"
	leaseEnv    = "NOVA_SERVE_HANDOVER_LEASE"
)

const firstDescriptor = 3

type handoverName struct{ Protocol, Address string }

// Inherit returns the sockets of the process that this process replaces (see Server.Replace),
// or those of systemd. FileDescriptorName= of a systemd socket is its protocol; the default is
// HTTP. Inherit must be called only once, because it removes the environment variables.
func Inherit() (*Parent, error) {
	text, replaced := os.LookupEnv(handoverEnv)
	if !replaced {
		return systemdSockets()
	}
	_, lease := os.LookupEnv(leaseEnv)
	_ = os.Unsetenv(handoverEnv)
	_ = os.Unsetenv(leaseEnv)
	var names []handoverName
	if err := json.Unmarshal([]byte(text), &names); err != nil {
		return nil, fmt.Errorf("%s: %w", handoverEnv, err)
	}
	p := &Parent{owned: make(chan struct{})}
	for i, name := range names {
		f := os.NewFile(uintptr(firstDescriptor+i), name.Protocol)
		l, err := net.FileListener(f)
		_ = f.Close()
		if err != nil {
			return nil, fmt.Errorf("the handed over listener for %s on %s: %w", name.Protocol, name.Address, err)
		}
		// A unix socket that is created from a file is not unlinked when it is closed.
		p.Listeners = append(p.Listeners, Inherited{name.Protocol, name.Address, l, p})
	}
	pipe := func(fd int, name string) *os.File {
		closeOnExec(fd)
		return os.NewFile(uintptr(fd), name)
	}
	p.ready = pipe(firstDescriptor+len(names), "ready")
	if lease {
		p.gone = pipe(firstDescriptor+len(names)+1, "lease")
	}
	return p, nil
}

func systemdSockets() (*Parent, error) {
	byName, err := activation.ListenersWithNames()
	if err != nil {
		return nil, fmt.Errorf("systemd's sockets: %w", err)
	}
	p := &Parent{}
	for name, listeners := range byName {
		protocol := name
		if strings.HasSuffix(name, ".socket") || strings.HasPrefix(name, "LISTEN_FD_") {
			protocol = "http" // no FileDescriptorName=
		}
		if !slices.Contains([]string{"http", "https", "uwsgi", "fcgi", "scgi"}, protocol) {
			return nil, fmt.Errorf("systemd's socket %q: FileDescriptorName= must be one of http, https, uwsgi, fcgi, scgi", name)
		}
		for _, l := range listeners {
			if l == nil {
				return nil, fmt.Errorf("systemd's socket %q is not a listening stream socket", name)
			}
			p.Listeners = append(p.Listeners, Inherited{Protocol: protocol, Listener: l})
		}
	}
	return p, nil
}

// Ready reports to the replaced process that it may end. The sockets are closed and unlinked by
// this process only after that process has released them.
func (p *Parent) Ready() error {
	if p.ready == nil {
		return nil
	}
	_, err := p.ready.Write([]byte{1})
	err = errors.Join(err, p.ready.Close())
	if p.gone == nil {
		p.own()
		return err
	}
	go func() {
		_, _ = p.gone.Read(make([]byte, 1)) // the pipe has no data; it only ends
		_ = p.gone.Close()
		p.own()
	}()
	return err
}

// own makes this process the owner of the sockets. It unlinks the paths of inherited sockets
// that this process does not serve and has closed, because no other process does.
func (p *Parent) own() {
	defer close(p.owned)
	for _, l := range p.Listeners {
		u, ok := l.Listener.(*net.UnixListener)
		if !ok || l.Address == "" {
			continue
		}
		u.SetUnlinkOnClose(true)
		if raw, err := u.SyscallConn(); err != nil || raw.Control(func(uintptr) {}) != nil {
			_ = os.Remove(strings.TrimPrefix(l.Address, "unix:"))
		}
	}
}

// settleTime is the time that a process must live after its report of readiness before its
// predecessor releases the sockets.
const settleTime = 200 * time.Millisecond

// Replace starts cmd with all listeners, and returns its process after it has reported that it
// is ready and has lived for a moment longer. Both processes then accept from the same queues,
// and the caller should end Serve's context; no connection is lost. Before that, the new
// process accepts no connection. If cmd ends early or takes longer than ctx, Replace returns an
// error and nothing has changed.
func (s *Server) Replace(ctx context.Context, cmd *exec.Cmd) (*os.Process, error) {
	defer func() {
		for _, f := range cmd.ExtraFiles {
			_ = f.Close()
		}
	}()
	ready, lease, err := s.lend(cmd)
	if err != nil {
		return nil, err
	}
	defer func() { _ = errors.Join(ready.Close(), lease.Close()) }()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	// The pipe ends with the process only if this process does not hold its other end.
	_ = cmd.ExtraFiles[len(s.listeners)].Close()
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	if err := awaitReady(ctx, ready, ended); err != nil {
		_ = cmd.Process.Kill()
		<-ended
		if errors.Is(err, io.EOF) {
			err = errors.New(cmd.ProcessState.String())
		}
		return nil, fmt.Errorf("%s has not become ready: %w", cmd.Path, err)
	}
	for _, l := range s.listeners {
		l.wrapped.shared.Store(true)
		if u, ok := l.Listener.(*net.UnixListener); ok {
			u.SetUnlinkOnClose(false)
		}
	}
	return cmd.Process, nil
}

// lend passes the listeners and two pipes to cmd. Through the first pipe cmd reports that it is
// ready; the second ends for cmd when it is closed here.
func (s *Server) lend(cmd *exec.Cmd) (ready, lease *os.File, err error) {
	names := []handoverName{}
	for _, l := range s.listeners {
		f, err := duplicate(l.Listener)
		if err != nil {
			return nil, nil, fmt.Errorf("handing over %s on %s: %w", l.Protocol, l.Listener.Addr(), err)
		}
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
		names = append(names, handoverName{l.Protocol, l.Address})
	}
	text, err := json.Marshal(names)
	if err != nil {
		return nil, nil, err
	}
	ready, out, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	cmd.ExtraFiles = append(cmd.ExtraFiles, out)
	in, lease, err := os.Pipe()
	if err != nil {
		_ = ready.Close()
		return nil, nil, err
	}
	cmd.ExtraFiles = append(cmd.ExtraFiles, in)
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, handoverEnv+"="+string(text), leaseEnv+"=1")
	return ready, lease, nil
}

// awaitReady waits until a process has reported that it is ready, and has lived for another
// moment.
func awaitReady(ctx context.Context, ready *os.File, ended <-chan struct{}) error {
	said := make(chan error, 1)
	go func() {
		_, err := io.ReadFull(ready, make([]byte, 1))
		said <- err
	}()
	select {
	case err := <-said:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-ended:
		return io.EOF
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(settleTime):
		return nil
	}
}
