//go:build lab

package db_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/db"
)

// question is a URL that is opened by both sides.
type question struct {
	URL        string `json:"url"`
	Parameters string `json:"parameters,omitempty"`
	name       string
	differs    string // why the answers differ; "": they must not
}

// pythonWith returns LAB_PYTHON if it has oslo.db and a driver.
func pythonWith(t *testing.T, driver string) string {
	t.Helper()
	python := os.Getenv("LAB_PYTHON")
	if python == "" {
		t.Skip("LAB_PYTHON names no Python with oslo.db")
	}
	if out, err := exec.Command(python, "-c", "import oslo_db, "+driver).CombinedOutput(); err != nil {
		t.Skipf("needs %s in the environment of LAB_PYTHON, or in PYTHONPATH: %s", driver, out)
	}
	return python
}

// askOsloDB lets oslo.db open all URLs.
func askOsloDB(t *testing.T, python string, questions []question) []map[string]any {
	t.Helper()
	var lines bytes.Buffer
	for _, q := range questions {
		if err := json.NewEncoder(&lines).Encode(q); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "questions")
	write(t, file, lines.String())
	cmd := exec.Command(python, "testdata/databaseurl.py", "ask", file)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // OpenSSL would ask a terminal for passphrases
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var answers []map[string]any
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var one map[string]any
		if err := d.Decode(&one); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, one)
	}
	if len(answers) != len(questions) {
		t.Fatalf("%d answers to %d questions\n%s", len(answers), len(questions), stderr.String())
	}
	return answers
}

// aspects are what testdata/databaseurl.py asks a server about a connection.
var aspects = map[string]struct {
	query string
	names []string
}{
	"mysql": {`SELECT (SELECT VARIABLE_VALUE FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'SSL_CIPHER'),
		CURRENT_USER(), DATABASE(), @@character_set_client, @@character_set_connection, @@character_set_results, @@collation_connection,
		@@sql_mode, @@wait_timeout = @@interactive_timeout, @novatest`,
		strings.Fields("tls user database client connection results collation sql_mode interactive novatest")},
	"postgresql": {`SELECT COALESCE((SELECT cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()), ''), CURRENT_USER,
		CURRENT_DATABASE(), CURRENT_SETTING('client_encoding'), CURRENT_SETTING('application_name'),
		CURRENT_SETTING('statement_timeout'), CURRENT_SETTING('search_path')`,
		strings.Fields("tls user database encoding application statement_timeout search_path")},
}

// open opens a URL as the services do, and returns what oslo.db's side returns.
func open(ctx context.Context, q question) map[string]any {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	d, err := db.Open(q.URL, db.Options{Parameters: q.Parameters})
	if err != nil {
		return map[string]any{"error": err.Error(), "refused": true}
	}
	defer d.Close()
	asked := aspects[d.Kind()]
	values, into := make([]sql.NullString, len(asked.names)), []any{}
	for i := range values {
		into = append(into, &values[i])
	}
	if err := d.One(ctx, into, asked.query); err != nil {
		return map[string]any{"error": err.Error()}
	}
	answer := map[string]any{}
	for i, name := range asked.names {
		if values[i].Valid {
			answer[name] = values[i].String
		}
	}
	return answer
}

// outcome is the text of an answer that both sides must have: "refused", or the variables of the
// connection. Python and Go may choose different ciphers.
func outcome(answer map[string]any, names []string) string {
	if answer["error"] != nil {
		return "refused"
	}
	var b strings.Builder
	for _, name := range names {
		value := ""
		if answer[name] != nil {
			value = strings.TrimSuffix(fmt.Sprint(answer[name]), ".0")
		}
		if name == "tls" && value != "" {
			value = "TLS"
		}
		fmt.Fprintf(&b, "%s=%s ", name, value)
	}
	return b.String()
}

