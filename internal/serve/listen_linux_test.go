package serve_test

import (
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nova-go/nova/internal/serve"
)

// 0.0.0.0 is IPv4 alone, and [::] what the system says.
func TestListenFamilies(t *testing.T) {
	t.Parallel()
	system, err := os.ReadFile("/proc/sys/net/ipv6/bindv6only")
	if err != nil {
		t.Skip(err)
	}
	for address, want := range map[string]string{"0.0.0.0:0": "IPv4", "[::]:0": strings.TrimSpace(string(system)), ":0": "0", "127.0.0.1:0": "IPv4"} {
		l, err := serve.Listen(address, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		raw, err := l.(*net.TCPListener).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		_ = raw.Control(func(fd uintptr) {
			if domain, err := unix.GetsockoptInt(int(fd), syscall.SOL_SOCKET, unix.SO_DOMAIN); err != nil || domain == syscall.AF_INET {
				got = "IPv4"
				return
			}
			only, err := unix.GetsockoptInt(int(fd), syscall.IPPROTO_IPV6, syscall.IPV6_V6ONLY)
			got = string(rune('0' + only))
			if err != nil {
				got = err.Error()
			}
		})
		if got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}
