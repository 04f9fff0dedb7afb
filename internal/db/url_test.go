package db_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/db"
)

// TestURLForms logs in with URLs in the forms that SQLAlchemy accepts. The lab test compares more of
// them with SQLAlchemy.
func TestURLForms(t *testing.T) {
	s, port := serveMySQL(t, nil)
	dir := t.TempDir()
	t.Setenv("LOGNAME", "me")
	t.Setenv("HOME", dir)
	write(t, filepath.Join(dir, "my.cnf"), "[client]\nUser = 'from file'\npassword\ndatabase: filed\nhost = 127.0.0.1\nport = "+port+"\n\n[other]\nuser = other\n"+
		"database = a\n  b\n[DEFAULT]\nport = "+port+"\n")
	for from, want := range map[string]string{
		"nova:x@HOST/nova":                        "nova nova",
		"nova:p/q?r#s:t@HOST/nova":                "nova nova",
		"no%40%3A%2Fva:%zz%@HOST/n%6Fva%3Fx":      "no@:/va nova?x",
		"nova@HOST/nova":                          "nova nova",
		"HOST/nova":                               "me nova",
		":x@HOST/nova":                            "me nova",
		"a@b@HOST/nova":                           "a@b nova",
		"nova:x@HOST":                             "nova ",
		"nova:x@[127.0.0.1]:PORT/nova":            "nova nova",
		"nova:x@HOST/nova?user=other&db=no":       "other nova",
		"nova:x@HOST/?db=aliased":                 "nova aliased",
		"nova:x@HOST/nova?database=n+w&charset=":  "nova n w",
		"nova:x@HOST/nova#x":                      "nova nova#x",
		"/?read_default_file=DIR/my.cnf":          "from file filed",
		"/?read_default_file=~/my.cnf":            "from file filed",
		"nova@/nova?read_default_file=DIR/my.cnf": "nova nova",
		"@127.0.0.1/?read_default_file=DIR/my.cnf&read_default_group=other": "other a\nb",
		"nova:x@HOST/nova?read_default_file=DIR/none":                       "nova nova",
		"nova:x@127.0.0.1/nova?read_default_file=DIR/none&port=PORT":        "nova nova",
		"nova:x@HOST/nova?port=PORT":                                        "error: port: PyMySQL takes it only together with read_default_file",
		"nova:x@127.0.0.1:/nova":                                            "error: is not a port",
		"nova:x@127.0.0.1:secret/nova":                                      "error: is not a port",
		"nova:x@HOST/nova?charset=utf8&charset=utf8":                        "error: charset: it is given more than once",
		"nova:x@HOST/nova?read_default_file=DIR/bad1":                       "error: bad1:1: there is no group",
		"nova:x@HOST/nova?read_default_file=DIR/bad2":                       "error: bad2:3: the option user is there twice",
		"nova:x@HOST/nova?read_default_file=DIR/bad3":                       "error: bad3:3: the group [client] is there twice",
		"nova:x@HOST/nova?read_default_file=DIR/bad4":                       "error: bad4:3: a line continues the option user",
		"nova:%E2%82%AC@HOST/nova":                                          "error: password: PyMySQL cannot send characters outside of Latin-1",
		"nova:x@HOST/nova?program_name=a,b":                                 "error: program_name: ",
		"nova:x@HOST/nova?collation=x%20y":                                  "error: collation: ",
		"nova:x@HOST/nova?client_flag=2048":                                 "error: client_flag: ",
		"nova:x@HOST/nova?ssl_disabled=maybe":                               "error: ssl_disabled: ",
	} {
		for name, content := range map[string]string{"bad1": "user = x\n", "bad2": "[client]\nuser = x\nUSER : y\n", "bad3": "[client]\n[x]\n[client]\n",
			"bad4": "[client]\nuser\n  x\n"} {
			write(t, filepath.Join(dir, name), content)
		}
		connection := "mysql+pymysql://" + strings.NewReplacer("HOST", "127.0.0.1:"+port, "PORT", port, "DIR", dir).Replace(from)
		d, err := db.Open(connection, db.Options{})
		if err == nil {
			_, err = db.Exec(t.Context(), d, "UPDATE x")
			d.Close()
		}
		if text, failed := strings.CutPrefix(want, "error: "); failed {
			if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), dir+"/", ""), text) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: %v, not %s", from, err, text)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", from, err)
			continue
		}
		if user, database := s.login(); user+" "+database != want {
			t.Errorf("%s: %q, not %q", from, user+" "+database, want)
		}
	}
}