// compare opens all URLs on both sides.
func compare(t *testing.T, kind, python string, questions []question) {
	t.Helper()
	tls, plain, refused := 0, 0, 0
	for i, theirs := range askOsloDB(t, python, questions) {
		q := questions[i]
		ours := open(t.Context(), q)
		want, got := outcome(theirs, aspects[kind].names), outcome(ours, aspects[kind].names)
		switch {
		case want != got && q.differs == "":
			t.Errorf("%s: %s %s\nours:   %s %v\ntheirs: %s %v", q.name, q.URL, q.Parameters, got, ours["error"], want, theirs["error"])
		case want == got && q.differs != "":
			t.Errorf("%s: %s %s does not differ: %s", q.name, q.URL, q.Parameters, got)
		case got == "refused":
			refused++
		case strings.HasPrefix(got, "tls=TLS"):
			tls++
		default:
			plain++
		}
	}
	t.Logf("%d URLs: %d with TLS, %d in plaintext, %d refused", len(questions), tls, plain, refused)
}

// questionsOf makes the questions of the rows of a table.
func questionsOf(rows []parameterRow, servers map[string]databaseServer, base, dir string, differences map[string]string) []question {
	var list []question
	for _, name := range []string{"good", "other name", "none"} {
		s := servers[name]
		fill := strings.NewReplacer("DIR", dir, "PORT", s.port, "SOCKETDIR", s.socketDir, "SOCKET", s.socket, "SERVERUSER", s.user)
		for _, host := range []string{"127.0.0.1", "localhost"} {
			for _, row := range rows {
				secure := strings.Contains(row.name, "ssl") || strings.HasPrefix(row.name, "read_default") || row.name == "hostaddr"
				if !secure && (name != "good" || host != "127.0.0.1") {
					continue
				}
				for _, try := range row.tries {
					q := question{URL: fmt.Sprintf(base, host, s.port) + "?" + fill.Replace(try), name: name + ": " + row.name}
					for _, key := range []string{try, try + " " + name, try + " " + name + " " + host} {
						if q.differs == "" {
							q.differs = differences[key]
						}
					}
					list = append(list, q)
				}
			}
		}
	}
	return list
}

// TestLabMySQLURLs opens databases with URLs as nova.conf has them, with oslo.db, SQLAlchemy and
// PyMySQL and with this package, and wants the same connections: with TLS or without, the same user
// and database, the same variables; or none. LAB_PYTHON is a Python environment with oslo.db; the
// test starts servers of its own with mariadbd.
func TestLabMySQLURLs(t *testing.T) {
	python, dir, ours := pythonWith(t, "pymysql"), urlFiles(t), systemAuthority(t)
	run(t, exec.Command(installed(t, "openssl"), "rehash", filepath.Join(dir, "cas"))) // names of files in ssl_capath
	servers := startMariaDB(t, certificates(ours, t), filepath.Join(dir, "ca.pem"))
	questions := questionsOf(mysqlParameterRows, servers, "mysql+pymysql://nova:x@%s:%s/nova", dir, mysqlDifferences)
	at := servers["good"]
	fill := strings.NewReplacer("HOST", "127.0.0.1:"+at.port, "PORT", at.port, "SOCKET", at.socket, "DIR", dir)
	for _, u := range mysqlURLs {
		connection, parameters, _ := strings.Cut(u, " + ")
		questions = append(questions, question{URL: fill.Replace(connection), Parameters: fill.Replace(parameters), name: "URL", differs: mysqlDifferences[u]})
	}
	compare(t, "mysql", python, questions)
}

// mysqlDifferences are the queries, with the server and the host if they matter, and the URLs whose
// connections differ from PyMySQL's, with the reason.
var mysqlDifferences = map[string]string{
	"charset=latin1":          "text is UTF-8 here, and the server has to be told so",
	"server_public_key=abc":   "PyMySQL fails only when it needs the key",
	"ssl_key_password=x":      "PyMySQL loses it, and cannot read an encrypted key",
	"ssl_disabled=false good": dropped, "ssl_disabled=false other name": dropped,
	"ssl_ca=DIR/otherca.pem&ssl_verify_cert=true good":                                                      dropped,
	"ssl_ca=DIR/otherca.pem&ssl_verify_cert=true other name":                                                dropped,
	"ssl_ca=DIR/otherca.pem&ssl_verify_identity=true good":                                                  dropped,
	"ssl_ca=DIR/otherca.pem&ssl_verify_identity=true other name":                                            dropped,
	"ssl_ca=DIR/ca.pem&ssl_verify_identity=true other name":                                                 dropped,
	"ssl_verify_identity=true other name":                                                                   dropped,
	"mysql+pymysql://x509:x@HOST/nova?ssl_verify_cert=false&ssl_cert=DIR/client.pem&ssl_key=DIR/client.key": dropped,
}

