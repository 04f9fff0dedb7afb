package db_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/db"
)

// authority signs certificates, and is in a file.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
}

// sign makes a certificate; nil signs itself, and is an authority.
func (a *authority) sign(t *testing.T, c *x509.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.SerialNumber, c.NotBefore, c.NotAfter = big.NewInt(time.Now().UnixNano()), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, by := a.cert, a.key
	if parent == nil {
		c.IsCA, c.BasicConstraintsValid, parent, by = true, true, c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert == nil {
		if a.cert, err = x509.ParseCertificate(der); err != nil {
			t.Fatal(err)
		}
		a.key = key
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func newAuthority(t *testing.T) *authority {
	a := &authority{file: filepath.Join(t.TempDir(), "ca.pem")}
	a.sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: "CA"}})
	write(t, a.file, certificatePEM(a.cert.Raw))
	return a
}

// systemAuthority is the only CA of the system in these tests. A process reads the CAs of the
// system once.
func systemAuthority(t *testing.T) *authority {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(os.Getenv("SSL_CERT_FILE"), os.Getenv("SSL_CERT_FILE"))
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert: pair.Leaf, key: pair.PrivateKey.(*ecdsa.PrivateKey), file: os.Getenv("SSL_CERT_FILE")}
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "ca")
	if err != nil {
		panic(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA of the system"}, IsCA: true,
		BasicConstraintsValid: true, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	file := filepath.Join(dir, "system.pem")
	if err := os.WriteFile(file, []byte(certificatePEM(der)+keyPEM(key)), 0o644); err != nil {
		panic(err)
	}
	if err := os.Setenv("SSL_CERT_FILE", file); err != nil {
		panic(err)
	}
	status := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

func certificatePEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func keyPEM(key any) string {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// write writes a file that only its owner can read.
func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// serveMySQL runs a server that speaks TLS with this certificate, or none.
func serveMySQL(t *testing.T, certificate *tls.Certificate) (*mysqlServer, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &mysqlServer{Listener: l}
	if certificate != nil {
		s.tls = &tls.Config{Certificates: []tls.Certificate{*certificate}}
	}
	t.Cleanup(func() { _ = s.Close() })
	go s.serve()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return s, port
}

// TestTLSOfMySQL wants what PyMySQL 1.2.4 does with the same URLs.
func TestTLSOfMySQL(t *testing.T) {
	ours, others := systemAuthority(t), newAuthority(t)
	dir := t.TempDir()
	content, err := os.ReadFile(ours.file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "x.0"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(dir, "my.cnf")
	if err := os.WriteFile(conf, []byte("[client]\nssl-ca = "+ours.file+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	loopback := &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}}
	certificates := map[string]*tls.Certificate{"none": nil}
	for name, c := range map[string]struct {
		by *authority
		c  x509.Certificate
	}{
		"good": {ours, *loopback}, "other CA's": {others, *loopback}, "other name's": {ours, x509.Certificate{DNSNames: []string{"db.example"}}},
		"by common name": {ours, x509.Certificate{Subject: pkix.Name{CommonName: "localhost"}}},
	} {
		pair := c.by.sign(t, &c.c)
		certificates[name] = &pair
	}
	const in, out, plain = "TLS", "refused", "plaintext"
	const mysqlclient = "mysql+mysqldb " // of ssl_mode, which PyMySQL refuses
	for _, c := range []struct{ server, host, parameters, want string }{
		{"none", "127.0.0.1", "", plain},
		{"other CA's", "127.0.0.1", "", in},
		{"good", "127.0.0.1", "charset=utf8mb4", in},
		{"other name's", "127.0.0.1", "ssl_disabled=true", plain},
		{"other name's", "127.0.0.1", "ssl_disabled=false", in},
		// The name is verified with a CA alone.
		{"good", "127.0.0.1", "ssl_ca=FILE", in},
		{"good", "localhost", "ssl_ca=FILE", in},
		{"by common name", "localhost", "ssl_ca=FILE", in},
		{"by common name", "127.0.0.1", "ssl_ca=FILE", out},
		{"other name's", "127.0.0.1", "ssl_ca=FILE", out},
		{"other name's", "localhost", "ssl_capath=" + dir, out},
		{"good", "localhost", "ssl_capath=" + dir, in},
		{"other name's", "127.0.0.1", "read_default_file=" + conf, out},
		{"other CA's", "127.0.0.1", "ssl_ca=FILE", out},
		{"other name's", "127.0.0.1", "ssl_ca=FILE&ssl_check_hostname=false", in},
		{"other CA's", "127.0.0.1", "ssl_ca=FILE&ssl_check_hostname=false", out},
		{"other CA's", "127.0.0.1", "ssl_check_hostname=true", in},
		// Without one the CAs of the system count.
		{"good", "127.0.0.1", "ssl_verify_cert=true", in},
		{"other name's", "127.0.0.1", "ssl_verify_cert=true", in},
		{"other CA's", "127.0.0.1", "ssl_verify_cert=true", out},
		{"other name's", "127.0.0.1", "ssl_ca=FILE&ssl_verify_cert=true", in},
		{"other CA's", "127.0.0.1", "ssl_ca=FILE&ssl_verify_cert=true", out},
		{"other CA's", "127.0.0.1", "ssl_ca=FILE&ssl_verify_cert=false", in},
		{"other name's", "127.0.0.1", "ssl_ca=FILE&ssl_verify_identity=true", out},
		{"good", "127.0.0.1", "ssl_verify_identity=true", in},
		{"other CA's", "127.0.0.1", mysqlclient + "ssl_mode=REQUIRED", in},
		{"other CA's", "127.0.0.1", mysqlclient + "ssl_mode=VERIFY_CA", out},
		// None of them is taken for plaintext.
		{"none", "127.0.0.1", "ssl_ca=FILE", out},
		{"none", "127.0.0.1", "ssl_verify_cert=true", out},
		{"none", "127.0.0.1", "ssl_verify_cert=false", out},
		{"none", "127.0.0.1", "ssl_verify_identity=true", out},
		{"none", "127.0.0.1", "ssl_check_hostname=false", out},
		{"none", "127.0.0.1", "ssl_cipher=ECDHE%2BAESGCM", out},
		{"none", "127.0.0.1", "ssl=1", out},
		{"none", "127.0.0.1", mysqlclient + "ssl_mode=REQUIRED", out},
	} {
		t.Run(c.server+" "+c.host+" "+c.parameters, func(t *testing.T) {
			s, port := serveMySQL(t, certificates[c.server])
			scheme, parameters := "mysql+pymysql", c.parameters
			if other, rest, ok := strings.Cut(parameters, " "); ok {
				scheme, parameters = other, rest
			}
			d, err := db.Open(scheme+"://nova:x@"+c.host+":"+port+"/nova?"+strings.ReplaceAll(parameters, "FILE", ours.file), db.Options{})
			if err != nil {
				if c.want != out || c.parameters != "ssl=1" {
					t.Fatal(err)
				}
				return
			}
			defer d.Close()
			got := in
			if _, err = db.Exec(t.Context(), d, "UPDATE x"); err != nil {
				got = out
			} else if !s.encrypted.Load() {
				got = plain
			}
			if got != c.want {
				t.Errorf("%s, not %s: %v", got, c.want, err)
			}
		})
	}
}

// TestTLSThatCannotBe is refused when the URL is read.
func TestTLSThatCannotBe(t *testing.T) {
	t.Parallel()
	for parameters, want := range map[string]string{
		"ssl_ca=/nowhere": "ssl_ca", "ssl_capath=/nowhere": "ssl_capath", "ssl_cert=/nowhere": "ssl_cert", "ssl_cipher=NULL": "ssl_cipher",
		"ssl_mode=SOME": "ssl_mode is not known to PyMySQL", "ssl_verify=true": "ssl_verify is not known", "ssl_key_password=x": "ssl_key_password",
	} {
		if _, err := db.Open("mysql+pymysql://nova:very-secret@127.0.0.1/nova?"+parameters, db.Options{}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "very-secret") {
			t.Errorf("%s: %v", parameters, err)
		}
	}
	if _, err := db.Open("mysql+mysqldb://nova:very-secret@127.0.0.1/nova?ssl_mode=SOME", db.Options{}); err == nil || !strings.Contains(err.Error(), "ssl_mode=SOME is not known") {
		t.Errorf("%v", err)
	}
	if _, err := db.Open("postgresql://nova:very-secret@127.0.0.1/nova?sslmode=some", db.Options{}); err == nil || strings.Contains(err.Error(), "very-secret") {
		t.Errorf("%v", err)
	}
}

// TestServersThatAreSilent accept connections, or not even that, and say nothing.
func TestServersThatAreSilent(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, scheme := range []string{"mysql+pymysql", "postgresql"} {
		d, err := db.Open(scheme+"://nova:x@"+l.Addr().String()+"/nova?connect_timeout=1", db.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if d.Address() != l.Addr().String()+"/nova" {
			t.Errorf("it is at %s", d.Address())
		}
		_, err = db.Exec(context.Background(), d, "UPDATE x")
		if !db.Unanswered(err) {
			t.Errorf("%s: %v", scheme, err)
		}
		if err := d.Answers(t.Context()); err == nil {
			t.Errorf("%s answers", scheme)
		}
	}
}

// TestFallingBackIsForOneConnection: a server that has TLS again is spoken to in TLS.
func TestFallingBackIsForOneConnection(t *testing.T) {
	t.Parallel()
	certificate := newAuthority(t).sign(t, &x509.Certificate{})
	s, port := serveMySQL(t, nil)
	d, err := db.Open("mysql+pymysql://nova:x@127.0.0.1:"+port+"/nova", db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, encrypted := range []bool{false, true} {
		if encrypted {
			s.mu.Lock()
			s.tls = &tls.Config{Certificates: []tls.Certificate{certificate}}
			s.mu.Unlock()
		}
		conn, err := d.Conn(t.Context()) // a new one each time, as both are held
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if s.encrypted.Load() != encrypted {
			t.Errorf("encrypted: %t", !encrypted)
		}
	}
}
