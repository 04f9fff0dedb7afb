package devcloud

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nova-go/nova/internal/devcloud/private"
)

// The files of the cloud's self-signed certificate. Clients use the certificate as their CA.
const (
	certFile = "cert.pem"
	keyFile  = "key.pem"
)

// certificateLife is the validity of the certificate.
const certificateLife = 10 * 365 * 24 * time.Hour

func (c *Cloud) secure() bool { return strings.HasPrefix(c.url, "https:") }

// Certificate returns the files of the certificate and its key.
func (c *Cloud) Certificate() (cert, key string) {
	return filepath.Join(c.state, certFile), filepath.Join(c.state, keyFile)
}

// makeCertificate creates a certificate for loopback addresses, unless there is one.
func (c *Cloud) makeCertificate() error {
	cert, keyPath := c.Certificate()
	if _, err := os.Stat(cert); err == nil {
		return nil
	}
	return SelfSigned(cert, keyPath, certificateLife, "localhost", "127.0.0.1", "::1")
}

// SelfSigned writes a self-signed certificate for hosts (names or addresses), for servers and
// clients, and its key.
func SelfSigned(certFile, keyFile string, life time.Duration, hosts ...string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	t := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "nova-api --dev"},
		NotBefore: time.Now().Add(-time.Hour),
		NotAfter:  time.Now().Add(life), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	if err := private.Write(keyFile, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret})); err != nil {
		return err
	}
	return private.Write(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
