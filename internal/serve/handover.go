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
	"syscall"

	"github.com/coreos/go-systemd/v22/activation"
	"golang.org/x/sys/unix"
)

// Inherited is an open listener that the process has got from its parent.
type Inherited struct {
	Protocol string // http, https, uwsgi, fcgi or scgi
	// Address is as Options has it. It is empty for systemd's sockets.
	Address  string
	Listener net.Listener
}

// Parent is what a process has got at its start.
type Parent struct {
	Listeners []Inherited
	ready     *os.File // nil without a process to take over from
}

// handoverEnv carries the listeners' names from one process to the next, in the
// order of the descriptors, which begin with 3; the pipe that takes the news of
// readiness follows them.
const handoverEnv = "NOVA_SERVE_HANDOVER"

const firstDescriptor = 3

type handoverName struct{ Protocol, Address string }

// Inherit collects what the process has got: the sockets of the process that it
// is to replace (see Server.Replace), or systemd's. A socket of systemd has the
// protocol's name as its FileDescriptorName=; without a name it is for HTTP. It
// is called once, since it takes the environment's word away.
func Inherit() (*Parent, error) {
	text, replaced := os.LookupEnv(handoverEnv)
	if !replaced {
		return activated()
	}
	_ = os.Unsetenv(handoverEnv)
	var names []handoverName
	if err := json.Unmarshal([]byte(text), &names); err != nil {
		return nil, fmt.Errorf("%s: %w", handoverEnv, err)
	}
	p := &Parent{}
	for i, name := range names {
		f := os.NewFile(uintptr(firstDescriptor+i), name.Protocol)
		l, err := net.FileListener(f)
		_ = f.Close()
		if err != nil {
			return nil, fmt.Errorf("the handed over listener for %s on %s: %w", name.Protocol, name.Address, err)
		}
		if u, ok := l.(*net.UnixListener); ok && name.Address != "" {
			u.SetUnlinkOnClose(true)
		}
		p.Listeners = append(p.Listeners, Inherited{name.Protocol, name.Address, l})
	}
	p.ready = os.NewFile(uintptr(firstDescriptor+len(names)), "ready")
	unix.CloseOnExec(firstDescriptor + len(names))
	return p, nil
}

func activated() (*Parent, error) {
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
			return nil, fmt.Errorf("systemd's socket %q: FileDescriptorName= is none of http, https, uwsgi, fcgi, scgi", name)
		}
		for _, l := range listeners {
			if l == nil {
				return nil, fmt.Errorf("systemd's socket %q is not one to accept connections on", name)
			}
			p.Listeners = append(p.Listeners, Inherited{Protocol: protocol, Listener: l})
		}
	}
	return p, nil
}

// Ready tells the process before this one that it may go.
func (p *Parent) Ready() error {
	if p.ready == nil {
		return nil
	}
	_, err := p.ready.Write([]byte{1})
	return errors.Join(err, p.ready.Close())
}

// Replace starts cmd with all listeners and returns its process when it has
// said that it is ready. From then on the two accept from the same queues, and
// Serve's context should be ended: no connection is lost by that. If cmd ends
// before or takes longer than ctx, it is an error, and nothing has changed.
func (s *Server) Replace(ctx context.Context, cmd *exec.Cmd) (*os.Process, error) {
	var names []handoverName
	defer func() {
		for _, f := range cmd.ExtraFiles {
			_ = f.Close()
		}
	}()
	for _, l := range s.listeners {
		f, err := duplicate(l.Listener)
		if err != nil {
			return nil, fmt.Errorf("handing over %s on %s: %w", l.Protocol, l.Listener.Addr(), err)
		}
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
		names = append(names, handoverName{l.Protocol, l.Address})
	}
	in, out, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	cmd.ExtraFiles = append(cmd.ExtraFiles, out)
	text, err := json.Marshal(names)
	if err != nil {
		return nil, err
	}
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, handoverEnv+"="+string(text))
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	_ = out.Close()
	ready := make(chan error, 1)
	go func() {
		_, err := io.ReadFull(in, make([]byte, 1))
		ready <- err
	}()
	select {
	case err = <-ready:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		_ = cmd.Process.Kill()
		if state := cmd.Wait(); state != nil && errors.Is(err, io.EOF) {
			err = state
		}
		return nil, fmt.Errorf("%s has not become ready: %w", cmd.Path, err)
	}
	go func() { _ = cmd.Wait() }() // should it end before this process does
	for _, l := range s.listeners {
		l.wrapped.shared.Store(true)
		if u, ok := l.Listener.(*net.UnixListener); ok {
			u.SetUnlinkOnClose(false)
		}
	}
	return cmd.Process, nil
}

// duplicate is a file for another process. Unlike that of net.TCPListener.File,
// its descriptor does not make the listener block when it is handed on.
func duplicate(l net.Listener) (*os.File, error) {
	c, ok := l.(syscall.Conn)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	var fd int
	if failed := raw.Control(func(own uintptr) { fd, err = unix.FcntlInt(own, unix.F_DUPFD_CLOEXEC, 0) }); failed != nil {
		return nil, failed
	}
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), l.Addr().String()), nil
}
