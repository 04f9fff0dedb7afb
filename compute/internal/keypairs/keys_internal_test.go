package keypairs

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

func facts(t *testing.T, file string) [][]string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]string
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestSSHFingerprint compares with what Nova answers for these lines: a name, the
// line, and its fingerprint, empty where Nova refuses it.
func TestSSHFingerprint(t *testing.T) {
	for _, f := range facts(t, "keys.json") {
		got, err := sshFingerprint(f[1])
		if got != f[2] {
			t.Errorf("%s: %q, want %q", f[0], got, f[2])
		}
		if err != nil && err.Error() != "Keypair data is invalid: failed to generate fingerprint" {
			t.Errorf("%s: %v", f[0], err)
		}
	}
}

// TestCertificateFingerprint compares with what Nova answers: a text, and its
// fingerprint or the message.
func TestCertificateFingerprint(t *testing.T) {
	for _, f := range facts(t, "certificates.json") {
		got, err := certificateFingerprint(f[0])
		if err != nil {
			got = err.Error()
		}
		if got != f[1] {
			t.Errorf("%q\n got %q\nwant %q", f[0], got, f[1])
		}
	}
}

func TestGenerateSSH(t *testing.T) {
	p, err := generateSSH()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(p.public, "ssh-rsa ") || !strings.HasSuffix(p.public, " Generated-by-Nova") {
		t.Errorf("public key %q", p.public)
	}
	if got, err := sshFingerprint(p.public); err != nil || got != p.fingerprint {
		t.Errorf("fingerprint %q (%v), want %q", got, err, p.fingerprint)
	}
	block, rest := pem.Decode([]byte(p.private))
	if block == nil || block.Type != "RSA PRIVATE KEY" || len(rest) > 0 {
		t.Fatalf("private key %q", p.private)
	}
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil || key.N.BitLen() != keyBits {
		t.Errorf("private key of %d bits: %v", key.N.BitLen(), err)
	}
}

func TestGenerateCertificate(t *testing.T) {
	p, err := generateCertificate("4f2a")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := certificateFingerprint(p.public); err != nil || got != p.fingerprint {
		t.Errorf("fingerprint %q (%v), want %q", got, err, p.fingerprint)
	}
	store, err := base64.StdEncoding.DecodeString(p.private)
	if err != nil {
		t.Fatal(err)
	}
	key, c, err := pkcs12.Decode(store, "")
	if err != nil {
		t.Fatal(err)
	}
	if k, ok := key.(*rsa.PrivateKey); !ok || !k.PublicKey.Equal(c.PublicKey) {
		t.Errorf("the private key is not that of the certificate: %T", key)
	}
	if c.Subject.String() != "CN=4f2a" || c.NotAfter.Sub(c.NotBefore) != 3650*24*time.Hour {
		t.Errorf("certificate of %s, from %s to %s", c.Subject, c.NotBefore, c.NotAfter)
	}
	if len(c.ExtKeyUsage) != 1 || c.ExtKeyUsage[0] != x509.ExtKeyUsageClientAuth {
		t.Errorf("usage %v", c.ExtKeyUsage)
	}
	// As openssl writes otherName:1.3.6.1.4.1.311.20.2.3;UTF8:4f2a@localhost
	const want = "0\x20\xa0\x1e\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x03\xa0\x10\x0c\x0e4f2a@localhost"
	for _, e := range c.Extensions {
		if e.Id.String() == "2.5.29.17" && string(e.Value) != want {
			t.Errorf("alternative name % x, want % x", e.Value, want)
		}
	}
}

func FuzzFingerprints(f *testing.F) {
	f.Add("ssh-rsa AAAAB3NzaC1yc2E= x")
	f.Add("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----")
	f.Fuzz(func(_ *testing.T, text string) {
		_, _ = sshFingerprint(text)
		_, _ = certificateFingerprint(text)
	})
}
