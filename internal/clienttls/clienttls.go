// Package clienttls converts the TLS options of Python's services, which use OpenSSL's terms,
// to crypto/tls: PEM files and cipher lists.
package clienttls

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
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

// RootsAt reads the CA certificates of a file, or of all files of a directory.
func RootsAt(path string) (*x509.CertPool, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return Roots(path)
	}
	pool := x509.NewCertPool()
	found, err := AppendDir(pool, path)
	if err == nil && !found {
		err = fmt.Errorf("%s contains no certificate", path)
	}
	return pool, err
}

// AppendDir adds the CA certificates of all files of a directory to a pool, and reports whether there
// are any. Files that cannot be read are passed over.
func AppendDir(pool *x509.CertPool, dir string) (found bool, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if text, err := os.ReadFile(filepath.Join(dir, e.Name())); err == nil {
			found = pool.AppendCertsFromPEM(text) || found
		}
	}
	return found, err
}
