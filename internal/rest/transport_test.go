package rest_test

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/rest"
)

// TestRequestsBundle verifies servers against the CAs of REQUESTS_CA_BUNDLE, a file or a directory, if
// there is no cafile.
func TestRequestsBundle(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	file := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ bundle, curl, want string }{
		{"", "", "certificate signed by unknown authority"}, {file, "", ""}, {dir, "", ""}, {"", file, ""},
		{filepath.Join(dir, "gone"), file, "environment variable REQUESTS_CA_BUNDLE: "},
	} {
		t.Setenv("REQUESTS_CA_BUNDLE", test.bundle)
		t.Setenv("CURL_CA_BUNDLE", test.curl)
		transport, err := rest.NewTransport("neutron", config.Session{})
		if err == nil {
			var resp *http.Response
			if resp, err = (&http.Client{Transport: transport}).Get(server.URL); err == nil { //nolint:noctx // a test
				_ = resp.Body.Close()
			}
		}
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%q %q: %v", test.bundle, test.curl, err)
		}
	}
}