const dropped = "PyMySQL drops a part of what the URL says, and protects the connection less than that (see setTLS)"

// mysqlURLs are URLs in the forms that SQLAlchemy accepts, or not; "URL + PARAMETERS" has
// connection_parameters.
var mysqlURLs = []string{
	"mysql+pymysql://u%3A%2F%25%2B%20:p%40%3A%2F%25%2B%20%23%3F%26%5B%5D@HOST/nova",
	"mysql+pymysql://u%3A%2F%+ :p%40:/%+ #?&[]@HOST/nova",
	"mysql+pymysql://umlaut:%C3%BC@HOST/nova", "mysql+pymysql://umlaut:ü@HOST/nova", "mysql+pymysql://umlaut:%E2%82%AC@HOST/nova", "mysql+pymysql://umlaut:%FC@HOST/nova",
	"mysql+pymysql://nova:x@HOST", "mysql+pymysql://nova:x@HOST/", "mysql+pymysql://nova@HOST/nova", "mysql+pymysql://HOST/nova", "mysql+pymysql://@HOST/nova",
	"mysql+pymysql://:x@HOST/nova", "mysql+pymysql://nova:x@/nova?unix_socket=SOCKET", "mysql+pymysql://nova:x@:PORT/nova",
	"mysql+pymysql://nova:x@127.0.0.1:/nova", "mysql+pymysql://nova:x@127.0.0.1:abc/nova", "mysql+pymysql://nova:x@127.0.0.1: PORT/nova",
	"mysql+pymysql://nova:x@[127.0.0.1]:PORT/nova", "mysql+pymysql://nova:x@[::1]:PORT/nova", "mysql+pymysql://nova:x@::1:PORT/nova",
	"mysql+pymysql://nova:x@HOST/nov%61", "mysql+pymysql://nova:%78@HOST/nova", "mysql+pymysql://nova:%zz@HOST/nova", "mysql+pymysql://nova:x/y@HOST/nova",
	"mysql+pymysql://nova:x@y@HOST/nova", "mysql+pymysql:/nova", "mysql+pymysql//x", "mysql+pymysql://nova:x@HOST/nova/", "mysql+pymysql://nova:x@HOST/nova ",
	" mysql+pymysql://nova:x@HOST/nova", "mysql+pymysql://nova:x@127.0.0.1:99999/nova", "mysql+pymysql://nova:x@HOST/nosuch",
	"mysql+pymysql://nova:x@127.0.0.1,127.0.0.1:PORT/nova", "mysql+pymysql://nova:x@HOST/nova?charset=utf8&", "mysql+pymysql://nova:x@HOST/nova?charset=utf8?x=1",
	"mysql+pymysql://nova:x@HOST/nova?=x", "mysql+pymysql://nova:x@HOST/nova?a%20b=1", "mysql+pymysql://nova:x@HOST/nova#x",
	"mysql+pymysql://nova:x@HOST/nova + charset=utf8mb4", "mysql+pymysql://nova:x@HOST/nova?charset=utf8 + charset=utf8mb4",
	"mysql+pymysql://nova:x@HOST/nova?charset=utf8 + ?ssl_disabled=true", "mysql+pymysql://nova:x@HOST/nova?charset=utf8 + ssl_disabled=true",
	"mysql+pymysql://nova:x@HOST/nova + &ssl_disabled=true&", "mysql+PyMySQL://nova:x@HOST/nova", "MySQL+pymysql://nova:x@HOST/nova", "mysql+nosuch://nova:x@HOST/nova",
	"mysql+aiomysql://nova:x@HOST/nova", "mariadb+pymysql://nova:x@HOST/nova", "mariadb+pymysql://nova:x@HOST/nova?charset=utf8&sql_mode=ANSI",
	"mariadb+pymysql://nova:x@HOST/nova?collation=utf8mb4_bin", "mysql+pymysql://x509:x@HOST/nova", "mysql+pymysql://x509:x@HOST/nova?ssl_cert=DIR/client.pem&ssl_key=DIR/client.key",
	"mysql+pymysql://x509:x@HOST/nova?ssl_ca=DIR/ca.pem&ssl_cert=DIR/client.pem&ssl_key=DIR/client.key",
	"mysql+pymysql://x509:x@HOST/nova?ssl_verify_cert=false&ssl_cert=DIR/client.pem&ssl_key=DIR/client.key",
	"mysql+pymysql://tls:x@HOST/nova", "mysql+pymysql://tls:x@HOST/nova?ssl_disabled=true", "mysql+pymysql://tls:x@HOST/nova?charset=utf8mb4",
	"mysql+pymysql://tls:x@HOST/nova?read_default_file=DIR/my.cnf",
}

