package db_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/db"
)

// What becomes of a parameter of a URL.
const (
	done    = "done"       // it has its effect
	none    = "needs none" // it is accepted, and why explains that nothing is to be done
	refused = "refused"    // the start fails, and the error names the parameter and says why
)

// parameterRow is the row of a parameter in the tables below. The lab test tries the queries on real
// servers; the first is also tried here.
type parameterRow struct {
	name, how, why string
	tries          []string
}

// mysqlParameterRows has all parameters of PyMySQL's connections and of SQLAlchemy's dialect.
// DIR is a directory with ca.pem, a client's certificate, my.cnf and the like.
var mysqlParameterRows = []parameterRow{
	{"auth_plugin_map", refused, "it is a dictionary of classes", []string{"auth_plugin_map=x"}},
	{"autocommit", none, "transactions are begun explicitly", []string{"autocommit=true", "autocommit=0"}},
	{"binary_prefix", none, "it avoids a warning about Python's bytes", []string{"binary_prefix=true"}},
	{"bind_address", done, "", []string{"bind_address=127.0.0.1", "bind_address=192.0.2.1", "bind_address=nowhere.invalid"}},
	{"charset", done, "", []string{"charset=utf8mb4", "charset=utf8", "charset=UTF8MB4", "charset=utf8mb3", "charset=nosuch", "charset=",
		"charset", "charset=utf8&charset=utf8", "charset=utf8;ssl_disabled=1", "charset=utf8%23x", "charset=latin1"}},
	{"client_flag", done, "", []string{"client_flag=1024", "client_flag=0", "client_flag=65536", "client_flag=128", "client_flag=256",
		"client_flag=x", "client_flag=32"}},
	{"collation", done, "", []string{"collation=utf8mb3_bin", "charset=utf8mb4&collation=utf8mb4_bin", "collation=nosuch", "collation=utf8mb4_bin"}},
	{"compress", refused, "PyMySQL does not support it", []string{"compress=true", "compress=0", "compress=x"}},
	{"connect_timeout", done, "", []string{"connect_timeout=5", "connect_timeout=%205", "connect_timeout=0", "connect_timeout=-1", "connect_timeout=1.5",
		"connect_timeout=31536000", "connect_timeout=31536001", "connect_timeout=5&connect_timeout=6", "connect_timeout=1_0"}},
	{"conv", refused, "it is a dictionary", []string{"conv=x", "conv="}},
	{"cursorclass", refused, "it is a class", []string{"cursorclass=x"}},
	{"database", done, "", []string{"database=nova", "database=other", "database=nosuch"}},
	{"db", done, "", []string{"db=mysql"}},
	{"defer_connect", refused, "SQLAlchemy needs open connections", []string{"defer_connect=0", "defer_connect=true"}},
	{"host", done, "", []string{"host=localhost", "host=nowhere.invalid"}},
	{"init_command", done, "", []string{"init_command=SET+@novatest=5", "init_command=SET%20@novatest='a%25b'", "init_command=SET+@novatest='a%b'",
		"init_command=nonsense", "init_command=SET+sql_mode=''", "init_command=SET+NAMES+latin1"}},
	{"local_infile", none, "Nova does not use LOAD DATA", []string{"local_infile=1", "local_infile=no", "local_infile=maybe"}},
	{"max_allowed_packet", none, "it limits LOAD DATA only", []string{"max_allowed_packet=1000"}},
	{"named_pipe", refused, "PyMySQL does not support it", []string{"named_pipe=0", "named_pipe=x"}},
	{"passwd", done, "", []string{"passwd=y"}},
	{"password", done, "", []string{"password=x", "password=y"}},
	{"port", refused, "PyMySQL takes it with an option file only", []string{"port=3306", "port=x", "port=PORT&read_default_file=/nowhere",
		"port=x&read_default_file=/nowhere"}},
	{"program_name", done, "", []string{"program_name=me"}},
	{"read_default_file", done, "", []string{"read_default_file=DIR/my.cnf", "read_default_file=/nowhere", "read_default_file=DIR",
		"read_default_file=DIR/quoted.cnf", "read_default_file=DIR/other.cnf", "read_default_file=DIR/broken.cnf",
		"read_default_file=DIR/twice.cnf", "read_default_file=DIR/include.cnf", "read_default_file=DIR/novalue.cnf", "read_default_file=DIR/socket.cnf"}},
	{"read_default_group", done, "", []string{"read_default_group=mine", "read_default_file=DIR/other.cnf&read_default_group=mine",
		"read_default_file=DIR/other.cnf&read_default_group=nosuch"}},
	{"read_timeout", done, "", []string{"read_timeout=30", "read_timeout=0", "read_timeout=x"}},
	{"server_public_key", refused, "it is not a key in PEM", []string{"server_public_key=abc"}},
	{"sql_mode", done, "", []string{"sql_mode=ANSI", "sql_mode=NOSUCH"}},
	{"ssl", refused, "it is a dictionary", []string{"ssl=true", "ssl=1&ssl_ca=DIR/ca.pem", "ssl=1&ssl_disabled=1"}},
	{"ssl_ca", done, "", []string{"ssl_ca=DIR/ca.pem", "ssl_ca=DIR/otherca.pem", "ssl_ca=/nowhere", "ssl_ca="}},
	{"ssl_capath", done, "", []string{"ssl_capath=DIR/cas"}},
	{"ssl_cert", done, "", []string{"ssl_cert=DIR/client.pem&ssl_key=DIR/client.key", "ssl_cert=DIR/both.pem", "ssl_cert=DIR/client.pem",
		"ssl_ca=DIR/ca.pem&ssl_cert=DIR/client.pem&ssl_key=DIR/client.key"}},
	{"ssl_check_hostname", done, "", []string{"ssl_check_hostname=false", "ssl_ca=DIR/ca.pem&ssl_check_hostname=false",
		"ssl_ca=DIR/ca.pem&ssl_check_hostname=true", "ssl_check_hostname=on", "ssl_check_hostname=maybe"}},
	{"ssl_cipher", done, "", []string{"ssl_cipher=ECDHE-ECDSA-AES128-GCM-SHA256", "ssl_cipher=NOSUCH"}},
	{"ssl_disabled", done, "", []string{"ssl_disabled=true", "ssl_disabled=1", "ssl_ca=DIR/ca.pem&ssl_disabled=true", "ssl_disabled=false", "ssl_disabled="}},
	{"ssl_key", done, "", []string{"ssl_key=DIR/client.key"}},
	{"ssl_key_password", refused, "PyMySQL loses it", []string{"ssl_key_password=x"}},
	{"ssl_verify_cert", done, "", []string{"ssl_verify_cert=true", "ssl_verify_cert=1", "ssl_verify_cert=TRUE", "ssl_verify_cert=optional",
		"ssl_verify_cert=false", "ssl_verify_cert=no", "ssl_verify_cert=on", "charset=utf8&ssl_verify_cert=true",
		"ssl_ca=DIR/ca.pem&ssl_verify_cert=true", "ssl_ca=DIR/ca.pem&ssl_verify_cert=false", "ssl_ca=DIR/otherca.pem&ssl_verify_cert=true"}},
	{"ssl_verify_identity", done, "", []string{"ssl_verify_identity=true", "ssl_verify_identity=false", "ssl_ca=DIR/ca.pem&ssl_verify_identity=true",
		"ssl_ca=DIR/otherca.pem&ssl_verify_identity=true"}},
	{"unix_socket", done, "", []string{"unix_socket=SOCKET", "unix_socket=/nowhere"}},
	{"use_unicode", none, "text is text", []string{"use_unicode=1", "use_unicode=0", "use_unicode=x"}},
	{"user", done, "", []string{"user=nova", "user=root"}},
	{"write_timeout", done, "", []string{"write_timeout=30", "write_timeout=0", "write_timeout=x"}},
}

