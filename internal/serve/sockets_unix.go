//go:build unix

package serve

import (
	"errors"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// openFilesLimit returns the number of files that the process may have open.
func openFilesLimit() (n uint64, limited bool) {
	var files syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files)
	return files.Cur, err == nil
}

// IsRefused reports whether a connection failed because nobody listens.
func IsRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// IsInUse reports whether an address cannot be listened on because a socket has it.
func IsInUse(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }

// setBacklog changes the length of a listener's queue.
func setBacklog(l net.Listener, n int) error {
	c, ok := l.(syscall.Conn)
	if !ok {
		return errors.ErrUnsupported
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	if failed := raw.Control(func(fd uintptr) { err = unix.Listen(int(fd), n) }); failed != nil {
		return failed
	}
	return err
}

// setIPv6Only sets whether a socket of IPv6 has no addresses of IPv4.
func setIPv6Only(c syscall.RawConn, only int) (err error) {
	failed := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, only) })
	if failed != nil {
		return failed
	}
	return err
}

func closeOnExec(fd int) { unix.CloseOnExec(fd) }

// duplicate returns a file of the listener for another process. Unlike net.TCPListener.File it
// does not make the descriptor blocking when the file is passed on.
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
