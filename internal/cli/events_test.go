//go:build unix

package cli_test

import (
	"bufio"
	"io"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/nova-go/nova/internal/novatest/testproc"
)

// events connects to the listener of events, waits for a first line that ends with want, and returns the line and the rest.
func events(t *testing.T, address, want string) (line string, rest io.Reader) {
	t.Helper()
	testproc.Eventually(t, "there are events of "+want, func() bool {
		r, err := http.Get("http://" + address + "/servers/events")
		if err != nil {
			return false
		}
		body := bufio.NewReader(r.Body)
		line, _ = body.ReadString('\n')
		if !strings.HasSuffix(line, want+"\n") {
			_ = r.Body.Close()
			return false
		}
		t.Cleanup(func() { _ = r.Body.Close() })
		rest = body
		return true
	})
	return line, rest
}

// endsCleanly wants the end of an answer without an error.
func endsCleanly(t *testing.T, rest io.Reader) {
	t.Helper()
	if text, err := io.ReadAll(rest); err != nil || len(text) > 0 {
		t.Errorf("the events end with %q, %v", text, err)
	}
}

// TestEventsListener ends the events in a reload, a replacement, and at the end of the process, so that clients connect again.
func TestEventsListener(t *testing.T) {
	t.Parallel()
	address, at := testproc.Address(t), testproc.Address(t)
	conf := func(n int) string { return ip(n) + "[wsgi]\nosapi_compute_events = " + at + "\n" }
	p := command(t, conf(1), nil, "nova-api", "--config-file=CONF", "--http="+address)
	_, rest := events(t, at, "192.0.2.1")
	p.logs(t, "Events of servers are served on "+at)
	p.write(t, conf(2))
	_ = p.Process.Signal(syscall.SIGHUP)
	endsCleanly(t, rest)
	_, rest = events(t, at, "192.0.2.2")
	p.write(t, conf(3))
	_ = p.Process.Signal(syscall.SIGUSR2)
	endsCleanly(t, rest)
	if err := p.ends(t); err != nil {
		t.Error(err)
	}
	line, rest := events(t, at, "192.0.2.3")
	pid, err := strconv.Atoi(strings.Fields(line)[0])
	if err != nil || pid == p.Process.Pid {
		t.Fatalf("it is the same process: %s", line)
	}
	_ = syscall.Kill(pid, syscall.SIGTERM)
	endsCleanly(t, rest)
	testproc.Eventually(t, "the successor has ended", func() bool {
		_, err := http.Get("http://" + at + "/")
		return err != nil
	})
}
