package serve

import (
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// refuseNew makes a listener refuse new connections, while those in its queue can still be
// accepted. It returns false if this is not possible. Closing a listener instead resets the
// connections in its queue.
func refuseNew(l net.Listener) bool {
	switch l := l.(type) {
	case *net.UnixListener:
		// A unix socket without a file accepts no new connections.
		l.SetUnlinkOnClose(false)
		return os.Remove(l.Addr().String()) == nil
	case syscall.Conn:
		raw, err := l.SyscallConn()
		if err != nil {
			return false
		}
		const flags, syn = 13, 2 // the offset of the flags in the TCP header, and the bit SYN
		filter := []unix.SockFilter{
			{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: flags},
			{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: syn, Jt: 0, Jf: 1},
			{Code: unix.BPF_RET | unix.BPF_K, K: 0},
			{Code: unix.BPF_RET | unix.BPF_K, K: 1 << 18},
		}
		failed := raw.Control(func(fd uintptr) {
			program := &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
			err = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, program)
		})
		return failed == nil && err == nil
	}
	return false
}

// hasQueued reports whether a connection waits to be accepted.
func hasQueued(l net.Listener) (yes bool) {
	c, ok := l.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	_ = raw.Control(func(fd uintptr) {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		yes = n > 0 && err == nil
	})
	return yes
}
