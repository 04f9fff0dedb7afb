//go:build lab

package db_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/novatest/testproc"
)

// databaseServer is a server that a test has started.
type databaseServer struct{ port, socket, socketDir, user string }

// installed returns the path of a program, or skips the test.
func installed(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		for _, pattern := range []string{"/usr/lib/postgresql/*/bin/", "/usr/sbin/", "/usr/libexec/", "/usr/bin/"} {
			if found, _ := filepath.Glob(pattern + name); len(found) > 0 {
				return found[len(found)-1]
			}
		}
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	t.Skipf("needs %s", strings.Join(names, " or "))
	return ""
}

// certificates are those of the servers; "none" has none.
func certificates(ours *authority, t *testing.T) map[string][2]string {
	t.Helper()
	of := func(c x509.Certificate) [2]string {
		cert, key := certificatePEM, keyPEM
		pair := ours.sign(t, &c)
		return [2]string{cert(pair.Certificate[0]), key(pair.PrivateKey)}
	}
	return map[string][2]string{
		"good":       of(x509.Certificate{Subject: pkix.Name{CommonName: "x"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}}),
		"other name": of(x509.Certificate{Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"db.example"}}),
		"none":       {},
	}
}

// start starts a server, and ends it with the test by a signal.
func start(t *testing.T, cmd *exec.Cmd, end syscall.Signal) {
	t.Helper()
	var out testproc.Output
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(end)
		_ = cmd.Wait()
		if t.Failed() && testing.Verbose() {
			t.Logf("%s", out.String())
		}
	})
}

// run runs a program to its end.
func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd.Path, err, out)
	}
}

