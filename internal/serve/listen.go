package serve

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Listen opens an address in the form of Options. It replaces a unix socket of a process that
// has ended; a unix socket on which a process answers is an error. Errors name the address.
func Listen(address string, mode fs.FileMode) (net.Listener, error) {
	path, isPath := strings.CutPrefix(address, "unix:")
	if !isPath {
		config := net.ListenConfig{Control: bothFamilies(address)}
		config.SetMultipathTCP(false) // MPTCP sockets cannot refuse new connections (see refuseNew)
		l, err := config.Listen(context.Background(), family(address), address)
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

// own gives a unix socket to its owner. Addresses without owner are no error.
func (o *Options) own(address string) error {
	path, isPath := strings.CutPrefix(address, "unix:")
	owner, owned := o.SocketOwners[address]
	if !owned || !isPath || strings.HasPrefix(path, "@") {
		return nil
	}
	if err := os.Chown(path, owner.UID, owner.GID); err != nil {
		return fmt.Errorf("cannot listen on %s: %w", address, err)
	}
	return nil
}

// family returns the network of an address. Go takes 0.0.0.0 for the addresses of both families.
func family(address string) string {
	host, _, _ := net.SplitHostPort(address)
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is4() {
		return "tcp4"
	}
	return "tcp"
}

// bothFamilies returns a function that leaves it to the system whether a socket of [::] has IPv4's addresses as well. Go
// decides that itself.
func bothFamilies(address string) func(network, address string, c syscall.RawConn) error {
	host, _, _ := net.SplitHostPort(address)
	if ip, err := netip.ParseAddr(host); err != nil || ip != netip.IPv6Unspecified() {
		return nil
	}
	return func(_, _ string, c syscall.RawConn) error {
		text, err := os.ReadFile("/proc/sys/net/ipv6/bindv6only")
		if err != nil {
			return nil // another system, or no IPv6
		}
		only, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		return setIPv6Only(c, only)
	}
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
