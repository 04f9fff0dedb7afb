//go:build unix

package cli_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nova-go/nova/internal/novatest/testproc"
)

// drained is a command with a short drain time that has been told to end, has cut its client
// off, and still runs an operation, which ends when its connection is closed.
func drained(t *testing.T) (p *process, operation net.Conn) {
	t.Helper()
	dir, address := t.TempDir(), testproc.Address(t)
	ini := filepath.Join(dir, "nova-api-uwsgi.ini")
	text := fmt.Sprintf("[uwsgi]\nhttp-socket = %s\nmodule = nova.wsgi.osapi_compute:application\nreload-mercy = 1\n", address)
	if err := os.WriteFile(ini, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p = command(t, ip(1), nil, "nova-api", "--config-file=CONF", "--ini="+ini)
	fetch(t, address, " 192.0.2.1 ")
	at, begun := held(t)
	answered := make(chan error, 1)
	go func() {
		r, err := http.Get("http://" + address + "/?hold=" + at)
		if err == nil {
			_ = r.Body.Close()
		}
		answered <- err
	}()
	operation = begun()
	_ = p.Process.Signal(syscall.SIGTERM)
	if err := <-answered; err == nil {
		t.Error("the client has an answer")
	}
	p.logs(t, "cutting off the requests still in flight")
	return p, operation
}

// An operation that writes is not cut off with its client at the end of the drain time.
func TestTermWaitsForOperations(t *testing.T) {
	t.Parallel()
	p, operation := drained(t)
	select {
	case err := <-p.done:
		t.Fatalf("the process has ended with an operation half done: %v", err)
	default:
	}
	_ = operation.Close()
	if err := p.ends(t); err != nil {
		t.Error(err)
	}
	p.logs(t, "the operation is done")
}

// A second SIGTERM waits for nothing.
func TestSecondTermEndsAtOnce(t *testing.T) {
	t.Parallel()
	p, _ := drained(t)
	_ = p.Process.Signal(syscall.SIGTERM)
	if err := p.ends(t); err == nil {
		t.Error("the process has ended as if all was done")
	}
	if strings.Contains(p.log.String(), "the operation is done") {
		t.Error("the operation is done")
	}
}