// freePort returns a port of 127.0.0.1 that nothing listens on.
func freePort(t *testing.T) string {
	t.Helper()
	_, port, err := net.SplitHostPort(testproc.Address(t))
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// shortDir returns a directory whose path is short enough for Unix sockets.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// startMariaDB starts a server for each certificate, with a user nova whose password is x.
func startMariaDB(t *testing.T, certificates map[string][2]string, ca string) map[string]databaseServer {
	t.Helper()
	program, install := installed(t, "mariadbd", "mysqld"), installed(t, "mariadb-install-db", "mysql_install_db")
	dir, as := shortDir(t), []string{}
	if os.Getuid() == 0 {
		as = append(as, "--user=root")
	}
	run(t, exec.Command(install, append(as, "--no-defaults", "--auth-root-authentication-method=normal", "--datadir="+dir+"/data")...))
	servers := map[string]databaseServer{}
	for name, pair := range certificates {
		s := databaseServer{port: freePort(t), socket: filepath.Join(dir, "s"+name[:1])}
		data := filepath.Join(dir, name[:1])
		if err := os.CopyFS(data, os.DirFS(dir+"/data")); err != nil {
			t.Fatal(err)
		}
		args := append([]string{"--no-defaults", "--datadir=" + data, "--port=" + s.port, "--bind-address=127.0.0.1", "--socket=" + s.socket,
			"--pid-file=" + data + "/pid", "--innodb-buffer-pool-size=8M", "--innodb-flush-log-at-trx-commit=0"}, as...)
		if pair[0] != "" {
			write(t, data+"/cert.pem", pair[0])
			write(t, data+"/key.pem", pair[1])
			args = append(args, "--ssl-cert="+data+"/cert.pem", "--ssl-key="+data+"/key.pem", "--ssl-ca="+ca)
		}
		start(t, exec.Command(program, args...), syscall.SIGTERM)
		servers[name] = s
	}
	for name, s := range servers {
		root, err := db.Open("mysql+pymysql://root@localhost/?unix_socket="+s.socket, db.Options{})
		if err != nil {
			t.Fatal(err)
		}
		testproc.Eventually(t, name+" answers", func() bool { return root.PingContext(t.Context()) == nil })
		for _, statement := range []string{"CREATE DATABASE nova CHARACTER SET utf8mb3", "CREATE DATABASE other", "CREATE USER nova@'%' IDENTIFIED BY 'x'",
			"GRANT ALL ON nova.* TO nova@'%'", "GRANT ALL ON other.* TO nova@'%'",
			`CREATE USER 'u:/%+ '@'%' IDENTIFIED BY 'p@:/%+ #?&[]'`, `GRANT ALL ON nova.* TO 'u:/%+ '@'%'`,
			"SET NAMES latin1", "CREATE USER umlaut@'%' IDENTIFIED BY '\xfc'", "GRANT ALL ON nova.* TO umlaut@'%'", "SET NAMES utf8mb4",
			"CREATE USER x509@'%' IDENTIFIED BY 'x' REQUIRE X509", "GRANT ALL ON nova.* TO x509@'%'",
			"CREATE USER tls@'%' IDENTIFIED BY 'x' REQUIRE SSL", "GRANT ALL ON nova.* TO tls@'%'", "DROP USER IF EXISTS ''@localhost"} {
			conn, err := root.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(statement, "CREATE USER umlaut") {
				_, err = conn.ExecContext(t.Context(), "SET NAMES latin1")
			}
			if err == nil {
				_, err = conn.ExecContext(t.Context(), statement)
			}
			if err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
			_ = conn.Close()
		}
		_ = root.Close()
	}
	return servers
}

// startPostgreSQL starts a server for each certificate, with a user nova whose password is x.
func startPostgreSQL(t *testing.T, certificates map[string][2]string, ca string) map[string]databaseServer {
	t.Helper()
	program, install := installed(t, "postgres"), installed(t, "initdb")
	dir := shortDir(t)
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		if os.Getuid() == 0 { // PostgreSQL refuses to run as root
			uid, gid, _ := unprivileged(t)
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
		}
		return cmd
	}
	own := func(file string) {
		if os.Getuid() == 0 {
			uid, gid, _ := unprivileged(t)
			if err := os.Chown(file, int(uid), int(gid)); err != nil {
				t.Fatal(err)
			}
		}
	}
	own(dir)
	write(t, dir+"/password", "x")
	own(dir + "/password")
	run(t, command(install, "-D", dir+"/data", "-U", "nova", "-A", "scram-sha-256", "--pwfile="+dir+"/password", "-E", "UTF8", "--locale=C", "-N"))
	servers := map[string]databaseServer{}
	for name, pair := range certificates {
		s := databaseServer{port: freePort(t), socketDir: dir, user: currentUser(t)}
		if os.Getuid() == 0 {
			_, _, s.user = unprivileged(t)
		}
		data := filepath.Join(dir, name[:1])
		run(t, command("cp", "-a", dir+"/data", data))
		args := []string{"-D", data, "-p", s.port, "-c", "listen_addresses=127.0.0.1", "-k", dir, "-F", "-c", "shared_buffers=2MB"}
		if pair[0] != "" {
			for file, content := range map[string]string{"/cert.pem": pair[0], "/key.pem": pair[1], "/ca.pem": ca} {
				write(t, data+file, content)
				own(data + file)
			}
			args = append(args, "-c", "ssl=on", "-c", "ssl_cert_file=cert.pem", "-c", "ssl_key_file=key.pem", "-c", "ssl_ca_file=ca.pem")
		}
		start(t, command(program, args...), syscall.SIGINT) // without waiting for clients
		servers[name] = s
	}
	for name, s := range servers {
		root, err := db.Open("postgresql+psycopg2://nova:x@/postgres?host="+dir+"&port="+s.port, db.Options{})
		if err != nil {
			t.Fatal(err)
		}
		testproc.Eventually(t, name+" answers", func() bool { return root.PingContext(t.Context()) == nil })
		for _, statement := range []string{"CREATE DATABASE nova", `CREATE USER "u:/%+ " PASSWORD 'p@:/%+ #?&[]''\ü'`} {
			if _, err := db.Exec(t.Context(), root, statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
		_ = root.Close()
	}
	return servers
}

// unprivileged returns the user that runs PostgreSQL if root runs the tests.
func unprivileged(t *testing.T) (uid, gid uint32, name string) {
	t.Helper()
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, _ := strconv.ParseUint(u.Uid, 10, 32)
			gid, _ := strconv.ParseUint(u.Gid, 10, 32)
			return uint32(uid), uint32(gid), name
		}
	}
	t.Skip("needs a user postgres or nobody")
	return 0, 0, ""
}

func currentUser(t *testing.T) string {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}
