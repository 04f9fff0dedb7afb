package novatest

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/devcloud"
)

// Certificate writes a self-signed certificate for hosts (names or addresses), for servers and clients, and its key. It
// returns the names of the files.
func Certificate(t testing.TB, hosts ...string) (certFile, keyFile string) {
	t.Helper()
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if err := devcloud.SelfSigned(certFile, keyFile, time.Hour, hosts...); err != nil {
		t.Fatal(err)
	}
	return certFile, keyFile
}
