package serve

import (
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// refuseNew lets no further connection into the queue of a listener, while
// those in it can still be accepted; it reports whether that is so. A listener
// that is simply closed resets what is in its queue.
func refuseNew(l net.Listener) bool {
	switch l := l.(type) {
	case *net.UnixListener:
		// Without its name nobody finds it.
		l.SetUnlinkOnClose(false)
		return os.Remove(l.Addr().String()) == nil
	case syscall.Conn:
		raw, err := l.SyscallConn()
		if err != nil {
			return false
		}
		drop := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0}}
		failed := raw.Control(func(fd uintptr) {
			err = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &drop[0]})
		})
		return failed == nil && err == nil
	}
	return false
}
