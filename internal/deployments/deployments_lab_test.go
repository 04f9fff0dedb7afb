//go:build lab && linux

package deployments_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/devcloud"
	"github.com/nova-go/nova/internal/novatest/testproc"
)

// values are what the files of a deployment have from its environment.
type values struct {
	Service, Port                                  string
	Rabbit, Keystone, Memcached, Glance, Region    string
	Password, MetadataSecret, Main, DatabaseSocket string
	Stats                                          string   // a second port
	Endpoints                                      []string // of the compute API
}

// Database returns the URL of a database, without parameters.
func (values) Database(user, name string) string {
	return "mysql+pymysql://" + url.UserPassword(user, databasePassword).String() + "@127.0.0.1:" + database.port + "/" + name
}

// TestLabDeployments starts the services of each deployment: they answer the probes, run as the user, use TLS where the database
// requires it, write their logs where they are collected, in lines that the collector parses, read their files again, and stop.
func TestLabDeployments(t *testing.T) {
	needRoot(t)
	l := newLab(t)
	startDatabase(t, l)
	token := newToken(t)
	for _, describe := range table {
		d := describe()
		for _, s := range d.services {
			t.Run(d.name+"/"+s.name, func(t *testing.T) { newDeployed(t, l, d, s, token).test(t) })
		}
	}
}

// deployed is a service on its machine.
type deployed struct {
	service     service
	machine     *machine
	process     *process
	client      *http.Client
	base, token string
	deployment  deployment
	stats       string // address of uWSGI's statistics
	journal     testproc.Output
}

func newDeployed(t *testing.T, l lab, d deployment, s service, token string) *deployed {
	t.Helper()
	_, port, _ := net.SplitHostPort(testproc.Address(t))
	_, stats, _ := net.SplitHostPort(testproc.Address(t))
	v := values{Service: s.name, Port: port, Rabbit: l.option("DEFAULT", "transport_url"), Keystone: l.option("keystone_authtoken", "auth_url"),
		Memcached: l.option("keystone_authtoken", "memcached_servers"), Glance: l.option("glance", "api_servers"), Region: l.option("placement", "region_name"),
		Password: l.option("keystone_authtoken", "password"), MetadataSecret: l.option("neutron", "metadata_proxy_shared_secret"), Main: database.main,
		DatabaseSocket: database.socket, Stats: stats, Endpoints: []string{"internal", "public"}}
	x := &deployed{service: s, machine: newMachine(t, d, v), token: token, deployment: d, stats: "127.0.0.1:" + stats}
	for _, name := range []string{"nova-api", "nova-metadata"} { // for check, if not for the service
		if _, err := os.Stat(x.machine.path("/usr/local/bin/" + name)); err != nil {
			x.machine.link(t, "/usr/local/bin/"+name, filepath.Join(buildPrograms(t), name))
		}
	}
	x.paste(t, l)
	x.trust(t, d)
	x.client = x.newClient(t, d)
	if s.unit != "" {
		x.service.command, x.service.reload = unit(t, s.unit)
	}
	scheme := "http"
	if s.https {
		scheme = "https"
	}
	x.base = scheme + "://127.0.0.1:" + port
	return x
}

// paste writes Nova's paste file, unless the deployment has one.
func (x *deployed) paste(t *testing.T, l lab) {
	t.Helper()
	if _, err := os.Stat(x.machine.path("/etc/nova/api-paste.ini")); err == nil {
		return
	}
	b, err := os.ReadFile(l.option("wsgi", "api_paste_config"))
	if err != nil {
		t.Fatal(err)
	}
	x.machine.write(t, "/etc/nova/api-paste.ini", b, 0o644, root)
}

