//go:build lab && linux

package deployments_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gopkg.in/ini.v1"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/devcloud"
	"github.com/nova-go/nova/internal/novatest/testproc"
)

// lab is what the tests take from the configuration of the lab.
type lab struct{ *ini.File }

func newLab(t *testing.T) lab {
	t.Helper()
	path := os.Getenv("LAB_NOVA_CONF")
	if path == "" || os.Getenv("OS_AUTH_URL") == "" {
		t.Skip("LAB_NOVA_CONF and OS_AUTH_URL name no lab")
	}
	file, err := ini.LoadSources(ini.LoadOptions{IgnoreInlineComment: true, AllowShadows: true}, path)
	if err != nil {
		t.Fatal(err)
	}
	return lab{file}
}

func (l lab) option(group, name string) string { return l.Section(group).Key(name).String() }

// database is a MariaDB server with TLS that has copies of the lab's databases.
var database struct {
	sync.Once
	dir    string
	cmd    *exec.Cmd
	err    error
	output testproc.Output

	port, socket string
	root         *db.DB
	main         string // name of the database of [database]
}

const databasePassword = "a/b p@ss"

// startDatabase starts the server once. Users nova_tls and nova_x509 can only log in with TLS, and with a certificate.
func startDatabase(t *testing.T, l lab) {
	t.Helper()
	for _, program := range []string{"mariadbd", "mariadb-install-db", "mariadb-dump", "mariadb"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("needs %s", program)
		}
	}
	database.Do(func() { database.err = runDatabase(t, l) })
	if database.err != nil {
		t.Fatalf("the database: %v\n%s", database.err, database.output.String())
	}
}

func runDatabase(t *testing.T, l lab) error {
	dir, err := os.MkdirTemp("", "mariadb")
	if err != nil {
		return err
	}
	database.dir, database.socket = dir, filepath.Join(dir, "mysql.sock")
	if err := errorOf(os.Chmod(dir, 0o755), devcloud.SelfSigned(dir+"/cert.pem", dir+"/key.pem", time.Hour, "127.0.0.1", "localhost")); err != nil {
		return err
	}
	out, err := exec.Command("mariadb-install-db", "--no-defaults", "--user=root", "--auth-root-authentication-method=normal", "--datadir="+dir+"/data").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	if _, database.port, err = net.SplitHostPort(testproc.Address(t)); err != nil {
		return err
	}
	database.cmd = exec.Command("mariadbd", "--no-defaults", "--user=root", "--datadir="+dir+"/data", "--port="+database.port, "--bind-address=127.0.0.1",
		"--socket="+database.socket, "--pid-file="+dir+"/pid", "--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve",
		"--ssl-cert="+dir+"/cert.pem", "--ssl-key="+dir+"/key.pem", "--ssl-ca="+dir+"/cert.pem")
	database.cmd.Stdout, database.cmd.Stderr = &database.output, &database.output
	if err := database.cmd.Start(); err != nil {
		return err
	}
	if database.root, err = db.Open("mysql+pymysql://root@localhost/?unix_socket="+database.socket, db.Options{}); err != nil {
		return err
	}
	testproc.Eventually(t, "MariaDB answers", func() bool { return database.root.PingContext(t.Context()) == nil })
	if err := execute("DROP USER IF EXISTS ''@localhost"); err != nil {
		return err
	}
	for user, requires := range map[string]string{"nova": "NONE", "nova_tls": "SSL", "nova_x509": "X509"} {
		if err := execute(fmt.Sprintf("CREATE USER %s@'%%' IDENTIFIED BY '%s' REQUIRE %s", user, databasePassword, requires),
			fmt.Sprintf("GRANT ALL ON *.* TO %s@'%%'", user)); err != nil {
			return err
		}
	}
	return copyDatabases(l)
}

func execute(statements ...string) error {
	for _, s := range statements {
		if _, err := database.root.ExecContext(context.Background(), s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// copyDatabases copies the databases of the lab, and makes their cells templates that each deployment fills.
func copyDatabases(l lab) error {
	api, err := url.Parse(l.option("api_database", "connection"))
	if err != nil {
		return err
	}
	main, err := url.Parse(l.option("database", "connection"))
	if err != nil {
		return err
	}
	database.main = strings.TrimPrefix(main.Path, "/")
	password, _ := main.User.Password()
	arguments := []string{"--no-defaults", "--host=" + main.Hostname(), "--port=" + main.Port(), "--user=" + main.User.Username(),
		"--password=" + password, "--single-transaction", "--skip-lock-tables", "--databases", strings.TrimPrefix(api.Path, "/"), "nova_cell0", database.main}
	load := exec.Command("mariadb", "--no-defaults", "--user=root", "--socket="+database.socket)
	var text []byte
	for range 5 { // it fails if another test changes the definition of a table meanwhile
		var said bytes.Buffer
		dump := exec.Command("mariadb-dump", arguments...)
		dump.Stderr = &said
		if text, err = dump.Output(); err == nil {
			break
		}
		err = fmt.Errorf("mariadb-dump: %w: %s", err, said.String())
	}
	if err != nil {
		return err
	}
	load.Stdin = bytes.NewReader(bytes.ReplaceAll(text, []byte("`"+strings.TrimPrefix(api.Path, "/")+"`"), []byte("`nova_api`")))
	if out, err := load.CombinedOutput(); err != nil {
		return fmt.Errorf("mariadb: %w: %s", err, out)
	}
	return execute("UPDATE nova_api.cell_mappings SET database_connection = REGEXP_REPLACE(database_connection, "+
		`'^[^:]+://.*/([a-z0-9_]+)([?].*)?$', '{scheme}://{username}:{password}@{hostname}:{port}/\\1?{query}')`,
		"DELETE FROM nova_api.cell_mappings WHERE database_connection NOT LIKE '%/nova_cell0?%' AND database_connection NOT LIKE '%/"+database.main+"?%'")
}

func stopDatabase() {
	if database.cmd != nil && database.cmd.Process != nil {
		_ = database.root.Close()
		_ = database.cmd.Process.Signal(syscall.SIGTERM)
		_ = database.cmd.Wait()
	}
	_ = os.RemoveAll(database.dir)
}