// postgresqlParameterRows has all parameters of psycopg2's connect and of libpq.
var postgresqlParameterRows = []parameterRow{
	{"application_name", done, "", []string{"application_name=me", "application_name=it's%20%5Cme"}},
	{"async", refused, "SQLAlchemy needs synchronous connections", []string{"async=1"}},
	{"async_", refused, "SQLAlchemy needs synchronous connections", []string{"async_=1"}},
	{"channel_binding", done, "", []string{"channel_binding=require", "channel_binding=disable", "channel_binding=x", "channel_binding=require&sslmode=disable"}},
	{"client_encoding", done, "", []string{"client_encoding=utf8", "client_encoding=UTF8", "client_encoding=nosuch"}},
	{"connect_timeout", done, "", []string{"connect_timeout=5", "connect_timeout=0", "connect_timeout=-1", "connect_timeout=x", "connect_timeout=%205%20",
		"connect_timeout=5&connect_timeout=5"}},
	{"connection_factory", refused, "it is a class", []string{"connection_factory=x"}},
	{"cursor_factory", refused, "it is a class", []string{"cursor_factory=x"}},
	{"dbname", done, "", []string{"dbname=nova", "dbname=postgres", "dbname=nosuch"}},
	{"dsn", refused, "its parameters can be written into the URL", []string{"dsn=x"}},
	{"fallback_application_name", done, "", []string{"fallback_application_name=me", "fallback_application_name=me&application_name=you"}},
	{"gssdelegation", none, "there is no Kerberos", []string{"gssdelegation=0"}},
	{"gssencmode", none, "there is no Kerberos", []string{"gssencmode=disable", "gssencmode=prefer", "gssencmode=require", "gssencmode=x"}},
	{"gsslib", refused, "there is no Kerberos", []string{"gsslib=gssapi"}},
	{"host", done, "", []string{"host=localhost", "host=localhost:PORT", "host=localhost:PORT&host=127.0.0.1:PORT", "host=nowhere.invalid,localhost",
		"host=localhost&host=nowhere.invalid&port=PORT", "host=localhost,127.0.0.1&port=PORT,1", "host=localhost,127.0.0.1&port=1,2,3",
		"host=SOCKETDIR", "host=localhost:x"}},
	{"hostaddr", done, "", []string{"hostaddr=127.0.0.1", "host=nowhere.invalid&hostaddr=127.0.0.1", "hostaddr=192.0.2.x", "hostaddr=127.0.0.1,127.0.0.1",
		"host=db.example&hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=DIR/ca.pem"}},
	{"keepalives", done, "", []string{"keepalives=0", "keepalives=1", "keepalives=x"}},
	{"keepalives_count", done, "", []string{"keepalives_count=3", "keepalives_count=x"}},
	{"keepalives_idle", done, "", []string{"keepalives_idle=30", "keepalives_idle=x"}},
	{"keepalives_interval", done, "", []string{"keepalives_interval=30", "keepalives_interval=x"}},
	{"krbsrvname", refused, "there is no Kerberos", []string{"krbsrvname=postgres"}},
	{"load_balance_hosts", done, "", []string{"load_balance_hosts=random", "load_balance_hosts=disable", "load_balance_hosts=x",
		"load_balance_hosts=random&host=localhost:PORT&host=127.0.0.1:PORT"}},
	{"options", done, "", []string{"options=-c%20statement_timeout%3D12345", "options=-csearch_path%3Dpublic", "options=-c%20nosuch%3D1"}},
	{"passfile", done, "", []string{"passfile=DIR/pgpass"}},
	{"password", done, "", []string{"password=x", "password=y"}},
	{"port", done, "", []string{"port=PORT", "port=1", "port=x", "port=PORT,PORT"}},
	{"replication", none, "Nova needs a connection for queries", []string{"replication=false", "replication=x"}},
	{"require_auth", done, "", []string{"require_auth=scram-sha-256", "require_auth=md5", "require_auth=!password", "require_auth=x"}},
	{"requirepeer", done, "", []string{"requirepeer=nosuch", "host=SOCKETDIR&requirepeer=nosuch", "host=SOCKETDIR&requirepeer=SERVERUSER"}},
	{"service", done, "", []string{"service=mine", "service=nosuch", "service=bad"}},
	{"ssl_max_protocol_version", done, "", []string{"ssl_max_protocol_version=TLSv1.2", "ssl_max_protocol_version=TLSv1.1", "ssl_max_protocol_version=x"}},
	{"ssl_min_protocol_version", done, "", []string{"ssl_min_protocol_version=TLSv1.3", "ssl_min_protocol_version=tlsv1.2", "ssl_min_protocol_version=x",
		"ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.2"}},
	{"sslcert", done, "", []string{"sslcert=DIR/client.pem&sslkey=DIR/client.key", "sslcert=DIR/client.pem", "sslcert=/nowhere", "sslcert=DIR/client.pem&sslkey=DIR/open.key"}},
	{"sslcertmode", done, "", []string{"sslcertmode=disable", "sslcertmode=allow", "sslcertmode=require", "sslcertmode=x",
		"sslcertmode=require&sslcert=DIR/client.pem&sslkey=DIR/client.key"}},
	{"sslcompression", none, "OpenSSL compresses nothing", []string{"sslcompression=1", "sslcompression=0"}},
	{"sslcrl", refused, "revocation lists are not read", []string{"sslcrl=DIR/crl.pem"}},
	{"sslcrldir", refused, "revocation lists are not read", []string{"sslcrldir=DIR"}},
	{"sslkey", done, "", []string{"sslkey=DIR/client.key", "sslkey=/nowhere"}},
	{"sslmode", done, "", []string{"sslmode=require", "sslmode=disable", "sslmode=allow", "sslmode=prefer", "sslmode=verify-ca", "sslmode=verify-full",
		"sslmode=REQUIRE", "sslmode=x"}},
	{"sslnegotiation", done, "", []string{"sslnegotiation=postgres", "sslnegotiation=direct", "sslnegotiation=x"}},
	{"sslpassword", done, "", []string{"sslcert=DIR/client.pem&sslkey=DIR/encrypted.key&sslpassword=geheim", "sslpassword=x",
		"sslcert=DIR/client.pem&sslkey=DIR/encrypted.key&sslpassword=wrong"}},
	{"sslrootcert", done, "", []string{"sslrootcert=DIR/ca.pem", "sslrootcert=DIR/ca.pem&sslmode=require", "sslrootcert=DIR/ca.pem&sslmode=verify-ca",
		"sslrootcert=DIR/ca.pem&sslmode=verify-full", "sslrootcert=DIR/otherca.pem", "sslrootcert=DIR/otherca.pem&sslmode=require",
		"sslrootcert=DIR/otherca.pem&sslmode=verify-ca", "sslrootcert=DIR/otherca.pem&sslmode=allow", "sslrootcert=/nowhere",
		"sslrootcert=/nowhere&sslmode=require", "sslrootcert=/nowhere&sslmode=verify-ca", "sslrootcert=system", "sslrootcert=system&sslmode=require",
		"sslrootcert=system&sslmode=verify-full", "sslrootcert=/nowhere&sslmode=disable"}},
	{"sslsni", done, "", []string{"sslsni=0", "sslsni=1", "sslsni=x"}},
	{"target_session_attrs", done, "", []string{"target_session_attrs=read-write", "target_session_attrs=any", "target_session_attrs=primary",
		"target_session_attrs=prefer-standby", "target_session_attrs=standby", "target_session_attrs=read-only", "target_session_attrs=x"}},
	{"tcp_user_timeout", done, "", []string{"tcp_user_timeout=1000", "tcp_user_timeout=x"}},
	{"user", done, "", []string{"user=nova", "user=nosuch"}},
}