// trust adds the certificate of the database server to the CAs of the system, and writes it for clients.
func (x *deployed) trust(t *testing.T, d deployment) {
	t.Helper()
	system, err := os.ReadFile(systemCAs)
	if err != nil {
		system = nil // no CAs but ours
	}
	ours, err := os.ReadFile(filepath.Join(database.dir, "cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	x.machine.write(t, systemCAs, append(system, ours...), 0o644, root)
	for _, files := range d.certificates {
		cert, key := x.machine.path(files[0]), x.machine.path(files[1])
		name := "nova-" + strings.TrimSuffix(filepath.Base(cert), ".crt") + ".example"
		err := errorOf(os.MkdirAll(filepath.Dir(cert), 0o755), os.MkdirAll(filepath.Dir(key), 0o755), devcloud.SelfSigned(cert, key, 90*24*time.Hour, "127.0.0.1", name),
			os.Chown(cert, x.service.runs.UID, x.service.runs.GID), os.Chown(key, x.service.as.UID, x.service.as.GID))
		if err != nil {
			t.Fatal(err)
		}
	}
	for path, part := range d.database {
		b, err := os.ReadFile(filepath.Join(database.dir, part+".pem"))
		if err != nil {
			t.Fatal(err)
		}
		x.machine.write(t, path, b, 0o400, x.service.runs)
	}
}

func (x *deployed) newClient(t *testing.T, d deployment) *http.Client {
	t.Helper()
	pool := x509.NewCertPool()
	for _, files := range d.certificates {
		pool.AppendCertsFromPEM([]byte(x.machine.read(t, files[0])))
	}
	if x.service.socket != "" {
		return &http.Client{Transport: uwsgiTransport(func() string { return x.machine.path(x.service.socket) }), Timeout: time.Minute}
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

func (x *deployed) test(t *testing.T) {
	x.openJournal(t)
	x.process = x.machine.start(t, x.service.as, x.service.notify, x.service.env, x.service.command...)
	x.awaitProbe(t)
	if x.service.notify {
		<-x.process.ready
	}
	x.checkPrivileges(t)
	x.checkReadOnly(t)
	x.checkLogs(t)
	x.checkDatabase(t)
	x.checkJournal(t)
	x.checkRotation(t)
	x.checkCertificates(t)
	x.checkStats(t)
	x.checkSocket(t)
	x.checkFront(t)
	x.checkTruth(t)
	x.checkImage(t)
	x.checkReload(t)
	x.checkDrain(t)
	x.checkStop(t)
}

// get sends a request as an operator's client does, and returns status and body.
func (x *deployed) get(path, agent string) (int, string) {
	r, err := http.NewRequest(http.MethodGet, x.base+path, nil)
	if err != nil {
		return 0, err.Error()
	}
	r.Header.Set("User-Agent", agent)
	r.Header.Set("X-Auth-Token", x.token)
	a, err := x.client.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		return 0, err.Error()
	}
	return a.StatusCode, string(b)
}

// awaitProbe waits until the probe of the supervisor succeeds.
func (x *deployed) awaitProbe(t *testing.T) {
	t.Helper()
	testproc.Eventually(t, "the probe succeeds", func() bool {
		select {
		case <-x.process.ended:
			t.Fatalf("ended with status %d: %s %s", x.process.ProcessState.ExitCode(), x.process.stdout.String(), x.process.stderr.String())
		default:
		}
		status, _ := x.get(x.service.probe.path, x.service.probe.agent)
		return status == http.StatusOK
	})
}

// checkPrivileges compares the users and groups of the process, and its capabilities.
func (x *deployed) checkPrivileges(t *testing.T) {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", x.process.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	field := func(name string) []string {
		return strings.Fields(regexp.MustCompile(`(?m)^` + name + `:(.*)$`).FindStringSubmatch(string(b))[1])
	}
	four := func(id int) []string { return slices.Repeat([]string{strconv.Itoa(id)}, 4) }
	var groups []string
	for _, g := range x.service.runs.Groups {
		groups = append(groups, strconv.Itoa(g))
	}
	for name, want := range map[string][]string{"Uid": four(x.service.runs.UID), "Gid": four(x.service.runs.GID), "Groups": groups, "CapEff": {"0000000000000000"}} {
		if got := field(name); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// checkReadOnly makes sure that the root directory cannot be written where a deployment says so.
func (x *deployed) checkReadOnly(t *testing.T) {
	t.Helper()
	if said, status := x.machine.run(t, root, x.service.env, "touch", "/etc/written"); (status != 0) != x.deployment.readOnly {
		t.Errorf("writing to /etc: status %d: %s", status, said)
	}
}

// text is what has been written to a log.
func (x *deployed) text(f logFile) string {
	if f.path == "" {
		return x.process.stdout.String() + x.process.stderr.String()
	}
	b, _ := os.ReadFile(x.machine.path(f.path))
	return string(b)
}

// saidByKolla are lines of kolla's own scripts, with LAB_KOLLA.
var saidByKolla = regexp.MustCompile(`^\++ |^Running command: |^\d{4}-\d\d-\d\d [\d:.]{12} INFO [A-Z]`)

// checkLogs sends a request and a probe, and reads the files as the collector does.
func (x *deployed) checkLogs(t *testing.T) {
	t.Helper()
	path := "/v2.1/flavors?name=" + x.service.name
	if x.service.name == "nova-metadata" {
		path = "/?name=" + x.service.name
	}
	if status, said := x.get(path, "operator"); status != http.StatusOK {
		t.Fatalf("%s: %d %s", path, status, said)
	}
	for _, f := range x.service.logs {
		if f.request != nil {
			testproc.Eventually(t, f.path+" has the request", func() bool {
				return slices.ContainsFunc(strings.Split(x.text(f), "\n"), func(line string) bool {
					return strings.Contains(line, path) && f.request.MatchString(line)
				})
			})
		}
		for line := range strings.Lines(x.text(f)) {
			if line = strings.TrimSuffix(line, "\n"); !f.line.MatchString(line) && !(f.path == "" && saidByKolla.MatchString(line)) {
				t.Errorf("%s: %q does not match %s", f.path, line, f.line)
			}
		}
		if f.path == "" || f.mode == "" {
			continue
		}
		info, err := os.Stat(x.machine.path(f.path))
		if err != nil {
			t.Fatal(err)
		}
		stat := info.Sys().(*syscall.Stat_t)
		if got := fmt.Sprintf("%s %d:%d", info.Mode(), stat.Uid, stat.Gid); got != f.mode {
			t.Errorf("%s: %s, want %s", f.path, got, f.mode)
		}
	}
}

// checkTruth runs check as the user of the service, on the files of the service.
func (x *deployed) checkTruth(t *testing.T) {
	t.Helper()
	said, status := x.machine.run(t, x.service.runs, x.service.env, append([]string{"/usr/local/bin/" + x.service.name, "check"}, x.service.check...)...)
	if status == 1 {
		t.Errorf("check reports errors:\n%s", said)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(said) {
		known := slices.IndexFunc(x.service.said, func(s string) bool { return regexp.MustCompile(s).MatchString(line) })
		if known >= 0 {
			seen[x.service.said[known]] = true
		} else if strings.HasPrefix(line, "error") || strings.HasPrefix(line, "warning") {
			t.Errorf("check says %s", line)
		}
	}
	for _, s := range x.service.said {
		if !seen[s] {
			t.Errorf("check does not say %q", s)
		}
	}
}

// checkReload changes an option, reloads as the supervisor does, and asks until the answer has changed. No request fails.
func (x *deployed) checkReload(t *testing.T) {
	t.Helper()
	if len(x.service.reload) == 0 || x.service.name != "nova-api" {
		return
	}
	b := x.machine.read(t, x.service.changes)
	info, err := os.Stat(x.machine.path(x.service.changes))
	if err != nil {
		t.Fatal(err)
	}
	stat := info.Sys().(*syscall.Stat_t)
	x.machine.write(t, x.service.changes, []byte(b+"\n[api]\ncompute_link_prefix = http://reloaded.example\n"), info.Mode().Perm(), account{UID: int(stat.Uid), GID: int(stat.Gid)})
	if x.service.reload[0] == "HUP" {
		if err := x.process.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	} else if said, status := x.machine.run(t, x.service.as, x.service.env, x.service.reload...); status != 0 {
		t.Fatalf("%v: status %d: %s", x.service.reload, status, said)
	}
	testproc.Eventually(t, "the reloaded option has its effect", func() bool {
		status, said := x.get(x.service.probe.path, "operator")
		if status != http.StatusOK {
			t.Fatalf("during the reload: %d %s", status, said)
		}
		_, said = x.get("/", "operator")
		return strings.Contains(said, "http://reloaded.example")
	})
}

// checkStop stops the service as the supervisor does.
func (x *deployed) checkStop(t *testing.T) {
	t.Helper()
	if err := x.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-x.process.ended:
	case <-time.After(time.Minute):
		t.Fatal("does not stop")
	}
	if status := x.process.ProcessState.ExitCode(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// newToken returns a token of the user of OS_*.
func newToken(t *testing.T) string {
	t.Helper()
	domain := map[string]any{"name": os.Getenv("OS_USER_DOMAIN_NAME")}
	body, err := json.Marshal(map[string]any{"auth": map[string]any{
		"identity": map[string]any{"methods": []string{"password"}, "password": map[string]any{"user": map[string]any{
			"name": os.Getenv("OS_USERNAME"), "password": os.Getenv("OS_PASSWORD"), "domain": domain}}},
		"scope": map[string]any{"project": map[string]any{"name": os.Getenv("OS_PROJECT_NAME"), "domain": domain}}}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, os.Getenv("OS_AUTH_URL")+"/auth/tokens", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	if a.StatusCode != http.StatusCreated {
		t.Fatalf("no token: %s", a.Status)
	}
	return a.Header.Get("X-Subject-Token")
}