// TestDialects names the mistake.
func TestDialects(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"nothing":                     "it does not begin with a dialect",
		" mysql+pymysql://nova/x":     "it does not begin with a dialect",
		"oracle://nova/x":             `cannot use the database "oracle": use mysql, postgresql or sqlite`,
		"postgres://nova/x":           `SQLAlchemy's name for it is postgresql`,
		"mysql+aiomysql://nova/x":     `cannot use the driver "aiomysql": use mysql+pymysql`,
		"postgresql+asyncpg://nova/x": `cannot use the driver "asyncpg": use postgresql+psycopg2`,
		"sqlite+aiosqlite:///x":       `cannot use the driver "aiosqlite": use sqlite+pysqlite`,
	} {
		if _, err := db.Open(url, db.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// TestSessionStatements looks at what is said to a server before the first query.
func TestSessionStatements(t *testing.T) {
	t.Parallel()
	s, port := serveMySQL(t, nil)
	const zone = "SET time_zone='+00:00'"
	for url, want := range map[string][]string{
		"mysql+pymysql://nova@HOST/nova":                   {"SET NAMES utf8", zone + ", sql_mode='TRADITIONAL'"},
		"mysql+pymysql://nova@HOST/nova?charset=UTF8MB4":   {"SET NAMES utf8mb4", zone + ", sql_mode='TRADITIONAL'"},
		"mysql+pymysql://nova@HOST/nova?client_flag=1024":  {"SET NAMES utf8", zone + ", wait_timeout=@@interactive_timeout, sql_mode='TRADITIONAL'"},
		"mariadb+pymysql://nova@HOST/nova":                 {"SET NAMES utf8mb4", zone},
		"mariadb+pymysql://nova@HOST/nova?sql_mode=A'B%5C": {`SET sql_mode='A''B\\'`, "SET NAMES utf8mb4", zone},
		"mysql+pymysql://nova@HOST/nova?init_command=SET+x=1&collation=utf8_bin&sql_mode=ANSI": {
			"SET NAMES utf8 COLLATE utf8_bin", "SET sql_mode='ANSI'", "SET x=1", "SET NAMES utf8", zone + ", sql_mode='TRADITIONAL'"},
		"mysql+pymysql://nova@HOST/nova?init_command=SET+x=1": {"SET NAMES utf8", "SET x=1", "SET NAMES utf8", zone + ", sql_mode='TRADITIONAL'"},
	} {
		s.mu.Lock()
		s.asked = nil
		s.mu.Unlock()
		d, err := db.Open(strings.ReplaceAll(url, "HOST", "127.0.0.1:"+port), db.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(t.Context(), d, "UPDATE x"); err != nil {
			t.Fatal(err)
		}
		d.Close()
		s.mu.Lock()
		if asked := s.asked[:len(s.asked)-1]; !slices.Equal(asked, want) {
			t.Errorf("%s: %q, not %q", url, asked, want)
		}
		s.mu.Unlock()
	}
}

// TestClientCertificates of PostgreSQL are refused when they cannot be sent.
func TestClientCertificates(t *testing.T) {
	dir := urlFiles(t)
	t.Setenv("HOME", dir)
	for query, want := range map[string]string{
		"sslcert=DIR/client.pem&sslkey=DIR/client.key":                       "",
		"sslcert=DIR/client.pem&sslkey=DIR/encrypted.key&sslpassword=geheim": "",
		"sslcert=DIR/client.pem&sslkey=DIR/encrypted.key&sslpassword=wrong":  "sslpassword: ",
		"sslcert=DIR/client.pem&sslkey=DIR/pkcs8.key":                        "sslkey: DIR/pkcs8.key is encrypted as PKCS #8",
		"sslcert=DIR/client.pem&sslkey=DIR/open.key":                         "sslkey: DIR/open.key can be read by others",
		"sslcert=DIR/client.pem":                                             "sslkey: stat DIR/.postgresql/postgresql.key: no such file",
		"sslcert=DIR/client.pem&sslcertmode=disable":                         "",
		"sslcert=DIR/client.pem&sslmode=disable":                             "",
		"sslcert=DIR/none.pem":                                               "",
		"sslmode=verify-full":                                                "sslrootcert: sslmode=verify-full needs a file of CAs: ",
		"sslmode=verify-ca&sslrootcert=DIR/client.key":                       "sslrootcert: DIR/client.key contains no certificate",
		"sslrootcert=system&sslmode=require":                                 "sslmode: sslrootcert=system needs sslmode=verify-full",
		"sslnegotiation=direct":                                              "sslmode: sslnegotiation=direct needs sslmode=require",
		"target_session_attrs=prefer-standby":                                "",
		"target_session_attrs=prefer-standby&host=a,b":                       "target_session_attrs: prefer-standby with several hosts",
		"service=bad":                  "service: DIR/services: libpq does not know nosuch",
		"hostaddr=127.0.0.1,127.0.0.2": "hostaddr: there are 1 hosts and 2 addresses",
		"ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.2": "ssl_max_protocol_version: it is below",
	} {
		write(t, filepath.Join(dir, "pkcs8.key"), "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")
		d, err := db.Open("postgresql+psycopg2://nova:very-secret@127.0.0.1/nova?"+strings.ReplaceAll(query, "DIR", dir), db.Options{})
		if err == nil {
			d.Close()
		}
		switch {
		case want == "" && err == nil:
		case want == "" || err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), dir, "DIR"), want) || strings.Contains(err.Error(), "very-secret"):
			t.Errorf("%s: %v, not %s", query, err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, ".postgresql")); err == nil {
		t.Error("the directory of the user is not empty")
	}
}
