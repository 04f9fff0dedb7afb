package db_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nova-go/nova/internal/db"
)

// postgresqlServer believes everybody, and answers each statement with "UPDATE 0".
type postgresqlServer struct {
	// answer returns the SQLSTATE of the error that answers a query on a connection; "": none; hangUp: the
	// connection ends. At the login the query is "". A class 57 ends the connection. Connections are numbered
	// from 1. nil: there are no errors.
	answer    func(connection int, query string) string
	made      atomic.Int32 // the number of connections
	tls       *tls.Config  // nil: it has none
	encrypted atomic.Bool  // the last connection
	certified atomic.Bool  // the last connection had a certificate of the client
}

// servePostgreSQL runs a server that speaks TLS with this certificate, or none.
func servePostgreSQL(t *testing.T, certificate *tls.Certificate, answer func(connection int, query string) string) (*postgresqlServer, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	s := &postgresqlServer{answer: answer}
	if certificate != nil {
		s.tls = &tls.Config{Certificates: []tls.Certificate{*certificate}, ClientAuth: tls.RequestClientCert}
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.talk(c)
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return s, port
}

func (s *postgresqlServer) talk(c net.Conn) {
	defer func() { _ = c.Close() }()
	s.encrypted.Store(false)
	s.certified.Store(false)
	write := func(kind byte, payload string) {
		_, _ = c.Write(append(binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(payload)+4)), payload...))
	}
	const sslRequest, cancelRequest = 80877103, 80877102
	for {
		head := make([]byte, 8)
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		if binary.BigEndian.Uint32(head[4:]) == cancelRequest {
			return
		}
		if binary.BigEndian.Uint32(head[4:]) != sslRequest {
			if _, err := io.CopyN(io.Discard, c, int64(binary.BigEndian.Uint32(head))-8); err != nil {
				return
			}
			break
		}
		if s.tls == nil {
			_, _ = c.Write([]byte("N"))
			continue
		}
		_, _ = c.Write([]byte("S"))
		secure := tls.Server(c, s.tls)
		if secure.Handshake() != nil {
			return
		}
		s.encrypted.Store(true)
		s.certified.Store(len(secure.ConnectionState().PeerCertificates) > 0)
		c = secure
	}
	number := int(s.made.Add(1))
	// ask answers a query, and tells whether the connection goes on.
	status := "I"
	ask := func(query string) (failed, ok bool) {
		code := ""
		if s.answer != nil {
			code = s.answer(number, query)
		}
		switch {
		case code == hangUp:
			return true, false
		case code != "":
			severity := "ERROR"
			if strings.HasPrefix(code, "57") {
				severity = "FATAL"
			}
			write('E', "S"+severity+"\x00V"+severity+"\x00C"+code+"\x00Mrefused\x00\x00")
			return true, severity == "ERROR"
		}
		switch {
		case strings.HasPrefix(query, "begin"):
			status = "T"
		case query == "commit", query == "rollback":
			status = "I"
		}
		return false, true
	}
	if failed, _ := ask(""); failed {
		return
	}
	write('R', "\x00\x00\x00\x00") // authenticated
	write('Z', "I")
	skip := false // until the next Sync, after an error
	for {
		head := make([]byte, 5)
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(head[1:])-4)
		if _, err := io.ReadFull(c, body); err != nil {
			return
		}
		kind := head[0]
		switch {
		case kind == 'S': // Sync
			skip = false
			write('Z', status)
		case kind == 'Q' && strings.HasPrefix(string(body), "-- ping"):
			write('I', "")
			write('Z', status)
		case kind == 'Q' || kind == 'P' && !skip: // a query, or Parse, whose name is empty
			query := strings.Trim(string(body), "\x00")
			failed, ok := ask(query)
			if !ok {
				return
			}
			skip = failed && kind == 'P'
			switch {
			case kind == 'P' && !failed:
				write('1', "")
			case kind == 'Q' && !failed:
				write('C', "UPDATE 0\x00")
			}
			if kind == 'Q' {
				write('Z', status)
			}
		case skip:
		case kind == 'B': // Bind
			write('2', "")
		case kind == 'D': // Describe
			write('n', "")
		case kind == 'E': // Execute
			write('C', "UPDATE 0\x00")
		}
	}
}