// TestLabPostgreSQLURLs does the same with psycopg2, which LAB_PYTHON's environment or PYTHONPATH
// must have.
func TestLabPostgreSQLURLs(t *testing.T) {
	python, dir, ours := pythonWith(t, "psycopg2"), urlFiles(t), systemAuthority(t)
	t.Setenv("HOME", dir) // without ~/.postgresql
	servers := startPostgreSQL(t, certificates(ours, t), certificatePEM(ours.cert.Raw))
	questions := questionsOf(postgresqlParameterRows, servers, "postgresql+psycopg2://nova:x@%s:%s/nova", dir, postgresqlDifferences)
	at := servers["good"]
	fill := strings.NewReplacer("HOST", "127.0.0.1:"+at.port, "PORT", at.port, "SOCKETDIR", at.socketDir, "DIR", dir)
	for _, u := range postgresqlURLs {
		connection, parameters, _ := strings.Cut(u, " + ")
		questions = append(questions, question{URL: fill.Replace(connection), Parameters: fill.Replace(parameters), name: "URL", differs: postgresqlDifferences[u]})
	}
	compare(t, "postgresql", python, questions)
}

// postgresqlDifferences are the same for psycopg2.
var postgresqlDifferences = map[string]string{
	"gsslib=gssapi":                              "Kerberos is not supported",
	"krbsrvname=postgres":                        "Kerberos is not supported",
	"sslcrl=DIR/crl.pem":                         "lists of revoked certificates are not read, and the operator relies on them",
	"sslcrldir=DIR":                              "lists of revoked certificates are not read, and the operator relies on them",
	"sslcert=DIR/client.pem":                     unsent,
	"sslcert=DIR/client.pem&sslkey=DIR/open.key": unsent,
	"sslcert=DIR/client.pem&sslkey=DIR/encrypted.key&sslpassword=wrong": unsent,
}

const unsent = "the certificate cannot be sent; libpq's sslmode=prefer goes on in plaintext without it"

var postgresqlURLs = []string{
	"postgresql+psycopg2://u%3A%2F%25%2B%20:p%40%3A%2F%25%2B%20%23%3F%26%5B%5D'%5C%C3%BC@HOST/nova", "postgresql+psycopg2://nova:y@HOST/nova",
	"postgresql+psycopg2://nova:x@/nova?host=SOCKETDIR&port=PORT", "postgresql+psycopg2://nova:x@/nova?host=SOCKETDIR&port=PORT&sslmode=require",
	"postgresql+psycopg2://nova:x@HOST", "postgresql+psycopg2://nova:x@HOST/", "postgresql+psycopg2://nova@localhost:PORT/nova?passfile=DIR/pgpass",
	"postgresql+psycopg2://nova:x@[127.0.0.1]:PORT/nova", "postgresql+psycopg2://nova:x@HOST/nov%61", "postgresql+psycopg2://nova:x@HOST/nosuch",
	"postgres://nova:x@HOST/nova", "postgresql+nosuch://nova:x@HOST/nova", "postgresql+asyncpg://nova:x@HOST/nova", "postgresql+psycopg2://nova:x@HOST/nova?nosuch=1",
	"postgresql+psycopg2://nova:x@HOST/nova?servicefile=DIR/services", "postgresql+psycopg2://nova:x@HOST/nova?default_query_exec_mode=exec",
	"postgresql+psycopg2://nova:x@HOST/nova?=1", "postgresql+psycopg2://nova:x@HOST/nova + sslmode=disable", "postgresql+psycopg2://nova:x@HOST/nova?sslmode=disable + sslmode=disable",
	"postgresql+psycopg2://nova:x@127.0.0.1:99999/nova", "postgresql+psycopg2://nova:x@127.0.0.1,127.0.0.1:PORT/nova",
}