// parameterNames are the names in testdata/parameters.json, which testdata/databaseurl.py writes.
func parameterNames(t *testing.T, driver string) []string {
	t.Helper()
	content, err := os.ReadFile("testdata/parameters.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]struct{ Own, Parameters []string }
	if err := json.Unmarshal(content, &all); err != nil {
		t.Fatal(err)
	}
	return append(all[driver].Own, all[driver].Parameters...)
}

// urlFiles makes the files that the queries of the tables name, and returns their directory. ca.pem
// has the CA of the system.
func urlFiles(t *testing.T) string {
	t.Helper()
	dir, ours, others := t.TempDir(), systemAuthority(t), newAuthority(t)
	client := ours.sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: "nova"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	der, err := x509.MarshalECPrivateKey(client.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	//lint:ignore SA1019 it is the form that OpenSSL writes
	encrypted, err := x509.EncryptPEMBlock(rand.Reader, "EC PRIVATE KEY", der, []byte("geheim"), x509.PEMCipherAES256) //nolint:staticcheck // as OpenSSL writes it
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "cas"), 0o700); err != nil {
		t.Fatal(err)
	}
	cert, key, ca := certificatePEM(client.Certificate[0]), keyPEM(client.PrivateKey), certificatePEM(ours.cert.Raw)
	for name, content := range map[string]string{
		"client.pem": cert, "client.key": key, "both.pem": cert + key, "open.key": key, "encrypted.key": string(pem.EncodeToMemory(encrypted)),
		"ca.pem": ca, "otherca.pem": certificatePEM(others.cert.Raw), "cas/ca.pem": ca, "crl.pem": "",
		"my.cnf":      "[mysqld]\nport = 1\n[client]\n# a comment\nuser=nobody\nport = 1\nssl_ca = " + dir + "/ca.pem\n",
		"quoted.cnf":  "[client]\nSSL-CA : '" + dir + "/otherca.pem'\n",
		"other.cnf":   "[client]\nssl-ca=" + dir + "/otherca.pem\n[mine]\nssl-ca=" + dir + "/ca.pem\n",
		"broken.cnf":  "user = nova\n",
		"twice.cnf":   "[client]\nuser = a\nuser = b\n",
		"include.cnf": "[client]\n!includedir /etc/mysql/conf.d/\nssl-ca = " + dir + "/ca.pem\n",
		"novalue.cnf": "[client]\nskip-ssl\nssl-ca\nssl-verify-server-cert\n",
		"socket.cnf":  "[client]\nsocket = /nowhere\n",
		"pgpass":      "localhost:*:*:nova:x\n",
		"services":    "[mine]\napplication_name=mine\nsslmode=disable\n[bad]\nnosuch=1\n",
	} {
		write(t, filepath.Join(dir, name), content)
	}
	if err := os.Chmod(filepath.Join(dir, "open.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PGSERVICEFILE", filepath.Join(dir, "services"))
	return dir
}

// TestEachParameterHasARow compares the tables with what the drivers take, and opens a database with
// the first query of each row.
func TestEachParameterHasARow(t *testing.T) {
	dir := urlFiles(t)
	fill := strings.NewReplacer("DIR", dir, "PORT", "3306", "SOCKET", filepath.Join(dir, "s"))
	for _, table := range []struct {
		driver, url string
		rows        []parameterRow
	}{
		{"pymysql", "mysql+pymysql://nova:very-secret@127.0.0.1/nova", mysqlParameterRows},
		{"psycopg2", "postgresql+psycopg2://nova:very-secret@127.0.0.1/nova", postgresqlParameterRows},
	} {
		names := parameterNames(t, table.driver)
		for _, name := range names {
			if !slices.ContainsFunc(table.rows, func(r parameterRow) bool { return r.name == name }) {
				t.Errorf("%s: %s has no row", table.driver, name)
			}
		}
		for _, row := range table.rows {
			if !slices.Contains(names, row.name) {
				t.Errorf("%s: %s is not among its parameters", table.driver, row.name)
			}
			if (row.why == "") != (row.how == done) {
				t.Errorf("%s: %s: %s: %s", table.driver, row.name, row.how, row.why)
			}
			for _, added := range []bool{false, true} {
				connection, o := table.url+"?"+fill.Replace(row.tries[0]), db.Options{}
				option := "connection"
				if added {
					connection, o.Parameters, option = table.url, fill.Replace(row.tries[0]), "connection_parameters"
				}
				d, err := db.Open(connection, o)
				if err == nil {
					d.Close()
				}
				where, _ := errors.AsType[*db.URLError](err)
				switch {
				case row.how != refused && err != nil:
					t.Errorf("%s: %v", row.tries[0], err)
				case row.how == refused && (err == nil || where.Option != option || !strings.Contains(err.Error(), " "+row.name+": ") ||
					strings.Contains(err.Error(), "very-secret")):
					t.Errorf("%s: %v", row.tries[0], err)
				}
			}
		}
		if _, err := db.Open(table.url+"?nosuch=1", db.Options{}); err == nil || !strings.Contains(err.Error(), "nosuch is not known") {
			t.Errorf("%s: %v", table.driver, err)
		}
	}
}
