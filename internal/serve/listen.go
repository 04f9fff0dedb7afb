package serve

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"time"
)

// Listen opens an address in the form of Options. It replaces a unix socket of a process that
// has ended; a unix socket on which a process answers is an error. Errors name the address.
func Listen(address string, mode fs.FileMode) (net.Listener, error) {
	path, unix := strings.CutPrefix(address, "unix:")
	if !unix {
		var config net.ListenConfig
		config.SetMultipathTCP(false) // MPTCP sockets cannot refuse new connections (see refuseNew)
		l, err := config.Listen(context.Background(), "tcp", address)
		if err != nil {
			return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
		}
		return l, nil
	}
	if strings.HasPrefix(path, "@") {
		l, err := net.Listen("unix", path) // an abstract socket, which has no file
		if err != nil {
			return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
		}
		return l, nil
	}
	if err := removeStale(path); err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
	}
	if err := os.Chmod(path, mode); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
	}
	return l, nil
}

func removeStale(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return errors.New("the path exists and is not a socket")
	}
	c, err := net.DialTimeout("unix", path, 5*time.Second)
	if err == nil {
		_ = c.Close()
		return errors.New("another process serves on this socket")
	}
	if !IsRefused(err) {
		return err
	}
	return os.Remove(path)
}
