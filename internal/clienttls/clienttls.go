// Package clienttls makes crypto/tls settings of what Python's services say in the
// terms of OpenSSL: PEM files and lists of ciphers.
package clienttls

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// Roots are the authorities in a PEM file.
func Roots(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return pool, nil
}

// Pair is a certificate with its key, which may stand in the same file: then
// keyFile is "".
func Pair(certFile, keyFile string) (tls.Certificate, error) {
	if keyFile == "" {
		keyFile = certFile
	}
	return tls.LoadX509KeyPair(certFile, keyFile)
}