// TestTLSOfPostgreSQL wants what libpq 17 does with the same URLs.
func TestTLSOfPostgreSQL(t *testing.T) {
	dir, ours, others := urlFiles(t), systemAuthority(t), newAuthority(t)
	t.Setenv("HOME", dir)
	certificates := map[string]*tls.Certificate{"none": nil}
	for name, c := range map[string]struct {
		by *authority
		c  x509.Certificate
	}{
		"good":           {ours, x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}}},
		"other CA's":     {others, x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}}},
		"other name's":   {ours, x509.Certificate{DNSNames: []string{"db.example"}}},
		"by common name": {ours, x509.Certificate{Subject: pkix.Name{CommonName: "localhost"}}},
	} {
		pair := c.by.sign(t, &c.c)
		certificates[name] = &pair
	}
	const in, out, plain = "TLS", "refused", "plaintext"
	const client = "sslcert=DIR/client.pem&sslkey=DIR/client.key"
	for _, c := range []struct{ server, host, parameters, want string }{
		{"none", "127.0.0.1", "", plain},
		{"none", "127.0.0.1", "sslmode=prefer&sslrootcert=DIR/ca.pem", plain},
		{"none", "127.0.0.1", "sslmode=require", out},
		{"none", "127.0.0.1", "sslmode=verify-ca&sslrootcert=DIR/ca.pem", out},
		{"other CA's", "127.0.0.1", "", in},
		{"other CA's", "127.0.0.1", "sslmode=disable", plain},
		{"other CA's", "127.0.0.1", "sslmode=allow", plain},
		{"other CA's", "127.0.0.1", "sslmode=require", in},
		{"other CA's", "127.0.0.1", "sslmode=require&sslrootcert=DIR/none.pem", in},
		{"other CA's", "127.0.0.1", "sslmode=require&sslrootcert=DIR/ca.pem", out},
		{"other CA's", "127.0.0.1", "sslmode=verify-full&sslrootcert=DIR/ca.pem", out},
		{"other CA's", "127.0.0.1", "sslrootcert=system", out},
		{"good", "127.0.0.1", "sslrootcert=system", in},
		{"other name's", "127.0.0.1", "sslrootcert=system", out},
		{"other name's", "127.0.0.1", "sslmode=require&sslrootcert=DIR/ca.pem", in},
		{"other name's", "127.0.0.1", "sslmode=verify-ca&sslrootcert=DIR/ca.pem", in},
		{"other name's", "127.0.0.1", "sslmode=verify-full&sslrootcert=DIR/ca.pem", out},
		{"other name's", "localhost", "sslmode=verify-full&sslrootcert=DIR/ca.pem", out},
		{"other name's", "127.0.0.1", "host=db.example&hostaddr=127.0.0.1&port=PORT&sslmode=verify-full&sslrootcert=DIR/ca.pem", in},
		{"good", "127.0.0.1", "sslmode=verify-full&sslrootcert=DIR/ca.pem", in},
		{"good", "localhost", "sslmode=verify-full&sslrootcert=DIR/ca.pem", in},
		{"good", "localhost", "sslmode=verify-full&sslrootcert=DIR/ca.pem&sslsni=0", in},
		{"by common name", "localhost", "sslmode=verify-full&sslrootcert=DIR/ca.pem", in},
		{"by common name", "127.0.0.1", "sslmode=verify-full&sslrootcert=DIR/ca.pem", out},
		{"good", "127.0.0.1", "sslmode=require&ssl_max_protocol_version=TLSv1.1&ssl_min_protocol_version=TLSv1", out},
		{"good", "127.0.0.1", client, in + " with a certificate"},
		{"good", "127.0.0.1", client + "&sslcertmode=disable", in},
		{"good", "127.0.0.1", client + "&sslcertmode=require", in + " with a certificate"},
		{"good", "127.0.0.1", "sslcertmode=require&sslmode=require", out},
		{"good", "127.0.0.1", "sslcert=DIR/client.pem&sslkey=DIR/encrypted.key&sslpassword=geheim", in + " with a certificate"},
	} {
		t.Run(c.server+" "+c.host+" "+c.parameters, func(t *testing.T) {
			s, port := servePostgreSQL(t, certificates[c.server], nil)
			d, err := db.Open("postgresql+psycopg2://nova:x@"+c.host+":"+port+"/nova?"+strings.NewReplacer("DIR", dir, "PORT", port).Replace(c.parameters), db.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			got := in
			if _, err = db.Exec(t.Context(), d, "UPDATE x"); err != nil {
				got = out
			} else if !s.encrypted.Load() {
				got = plain
			} else if s.certified.Load() {
				got += " with a certificate"
			}
			if got != c.want {
				t.Errorf("%s, not %s: %v", got, c.want, err)
			}
		})
	}
	// The files of the user count as libpq's do.
	t.Setenv("HOME", t.TempDir())
	t.Setenv("PGSSLROOTCERT", filepath.Join(dir, "otherca.pem"))
	t.Setenv("PGSSLMODE", "verify-ca")
	_, port := servePostgreSQL(t, certificates["good"], nil)
	d, err := db.Open("postgresql+psycopg2://nova:x@127.0.0.1:"+port+"/nova", db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := db.Exec(t.Context(), d, "UPDATE x"); err == nil {
		t.Error("PGSSLMODE and PGSSLROOTCERT are ignored")
	} else if why, ok := db.Refusal(err); !ok || !strings.HasPrefix(why, "has a certificate that cannot be verified: ") {
		t.Errorf("%v: %q", err, why)
	}
}
