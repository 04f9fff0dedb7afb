package db

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/nova-go/nova/internal/clienttls"
)

// longestConnect is how long opening a connection to PostgreSQL may take if connect_timeout is 0,
// with which libpq waits for ever.
const longestConnect = time.Hour

// libpqTLS is what the parameters ssl* of libpq say about TLS.
type libpqTLS struct {
	mode   string // sslmode
	config tls.Config
	roots  *x509.CertPool // nil: the CAs of the system, if chain
	chain  bool           // the server's certificate chain is verified
	name   bool           // the server's name is verified, too
	sni    bool           // the server's name is sent
}

// tls reads the parameters ssl* as libpq does: a file of CAs that exists makes it verify the chain
// in each sslmode; without one, require and less verify nothing, and verify-ca and verify-full are
// errors.
func (s libpqSettings) tls() (*libpqTLS, error) {
	root := s.or("sslrootcert", "PGSSLROOTCERT", "")
	usual := "prefer"
	if root == "system" {
		usual = "verify-full"
	}
	negotiation := s.or("sslnegotiation", "PGSSLNEGOTIATION", "postgres")
	t := &libpqTLS{mode: s.or("sslmode", "PGSSLMODE", usual)}
	switch verified := strings.HasPrefix(t.mode, "verify-"); {
	case !slices.Contains(strings.Fields("disable allow prefer require verify-ca verify-full"), t.mode):
		return nil, wrong("sslmode", "%q is not known", t.mode)
	case root == "system" && t.mode != "verify-full":
		return nil, wrong("sslmode", "sslrootcert=system needs sslmode=verify-full")
	case !slices.Contains([]string{"postgres", "direct"}, negotiation):
		return nil, wrong("sslnegotiation", "%q is not known", negotiation)
	case negotiation == "direct" && !verified && t.mode != "require":
		return nil, wrong("sslmode", "sslnegotiation=direct needs sslmode=require, verify-ca or verify-full")
	}
	t.sni, t.name = strings.HasPrefix(s.or("sslsni", "PGSSLSNI", "1"), "1"), t.mode == "verify-full"
	if err := t.setVersions(s); err != nil || t.mode == "disable" {
		return t, err
	}
	if err := t.setRoots(root); err != nil {
		return nil, err
	}
	return t, t.setCertificate(s)
}

// setVersions sets the versions of TLS. libpq begins with TLS 1.2.
func (t *libpqTLS) setVersions(s libpqSettings) error {
	versions := map[string]uint16{"": 0, "tlsv1": tls.VersionTLS10, "tlsv1.1": tls.VersionTLS11, "tlsv1.2": tls.VersionTLS12,
		"tlsv1.3": tls.VersionTLS13}
	for _, limit := range []struct {
		name, text string
		version    *uint16
	}{
		{"ssl_min_protocol_version", s.or("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION", "TLSv1.2"), &t.config.MinVersion},
		{"ssl_max_protocol_version", s.or("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION", ""), &t.config.MaxVersion},
	} {
		version, ok := versions[strings.ToLower(limit.text)]
		if !ok {
			return wrong(limit.name, "%q is not a version of TLS", limit.text)
		}
		*limit.version = version
	}
	if t.config.MaxVersion != 0 && t.config.MaxVersion < t.config.MinVersion {
		return wrong("ssl_max_protocol_version", "it is below ssl_min_protocol_version")
	}
	return nil
}

func (t *libpqTLS) setRoots(root string) error {
	if root == "system" {
		t.chain = true
		return nil
	}
	file := root
	if file == "" {
		file = expandUser("~/.postgresql/root.crt")
	}
	if _, err := os.Stat(file); err != nil {
		if strings.HasPrefix(t.mode, "verify-") {
			return wrong("sslrootcert", "sslmode=%s needs a file of CAs: %w", t.mode, err)
		}
		return nil
	}
	roots, err := clienttls.Roots(file)
	if err != nil {
		return wrong("sslrootcert", "%w", err)
	}
	t.roots, t.chain = roots, true
	return nil
}

// setCertificate reads the certificate of the client. As with libpq, a certificate that does not
// exist is not sent, and a key that others can read is refused.
func (t *libpqTLS) setCertificate(s libpqSettings) error {
	if s["sslcertmode"] == "disable" {
		return nil
	}
	cert := s.or("sslcert", "PGSSLCERT", expandUser("~/.postgresql/postgresql.crt"))
	key := s.or("sslkey", "PGSSLKEY", expandUser("~/.postgresql/postgresql.key"))
	if _, err := os.Stat(cert); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	info, err := os.Stat(key)
	if err != nil {
		return wrong("sslkey", "%w", err)
	}
	forbidden := fs.FileMode(0o077)
	if ownedByRoot(info) {
		forbidden = 0o037
	}
	if !info.Mode().IsRegular() || hasModes && info.Mode().Perm()&forbidden != 0 {
		return wrong("sslkey", "%s can be read by others, or is not a file", filepath.Clean(key))
	}
	pair, err := encryptedPair(cert, key, s["sslpassword"])
	if err != nil {
		return err
	}
	t.config.Certificates = []tls.Certificate{pair}
	return nil
}

