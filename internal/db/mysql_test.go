package db_test

import (
	"cmp"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nova-go/nova/internal/db"
)

// hangUp as an answer closes the connection.
const hangUp = "hang up"

// mysqlServer greets, believes everybody, says OK to all, and keeps what it is asked.
type mysqlServer struct {
	net.Listener
	mu        sync.Mutex
	asked     []string
	user, db  string      // of the last login
	tls       *tls.Config // nil: it has none
	encrypted atomic.Bool // the last connection
	// answer returns the packet that answers a query on a connection; "": OK; hangUp: none. COM_PING is the
	// query "PING", and the query "" is for the packet in place of the greeting. Connections are numbered
	// from 1. nil: all answers are OK.
	answer func(connection int, query string) string
	made   int // the number of connections
}

func (s *mysqlServer) serve() {
	for {
		c, err := s.Accept()
		if err != nil {
			return
		}
		go s.talk(c)
	}
}

// login returns the user and the database of the last login.
func (s *mysqlServer) login() (user, database string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.user, s.db
}

func (s *mysqlServer) talk(c net.Conn) {
	defer func() { _ = c.Close() }()
	s.mu.Lock()
	conf := s.tls
	s.made++
	number := s.made
	s.mu.Unlock()
	s.encrypted.Store(false)
	capabilities := "\x08\x82" // 4.1, secure connections, a database at login
	if conf != nil {
		capabilities = "\x08\x8a"
	}
	write := func(sequence byte, payload string) {
		head := binary.LittleEndian.AppendUint32(nil, uint32(len(payload)))
		_, _ = c.Write(append(append(head[:3], sequence), payload...))
	}
	if s.answer != nil {
		if instead := s.answer(number, ""); instead != "" {
			if instead != hangUp {
				write(0, instead)
			}
			return
		}
	}
	// Protocol 4.1, authentication by plugin, secure connections.
	write(0, "\x0a8.0.0\x00\x01\x00\x00\x00saltsalt\x00"+capabilities+"\x21\x02\x00\x08\x00\x15"+strings.Repeat("\x00", 10)+"saltsaltsalt\x00mysql_native_password\x00")
	for n := 0; ; n++ {
		head := make([]byte, 4)
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		payload := make([]byte, int(head[0])|int(head[1])<<8|int(head[2])<<16)
		if _, err := io.ReadFull(c, payload); err != nil {
			return
		}
		if n == 0 && conf != nil && len(payload) == 32 { // a request for TLS
			secure := tls.Server(c, conf)
			if secure.Handshake() != nil {
				return
			}
			s.encrypted.Store(true)
			c, n = secure, n-1
			continue
		}
		if n == 0 { // capabilities, the largest packet, the character set, zeros; user, password, database
			user, rest, _ := strings.Cut(string(payload[32:]), "\x00")
			database := ""
			if payload[0]&8 != 0 { // it has a database
				database, _, _ = strings.Cut(rest[1+rest[0]:], "\x00")
			}
			s.mu.Lock()
			s.user, s.db = user, database
			s.mu.Unlock()
		}
		if n > 0 && payload[0] == 3 { // COM_QUERY
			s.mu.Lock()
			s.asked = append(s.asked, string(payload[1:]))
			s.mu.Unlock()
		}
		reply := ""
		switch {
		case s.answer == nil || n == 0:
		case payload[0] == 3:
			reply = s.answer(number, string(payload[1:]))
		case payload[0] == 14: // COM_PING
			reply = s.answer(number, "PING")
		}
		if reply == hangUp {
			return
		}
		write(head[3]+1, cmp.Or(reply, "\x00\x00\x00\x02\x00\x00\x00"))
	}
}

// TestConnectionOptions looks at what reaches a server when a connection is made.
func TestConnectionOptions(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	s := &mysqlServer{Listener: listener}
	defer s.Close()
	go s.serve()
	for _, c := range []struct {
		o    db.Options
		want string
	}{
		{db.Options{}, "sql_mode='TRADITIONAL'"},
		{db.Options{SQLMode: new("")}, "sql_mode=''"},
		{db.Options{WsrepSyncWait: new(3)}, "wsrep_sync_wait=3"},
		{db.Options{WsrepSyncWait: new(0)}, "wsrep_sync_wait=0"},
	} {
		c.o.Parameters = "unix_socket=" + listener.Addr().String()
		s.mu.Lock()
		s.asked = nil
		s.mu.Unlock()
		d, err := db.Open("mysql+pymysql://nova:x@nowhere/nova?charset=utf8", c.o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(t.Context(), d, "UPDATE x"); err != nil {
			t.Fatal(err)
		}
		d.Close()
		s.mu.Lock()
		set := strings.ReplaceAll(strings.Join(s.asked, ";"), " ", "")
		if !strings.Contains(set, c.want) || !slices.Contains(s.asked, "UPDATE x") {
			t.Errorf("%s is not among %q", c.want, s.asked)
		}
		s.mu.Unlock()
	}
}

// TestSQLiteSynchronous asks SQLite how it writes.
func TestSQLiteSynchronous(t *testing.T) {
	t.Parallel()
	for unsynced, want := range map[bool]int{false: 1, true: 0} {
		file := filepath.Join(t.TempDir(), "x.sqlite")
		d, err := db.Open("sqlite:///"+file, db.Options{Unsynced: unsynced})
		if err != nil {
			t.Fatal(err)
		}
		var got int
		if err := d.One(t.Context(), []any{&got}, "PRAGMA synchronous"); err != nil || got != want {
			t.Errorf("synchronous is %d, %v", got, err)
		}
		d.Close()
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
	}
}
