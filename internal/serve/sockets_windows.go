package serve

import (
	"errors"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/windows"
)

// openFilesLimit reports that Windows does not limit the open files of a process.
func openFilesLimit() (n uint64, limited bool) { return 0, false }

// IsRefused reports whether a connection failed because nobody listens.
func IsRefused(err error) bool { return errors.Is(err, windows.WSAECONNREFUSED) }

// IsInUse reports whether an address cannot be listened on because a socket has it.
func IsInUse(err error) bool { return errors.Is(err, windows.WSAEADDRINUSE) }

// setBacklog is not possible on Windows for a socket that already listens.
func setBacklog(net.Listener, int) error { return errors.ErrUnsupported }

// setIPv6Only is not needed: Windows has no setting of the system.
func setIPv6Only(syscall.RawConn, int) error { return nil }

func closeOnExec(fd int) { windows.CloseOnExec(windows.Handle(fd)) }

// duplicate is not possible on Windows, where child processes receive no sockets: the signal for
// a hand-over does not exist either.
func duplicate(net.Listener) (*os.File, error) { return nil, errors.ErrUnsupported }
