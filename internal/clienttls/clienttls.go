// Package clienttls converts the TLS options of Python's services, which use OpenSSL's terms,
// to crypto/tls: PEM files and cipher lists.
package clienttls

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// Roots reads the authorities in a PEM file.
func Roots(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s contains no certificate", file)
	}
	return pool, nil
}

// Pair reads a certificate and its key. keyFile is "" if certFile contains the key.
func Pair(certFile, keyFile string) (tls.Certificate, error) {
	if keyFile == "" {
		keyFile = certFile
	}
	return tls.LoadX509KeyPair(certFile, keyFile)
}
