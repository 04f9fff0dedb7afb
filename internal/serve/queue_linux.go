package serve

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// queueOf returns the number of connections that wait to be accepted, and its maximum; 0 for unix sockets.
func queueOf(l net.Listener) (now, most int) {
	c, ok := l.(*net.TCPListener)
	if !ok {
		return 0, 0
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, 0
	}
	_ = raw.Control(func(fd uintptr) {
		if info, err := unix.GetsockoptTCPInfo(int(fd), syscall.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			now, most = int(info.Unacked), int(info.Sacked)
		}
	})
	return now, most
}
