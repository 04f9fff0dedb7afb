//go:build !linux

package db

import (
	"errors"
	"net"
)

// setUserTimeout does nothing, as libpq does on systems without this option.
func setUserTimeout(uintptr, int) error { return nil }

// peerUID is not implemented on this system.
func peerUID(*net.UnixConn) (int, error) {
	return 0, errors.New("requirepeer is not supported on this system")
}
