package novatest

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/devcloud"
)

// Certificate writes a certificate for hosts (names or addresses) that signs
// itself, good for servers and clients, and its key; it answers their files.
func Certificate(t testing.TB, hosts ...string) (certFile, keyFile string) {
	t.Helper()
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if err := devcloud.SelfSigned(certFile, keyFile, time.Hour, hosts...); err != nil {
		t.Fatal(err)
	}
	return certFile, keyFile
}
