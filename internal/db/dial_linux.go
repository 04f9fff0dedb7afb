package db

import (
	"net"

	"golang.org/x/sys/unix"
)

// setUserTimeout sets how many milliseconds sent data may remain without an acknowledgement.
func setUserTimeout(fd uintptr, milliseconds int) error {
	return unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, milliseconds)
}

// peerUID returns the user of the process at the other end of a Unix socket.
func peerUID(c *net.UnixConn) (uid int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var peer *unix.Ucred
	failed := raw.Control(func(fd uintptr) { peer, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if failed != nil {
		return 0, failed
	}
	if err != nil {
		return 0, err
	}
	return int(peer.Uid), nil
}
