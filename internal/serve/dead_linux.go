package serve

import "golang.org/x/sys/unix"

// isDead reports whether a connection is closed in both directions: it was reset, or it is a unix
// socket whose other end is closed. A TCP client that has closed its socket cannot be
// distinguished from one that has closed only its sending side, until the server writes to it.
func isDead(fd uintptr) bool {
	poll := []unix.PollFd{{Fd: int32(fd)}}
	n, err := unix.Poll(poll, 0)
	return err == nil && n > 0 && poll[0].Revents&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) != 0
}
