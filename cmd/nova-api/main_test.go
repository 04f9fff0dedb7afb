package main_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest/testproc"
)

// binary is nova-api, built once for the tests of this package.
var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "nova-api")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "nova-api")
	if out, err := exec.Command("go", "build", "-ldflags", "-s -w", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		os.Exit(1)
	}
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// command is nova-api with none of the caller's own configuration.
func command(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Env = []string{"HOME=" + t.TempDir(), "OS_NOVA_CONFIG_DIR=" + t.TempDir()}
	return cmd
}

// write puts files into a directory of the test. DIR in them is its name.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(text, "DIR", dir)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const (
	conf = "[DEFAULT]\ntransport_url = fake://\n[api_database]\nconnection = sqlite:///DIR/api.sqlite\n[database]\nconnection = sqlite:///DIR/cell.sqlite\n" +
		"[keystone_authtoken]\nauth_url = http://127.0.0.1:1/\nauth_type = password\nusername = nova\npassword = secret\n[wsgi]\napi_paste_config = DIR/api-paste.ini\n"
	versions = "[app:osapi_compute]\npaste.app_factory = nova.api.openstack.compute.versions:Versions.factory\n"
)

// TestMistakesAreOneLine starts nova-api with something wrong: it ends with one
// line that names the place, and status 1.
func TestMistakesAreOneLine(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	for _, c := range []struct {
		name  string
		files map[string]string
		args  []string
		want  string // "DIR" is the directory of the files
	}{
		{"missing configuration file", nil, []string{"--config-file", "DIR/none.conf"}, `DIR/none\.conf`},
		{"missing configuration directory", nil, []string{"--config-dir", "DIR/none.d"}, `DIR/none\.d`},
		{"wrong type", map[string]string{"nova.conf": conf + "[api]\n\nmax_limit = many\n"}, nil, `DIR/nova\.conf:16: \[api\] max_limit: .*many`},
		{"out of bounds", map[string]string{"nova.conf": conf + "[wsgi]\ndefault_pool_size = -1\n[api]\nmax_limit = -3\n"}, nil, `DIR/nova\.conf:17: \[api\] max_limit`},
		{"no syntax", map[string]string{"nova.conf": "[DEFAULT]\nnonsense\n"}, nil, `DIR/nova\.conf:2`},
		{"no database", map[string]string{"nova.conf": "[DEFAULT]\n"}, nil, `\[(api_)?database\] connection is not set`},
		{"unknown kind of database", map[string]string{"nova.conf": strings.Replace(conf, "sqlite:///DIR/api", "oracle://u:very-secret@h/api", 1)}, nil, `DIR/nova\.conf:4.*\[api_database\] connection: .*oracle`},
		{"missing paste file", map[string]string{"nova.conf": conf}, nil, `DIR/api-paste\.ini`},
		{"unknown factory", map[string]string{"nova.conf": conf, "api-paste.ini": "[app:osapi_compute]\npaste.app_factory = no.such:thing\n"}, nil, `DIR/api-paste\.ini.*osapi_compute.*no\.such:thing`},
		{"unknown filter", map[string]string{"nova.conf": conf, "api-paste.ini": strings.Replace(versions, "app:osapi_compute", "app:v", 1) +
			"[filter:f]\npaste.filter_factory = no.such:filter\n[pipeline:osapi_compute]\npipeline = f v\n"}, nil, `DIR/api-paste\.ini.*no\.such:filter`},
		{"loop in the paste file", map[string]string{"nova.conf": conf, "api-paste.ini": "[composite:osapi_compute]\nuse = egg:Paste#urlmap\n/ = a\n[app:a]\nuse = b\n[app:b]\nuse = a\n"}, nil, `DIR/api-paste\.ini`},
		{"no such application", map[string]string{"nova.conf": conf, "api-paste.ini": "[app:other]\npaste.app_factory = x:y\n"}, nil, `osapi_compute.*DIR/api-paste\.ini|DIR/api-paste\.ini.*osapi_compute`},
		{"policy file that is a directory", map[string]string{"nova.conf": conf + "[oslo_policy]\npolicy_file = DIR\n", "api-paste.ini": versions}, nil, `DIR: .*directory`},
		{"policy file that is no YAML", map[string]string{"nova.conf": conf, "api-paste.ini": versions, "policy.yaml": "a: [b\n"}, nil, `DIR/policy\.yaml`},
		{"unknown format", nil, []string{"routes", "--format", "xml"}, `--format "xml"`},
		{"unknown flag", nil, []string{"--nonsense"}, `--nonsense`},
		{"misspelt flag", nil, []string{"--dve"}, `--dve; did you mean --dev\?`},
		{"misspelt flag of a command", nil, []string{"check", "--offlien"}, `--offlien; did you mean --offline\?`},
		{"unknown command", nil, []string{"nonsense"}, `nonsense`},
		{"misspelt command", nil, []string{"chekc"}, `"chekc" for "nova-api"; did you mean check\?`},
		{"address that is none", map[string]string{"nova.conf": conf, "api-paste.ini": versions}, []string{"--config-file", "DIR/nova.conf", "--http", "nowhere"}, `nowhere`},
		{"where to listen with an embedded cloud", nil, []string{"--dev", "--http", "127.0.0.1:0"}, `--http is not for --dev`},
		{"state without an embedded cloud", nil, []string{"--state", "DIR"}, `--state is for --dev`},
		{"mistake in the embedded cloud's further file", map[string]string{"own.conf": "[api]\nmax_limit = many\n"}, []string{"--dev", "--state", ":memory:", "--config-file", "DIR/own.conf"}, `DIR/own\.conf:2`},
		{"embedded cloud on a port that is taken", nil, []string{"--dev", "--state", ":memory:", "--port", port}, `cannot listen on 127\.0\.0\.1:` + port},
		{"state that is no directory", map[string]string{"file": ""}, []string{"--dev", "--state", "DIR/file"}, `DIR/file`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := write(t, c.files)
			args := c.args
			if args == nil {
				args = []string{"--config-file", "DIR/nova.conf", "--http", "127.0.0.1:0"}
			}
			var own []string
			for _, a := range args {
				own = append(own, strings.ReplaceAll(a, "DIR", dir))
			}
			cmd := command(t, own...)
			var stderr, stdout bytes.Buffer
			cmd.Stderr, cmd.Stdout = &stderr, &stdout
			err := cmd.Run()
			text := stderr.String()
			if cmd.ProcessState.ExitCode() != 1 {
				t.Errorf("it ended with %v", err)
			}
			lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
			last := lines[len(lines)-1]
			if len(lines) != 1 || !strings.HasPrefix(last, "nova-api: ") && !strings.HasPrefix(last, "routes: ") {
				t.Errorf("standard error is not one line of nova-api:\n%s", text)
			}
			if !regexp.MustCompile(strings.ReplaceAll(c.want, "DIR", regexp.QuoteMeta(dir))).MatchString(text) {
				t.Errorf("standard error does not say %s:\n%s", c.want, text)
			}
			if strings.Contains(text, "goroutine ") || strings.Contains(text, "very-secret") || stdout.Len() > 0 {
				t.Errorf("a stack, a secret, or something on standard output:\n%s%s", text, stdout.String())
			}
		})
	}
}