// encryptedPair reads a certificate and its key, which may be encrypted in the form of OpenSSL's
// traditional PEM files ("Proc-Type: 4,ENCRYPTED").
func encryptedPair(certFile, keyFile, password string) (tls.Certificate, error) {
	content, err := os.ReadFile(keyFile)
	if err != nil {
		return tls.Certificate{}, wrong("sslkey", "%w", err)
	}
	block, _ := pem.Decode(content)
	switch {
	case block == nil:
		return tls.Certificate{}, wrong("sslkey", "%s is not in PEM", keyFile)
	case block.Type == "ENCRYPTED PRIVATE KEY":
		return tls.Certificate{}, wrong("sslkey", "%s is encrypted as PKCS #8, which cannot be read", keyFile)
	//lint:ignore SA1019 it is the form that libpq reads
	case x509.IsEncryptedPEMBlock(block): //nolint:staticcheck // as above
		//lint:ignore SA1019 as above
		if block.Bytes, err = x509.DecryptPEMBlock(block, []byte(password)); err != nil { //nolint:staticcheck // as above
			return tls.Certificate{}, wrong("sslpassword", "%s: %w", keyFile, err)
		}
		block.Headers = nil
		content = pem.EncodeToMemory(block)
	}
	certificate, err := os.ReadFile(certFile)
	if err != nil {
		return tls.Certificate{}, wrong("sslcert", "%w", err)
	}
	pair, err := tls.X509KeyPair(certificate, content)
	if err != nil {
		return pair, wrong("sslcert", "%w", err)
	}
	return pair, nil
}

// apply sets the TLS of all hosts of c, which has none. allow and prefer try each host with and
// without TLS.
func (t *libpqTLS) apply(c *pgx.ConnConfig) {
	hosts := append([]*pgconn.FallbackConfig{{Host: c.Host, Port: c.Port}}, c.Fallbacks...)
	var tries []*pgconn.FallbackConfig
	for _, host := range hosts {
		try := func(secured *tls.Config) {
			tries = append(tries, &pgconn.FallbackConfig{Host: host.Host, Port: host.Port, TLSConfig: secured})
		}
		switch {
		case t.mode == "disable" || strings.HasPrefix(host.Host, "/"):
			try(nil)
		case t.mode == "allow":
			try(nil)
			try(t.forHost(host.Host, c.SSLNegotiation))
		case t.mode == "prefer":
			try(t.forHost(host.Host, c.SSLNegotiation))
			try(nil)
		default:
			try(t.forHost(host.Host, c.SSLNegotiation))
		}
	}
	c.TLSConfig, c.Fallbacks = tries[0].TLSConfig, tries[1:]
}

func (t *libpqTLS) forHost(host, negotiation string) *tls.Config {
	secured := t.config.Clone()
	secured.InsecureSkipVerify = true // VerifyConnection verifies
	if t.sni && net.ParseIP(host) == nil {
		secured.ServerName = host
	}
	if negotiation == "direct" {
		secured.NextProtos = []string{"postgresql"}
	}
	if t.chain {
		name := ""
		if t.name {
			name = host
		}
		secured.VerifyConnection = verifier(t.roots, name)
	}
	return secured
}

// hostAddresses are the addresses of hosts, from the parameter hostaddr.
type hostAddresses map[string][]string

// addresses returns what hostaddr says, and nil if it says nothing. Without host, the addresses are
// the hosts.
func (s libpqSettings) addresses() (hostAddresses, error) {
	given := s.or("hostaddr", "PGHOSTADDR", "")
	if given == "" {
		return nil, nil
	}
	list := strings.Split(given, ",")
	if s.or("host", "PGHOST", "") == "" {
		s["host"] = given
	}
	hosts := strings.Split(s.or("host", "PGHOST", ""), ",")
	if len(hosts) != len(list) {
		return nil, wrong("hostaddr", "there are %d hosts and %d addresses", len(hosts), len(list))
	}
	addresses := hostAddresses{}
	for i, host := range hosts {
		if list[i] == "" {
			continue
		}
		if net.ParseIP(list[i]) == nil {
			return nil, wrong("hostaddr", "%q is not an address", list[i])
		}
		addresses[host] = append(addresses[host], list[i])
	}
	return addresses, nil
}

// lookup is a pgconn.LookupFunc.
func (a hostAddresses) lookup(ctx context.Context, host string) ([]string, error) {
	if known := a[host]; known != nil {
		return known, nil
	}
	return net.DefaultResolver.LookupHost(ctx, host)
}