// process is a nova-api that runs until the end of the test.
type process struct {
	t       testing.TB
	cmd     *exec.Cmd
	address string // of HTTP
	output  testproc.Output
	ended   chan error // how it ended, once it has
}

// start runs nova-api and waits until it answers.
func start(t testing.TB, address string, args ...string) *process {
	t.Helper()
	p := launch(t, args...)
	p.address = address
	p.says("serving http on " + address)
	p.gets("/", http.StatusOK)
	return p
}

// launch runs nova-api. At the end of the test it must stop by itself when told to, without a
// panic on the way.
func launch(t testing.TB, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: command(t, args...), ended: make(chan error, 1)}
	p.cmd.Stderr, p.cmd.Stdout = &p.output, &p.output
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.cmd.Wait() }()
	t.Cleanup(func() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		if err := <-p.ended; err != nil && t.Context().Err() == nil {
			t.Errorf("nova-api ended with %v", err)
		}
		if out := p.output.String(); strings.Contains(out, "goroutine ") || strings.Contains(out, "panic") || t.Failed() {
			t.Errorf("nova-api wrote:\n%s", out)
		}
	})
	return p
}

// says waits until the process has written a text.
func (p *process) says(text string) {
	p.t.Helper()
	select {
	case <-p.output.Says(text):
	case err := <-p.ended:
		p.ended <- err
		p.t.Fatalf("nova-api ended, with %v, before it said %q:\n%s", err, text, p.output.String())
	case <-time.After(time.Minute):
		p.t.Fatalf("nova-api does not say %q:\n%s", text, p.output.String())
	}
}

// dev starts a cloud of its own.
func dev(t *testing.T) (p *process, state string) {
	t.Helper()
	address, state := testproc.Address(t), t.TempDir()
	_, port, _ := net.SplitHostPort(address)
	return start(t, address, "--dev", "--state", state, "--port", port), state
}

// TestFreePort: the catalog and the files of the cloud have the port that the system chose.
func TestFreePort(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	p := launch(t, "--dev", "--state", state, "--port", "0")
	p.says("its state is in")
	served := regexp.MustCompile(`--dev serves http://(\S+);`).FindStringSubmatch(p.output.String())
	if served == nil {
		t.Fatalf("no address: %s", p.output.String())
	}
	p.address = served[1]
	p.gets("/", http.StatusOK)
	clouds, err := os.ReadFile(filepath.Join(state, "clouds.yaml"))
	if err != nil || !strings.Contains(string(clouds), "http://"+p.address+"/identity/v3") {
		t.Errorf("clouds.yaml: %v\n%s", err, clouds)
	}
}

// --metrics shows those of an embedded cloud, too.
func TestMetricsOfDev(t *testing.T) {
	t.Parallel()
	address, metrics := testproc.Address(t), testproc.Address(t)
	_, port, _ := net.SplitHostPort(address)
	p := start(t, address, "--dev", "--state", t.TempDir(), "--port", port, "--metrics", metrics)
	p.alive()
	p.says("Metrics are shown on " + metrics)
	r, err := http.Get("http://" + metrics + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if text, err := io.ReadAll(r.Body); err != nil || !strings.Contains(string(text), "nova_requests_total") {
		t.Errorf("%s: %v, %d bytes", r.Status, err, len(text))
	}
}

// alive wants an answer to a simple request.
func (p *process) alive() {
	p.t.Helper()
	p.gets("/v2.1", http.StatusOK)
}

func (p *process) gets(path string, want int) {
	p.t.Helper()
	r, err := http.Get("http://" + p.address + path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != want {
		p.t.Errorf("GET %s answers %d", path, r.StatusCode)
	}
}
