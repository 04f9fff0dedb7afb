package inspect_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/computepaste"
	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/inspect"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/serve/uwsgiini"
	"github.com/nova-go/nova/internal/sessions"
	"github.com/nova-go/nova/metadata"
	"github.com/nova-go/nova/paste"
)

// computeService and metadataService are what the two commands hand over.
func computeService() inspect.Service {
	return inspect.Service{Prog: compute.Prog, PasteName: compute.PasteName, App: uwsgiini.Compute, Registry: compute.Registry, Sessions: sessions.CheckCompute,
		Others: []func(*config.Config) paste.Registry{metadata.Registry}}
}

func metadataService() inspect.Service {
	return inspect.Service{Prog: metadata.Prog, PasteName: metadata.PasteName, App: uwsgiini.Metadata, Registry: metadata.Registry, Sessions: sessions.CheckMetadata,
		Others: []func(*config.Config) paste.Registry{computepaste.Names}}
}

const pasteFile = `[composite:osapi_compute]
use = call:nova.api.openstack.urlmap:urlmap_factory
/: versions
/v2.1: api

[composite:api]
use = call:nova.api.auth:pipeline_factory_v21
keystone = cors faultwrap app

[pipeline:versions]
pipeline = faultwrap versionsapp

[filter:cors]
paste.filter_factory = oslo_middleware.cors:filter_factory
oslo_config_project = nova

[filter:faultwrap]
paste.filter_factory = nova.api.openstack:FaultWrapper.factory

[app:app]
paste.app_factory = nova.api.openstack.compute:APIRouterV21.factory

[app:versionsapp]
paste.app_factory = nova.api.openstack.compute.versions:Versions.factory

[composite:metadata]
use = egg:Paste#urlmap
/: meta

[app:meta]
paste.app_factory = nova.api.metadata.handler:MetadataRequestHandler.factory
`

const databases = "[database]\nconnection = sqlite:///%[1]s/main.sqlite\n[api_database]\nconnection = sqlite:///%[1]s/api.sqlite\n"

// logins are the least credentials with which the services work.
const logins = "[keystone_authtoken]\nauth_type = none\n[placement]\nauth_type = none\n[neutron]\nauth_type = none\n"

// write puts a nova.conf, with the logins if it sets no auth_type, an api-paste.ini and other files into a directory; %[1]s
// in them is that directory.
func write(t *testing.T, conf, ini string, more ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if !strings.Contains(conf, "auth_type") {
		conf += "\n" + logins
	}
	files := append([]string{"nova.conf", conf, "api-paste.ini", ini}, more...)
	for i := 0; i < len(files); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, files[i]), []byte(strings.ReplaceAll(files[i+1], "%[1]s", dir)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestCheck(t *testing.T) {
	broken := strings.Replace(pasteFile, "cors faultwrap app", "cors strange alien app", 1) +
		"[filter:strange]\npaste.filter_factory = out.of.tree:factory\n[filter:alien]\nuse = egg:elsewhere#thing\n"
	for name, test := range map[string]struct {
		conf, ini string
		files     []string
		verbose   bool
		status    int
		want      []string
	}{
		"clean": {conf: databases, ini: pasteFile},
		"values": {conf: "[api]\nmax_limit = x\n[wsgi]\nunknown_filters = maybe\n", ini: pasteFile, status: 1, want: []string{
			`error: nova.conf:2: [api] max_limit: *`, `error: nova.conf:4: [wsgi] unknown_filters: *`}},
		"syntax":     {conf: "[api]\nmax_limit\n", ini: pasteFile, status: 1, want: []string{`error: nova.conf:2: No ':' or '=' found in assignment: "max_limit"`}},
		"no section": {conf: "", ini: pasteFile, status: 1, want: []string{"error: [database] connection is not set"}},
		"names": {conf: databases + "[api]\nmax_limits = 1\n[apis]\na = b\n[DEFAULT]\napi_paste_config = api-paste.ini\n", ini: pasteFile, status: 2, want: []string{
			"warning: nova.conf:10: [DEFAULT] api_paste_config: *", "warning: nova.conf:7: [apis]: no such group; did you mean [api]?", "warning: nova.conf:6: [api] max_limits: no such option; did you mean max_limit?"}},
		"no paste file": {conf: databases + "[wsgi]\napi_paste_config = /nowhere/paste.ini\n", ini: pasteFile, status: 1, want: []string{
			"error: /nowhere/paste.ini: no such file or directory; [wsgi] api_paste_config names the paste file"}},
		"every unknown filter": {conf: databases, ini: broken, status: 1, want: []string{
			`error: api-paste.ini:32: [filter:strange]: factory "out.of.tree:factory": no such factory ([wsgi] unknown_filters = skip leaves unknown filters out)`,
			`error: api-paste.ini:34: [filter:alien]: factory "elsewhere#thing": no such factory ([wsgi] unknown_filters = skip leaves unknown filters out)`}},
		"misspelt factory": {conf: databases, ini: strings.Replace(pasteFile, "compute:APIRouterV21.factory", "compute:APIRouterV12.factory", 1), status: 1, want: []string{
			`error: api-paste.ini:20: [app:app]: factory "nova.api.openstack.compute:APIRouterV12.factory": no such factory; did you mean nova.api.openstack.compute:APIRouterV21.factory?`}},
		"misspelt filter": {conf: databases + "[wsgi]\nunknown_filters = skip\n", ini: strings.Replace(pasteFile, "FaultWrapper.factory", "FaultWraper.factory", 1), status: 2, want: []string{
			`warning: api-paste.ini:17: [filter:faultwrap]: factory "nova.api.openstack:FaultWraper.factory": no such factory; did you mean nova.api.openstack:FaultWrapper.factory?`}},
		"skipped filters": {conf: databases + "[wsgi]\nunknown_filters = skip\n", ini: broken, status: 2, want: []string{
			`warning: api-paste.ini:32: [filter:strange]: factory "out.of.tree:factory": no such factory`,
			`warning: api-paste.ini:34: [filter:alien]: factory "elsewhere#thing": no such factory`}},
		"dead sections": {conf: databases, ini: pasteFile + "[app:old]\npaste.app_factory = nova.api.openstack.compute:APIRouter.factory\n[pipeline:p]\npipeline = nothing old\n[notpaste:x]\na = b\n", status: 2, want: []string{
			`warning: api-paste.ini:32: [app:old]: factory "nova.api.openstack.compute:APIRouter.factory": no such factory (the application does not reach this section)`}},
		"a factory's own complaint": {conf: databases, ini: strings.Replace(pasteFile, "oslo_config_project = nova\n", "", 1), status: 1, want: []string{
			`error: api-paste.ini:13: [filter:cors]: factory "oslo_middleware.cors:filter_factory": allowed_origin or oslo_config_project is required`}},
		"unheeded": {conf: databases + "[profiler]\nenabled = true\nconnection_string = mongodb://m\n[database]\nconnection_trace = true\n[vnc]\nenabled = true\n", ini: pasteFile, status: 2, want: []string{
			`warning: nova.conf:7: [profiler] connection_string: no trace points are sent: osprofiler's driver "mongodb" is not supported: messaging, redis or redissentinel`}},
		"services in no memcached": {conf: databases + "[DEFAULT]\nservicegroup_driver = mc\n", ini: pasteFile, status: 1, want: []string{
			"error: nova.conf:6: [DEFAULT] servicegroup_driver: mc needs [cache] enabled and memcache_servers"}},
		"levels of the log": {conf: databases + "[DEFAULT]\ndefault_log_levels = nova=loud\n", ini: pasteFile, status: 1, want: []string{
			`error: nova.conf:6: [DEFAULT] default_log_levels: "nova=loud": "loud" is neither the name of a level nor a number`}},
		"unheeded, all": {conf: databases + "[vnc]\nenabled = true\n", ini: pasteFile, verbose: true, status: 0, want: []string{
			"note: nova.conf:6: [vnc] enabled: has no effect: of nova-compute and the console proxies"}},
		"paste syntax":  {conf: databases, ini: "[composite:osapi_compute]\nuse\n", status: 1, want: []string{`error: api-paste.ini:2: [composite:osapi_compute]: syntax error: *`}},
		"policy syntax": {conf: databases, ini: pasteFile, files: []string{"policy.yaml", "a: [\n"}, status: 1, want: []string{`error: policy.yaml:1: did not find expected node content`}},
		"policy names": {conf: databases, ini: pasteFile, files: []string{"policy.yaml",
			"os_compute_api:servers:indx: '@'\nmine: '@'\nos_compute_api:ours: '@'\nos_compute_api:limits: rule:os_compute_api:ours\n" +
				"os_compute_api:os-attach-interfaces: '@'\n"}, status: 2, want: []string{
			`warning: Policy "os_compute_api:os-attach-interfaces":*`, `warning: Policy "os_compute_api:os-attach-interfaces":*`,
			`warning: Policy "os_compute_api:os-attach-interfaces":*`, `warning: Policy "os_compute_api:os-attach-interfaces":*`,
			"warning: policy.yaml:1: rule os_compute_api:servers:indx: Nova 2026.2 has no such rule; did you mean os_compute_api:servers:index?"}},
		"policy references": {conf: databases, ini: pasteFile, files: []string{"policy.yaml", "a: rule:b\n"}, status: 2, want: []string{
			"warning: Policies a reference a rule that is not defined."}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, test.conf, test.ini, test.files...)
			list, status := computeService().Check(context.Background(), inspect.CheckOptions{Files: []string{filepath.Join(dir, "nova.conf")}, Verbose: test.verbose})
			if status != test.status {
				t.Errorf("status %d, not %d", status, test.status)
			}
			expect(t, dir, list, test.want)
		})
	}
}

// expect compares lines; one that ends in an asterisk is a beginning.
func expect(t *testing.T, dir string, list []inspect.Finding, want []string) {
	t.Helper()
	var got []string
	for _, f := range list {
		got = append(got, strings.ReplaceAll(strings.Replace(f.String(), ": "+dir+"/", ": ", 1), dir, "DIR"))
	}
	ok := len(got) == len(want)
	for i := range min(len(got), len(want)) {
		beginning, open := strings.CutSuffix(want[i], "*")
		ok = ok && (got[i] == want[i] || open && strings.HasPrefix(got[i], beginning))
	}
	if !ok {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestServices(t *testing.T) {
	up := listenAMQP(t)
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	down := gone.Addr().String()
	_ = gone.Close()
	conf := strings.NewReplacer("UP", up.Addr().String(), "DOWN", down).Replace(
		"[DEFAULT]\ntransport_url = rabbit://u:p@DOWN,u:p@UP/\n[database]\nconnection = sqlite:///%[1]s/main.sqlite\n[api_database]\nconnection = mysql+pymysql://u:p@DOWN/x\n" +
			"[oslo_messaging_notifications]\ntransport_url = rabbit://u:p@DOWN/\n[keystone_authtoken]\nauth_type = password\nauth_url = http://DOWN/v3\nusername = u\npassword = p\nproject_name = p\ndefault_domain_id = d\nmemcached_servers = UP,DOWN\n" +
			"[quota]\ndriver = nova.quota.UnifiedLimitsDriver\n[oslo_limit]\nauth_type = none\nendpoint_override = http://DOWN\nendpoint_id = e\n" + "[placement]\nauth_type = none\n[neutron]\nauth_type = none\n")
	dir := write(t, conf, pasteFile)
	// A file that two connections make at the same moment is locked for one of them.
	main, err := db.Open("sqlite:///"+dir+"/main.sqlite", db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(t.Context(), main, "PRAGMA user_version = 0"); err != nil {
		t.Fatal(err)
	}
	if err := main.Close(); err != nil {
		t.Fatal(err)
	}
	list, status := computeService().Check(context.Background(), inspect.CheckOptions{Files: []string{filepath.Join(dir, "nova.conf")}, Timeout: 10 * time.Second})
	if status != inspect.HasError {
		t.Errorf("status %d", status)
	}
	var want []string
	for _, line := range []string{
		"error: nova.conf:6: [api_database] connection: the database does not answer: connect: connection refused",
		"error: nova.conf:4: [database] connection: the database cannot be used: SQL logic error: no such table: alembic_version (1)",
		"warning: nova.conf:2: [DEFAULT] transport_url: RabbitMQ at DOWN does not answer: connect: connection refused",
		"error: nova.conf:8: [oslo_messaging_notifications] transport_url: RabbitMQ at DOWN does not answer: connect: connection refused",
		"error: nova.conf:11: [keystone_authtoken] auth_url: the Keystone at http://DOWN/v3 does not answer: connect: connection refused",
		"error: nova.conf:18: [quota] driver: the limits that [oslo_limit] is about cannot be read: connect: connection refused",
		"warning: nova.conf:16: [keystone_authtoken] memcached_servers: memcached at DOWN does not answer: connect: connection refused",
	} {
		want = append(want, strings.ReplaceAll(line, "DOWN", down))
	}
	expect(t, dir, list, want)
}

// run calls a command of a service.
func run(t *testing.T, s inspect.Service, args ...string) (string, error) {
	t.Helper()
	for _, cmd := range s.Commands() {
		if cmd.Name() == args[0] {
			var out bytes.Buffer
			cmd.SetArgs(args[1:])
			cmd.SetOut(&out)
			cmd.SetErr(&out)
			cmd.SilenceErrors, cmd.SilenceUsage = true, true
			err := cmd.Execute()
			return out.String(), err
		}
	}
	t.Fatal("no such command")
	return "", nil
}

func TestConfig(t *testing.T) {
	t.Setenv("OS_API__MAX_LIMIT", "7")
	dir := write(t, "[database]\nconnection = sqlite:///secret\n[wsgi]\nunknown_filters = skip\n"+
		"[profiler]\nconnection_string = redis://:secret@h:6379\n[api]\nvendordata_dynamic_targets = a@http://u:secret@h/x,b@http://h/y\n"+
		"[api_database]\nconnection_parameters = ssl_key_password=secret&x=y\n[neutron]\nauth_url = http://u:secret@h/v3\n", "")
	file := filepath.Join(dir, "nova.conf")
	var all map[string]map[string]struct {
		Value  any
		Source string
	}
	read := func(args ...string) {
		t.Helper()
		out, err := run(t, computeService(), append([]string{"config", "--config-file", file}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(out), &all); err != nil {
			t.Fatal(err)
		}
	}
	read("--format", "json")
	for _, test := range []struct{ group, option, want string }{
		{"wsgi", "unknown_filters", "skip " + file + ":4"}, {"api", "max_limit", "7 env OS_API__MAX_LIMIT"},
		{"database", "connection", "**** " + file + ":2"}, {"database", "slave_connection", "<nil> default"}, {"wsgi", "api_paste_config", "api-paste.ini default"},
	} {
		o := all[test.group][test.option]
		if got := fmt.Sprint(o.Value, " ", o.Source); got != test.want {
			t.Errorf("[%s] %s: %s", test.group, test.option, got)
		}
	}
	out, err := run(t, computeService(), "config", "--config-file", file)
	if err != nil || strings.Contains(out, "secret@") || strings.Contains(out, "=secret") || !strings.Contains(out, "connection_string = ****\n") || !strings.Contains(out, "a@http://u:****@h/x,b@http://h/y\n") {
		t.Errorf("%v\n%s", err, out)
	}
	read("--format", "json", "--show-secrets")
	if v := all["database"]["connection"].Value; v != "sqlite:///secret" {
		t.Errorf("the secret is %v", v)
	}
	text, err := run(t, computeService(), "config", "--config-file", file, "--show-secrets")
	if err != nil || !strings.Contains(text, "[wsgi]\n# default\napi_paste_config = api-paste.ini\n") {
		t.Errorf("%v\n%s", err, text)
	}
	set, err := run(t, computeService(), "config", "--config-file", file, "--set-only")
	if err != nil || !strings.HasPrefix(set, "[api]\n# env OS_API__MAX_LIMIT\nmax_limit = 7\n# "+file+":8\nvendordata_dynamic_targets = ") || strings.Contains(set, "# default") {
		t.Errorf("%v\n%s", err, set)
	}
	// What it prints is a configuration that says the same.
	again := filepath.Join(dir, "again.conf")
	if err := os.WriteFile(again, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	second, err := run(t, computeService(), "config", "--config-file", again, "--show-secrets")
	if err != nil {
		t.Fatal(err)
	}
	first, other := strings.Split(options(text), "\n"), strings.Split(options(second), "\n")
	for i := range min(len(first), len(other)) {
		if first[i] != other[i] {
			t.Errorf("%q, and then %q", first[i], other[i])
		}
	}
}

// TestUWSGIFiles reads the configuration that a uWSGI file names, and reports what is wrong with the file.
func TestUWSGIFiles(t *testing.T) {
	dir := write(t, databases+"[api]\nmax_limits = 7\n", pasteFile)
	_, certFile := certified(t, dir, time.Hour)
	for name, test := range map[string]struct {
		ini  string
		want []string // the lines of the output, but the last
	}{
		"clean":           {"module = nova.wsgi.osapi_compute\nhttp-socket = :8774\n", nil},
		"no such option":  {"module = nova.wsgi.osapi_compute\nhttp-socket = :8774\nhttp-sockets = :8775\n", []string{"warning: x.ini:5: http-sockets is not an option of uWSGI"}},
		"another service": {"module = nova.wsgi.metadata\nhttp-socket = :8775\n", []string{"error: x.ini hosts metadata, and this is osapi_compute"}},
		"condition":       {"module = nova.wsgi.osapi_compute\nif-env = X\n", []string{"error: x.ini:4: *"}},
		"no such user":    {"module = nova.wsgi.osapi_compute\nuid = no-such-user\ngid = no-such-group\n", []string{"error: x.ini: uid: user: unknown user no-such-user", "error: x.ini: gid: group: unknown group no-such-group"}},
		"no certificate":  {"module = nova.wsgi.osapi_compute\nhttps = :8774,/nowhere/cert.pem,/nowhere/key.pem\n", []string{"error: https 0.0.0.0:8774: open /nowhere/cert.pem: no such file or directory"}},
		"no key":          {"module = nova.wsgi.osapi_compute\nhttps = :8774," + certFile + "," + certFile + "\n", []string{"error: https 0.0.0.0:8774: tls: *"}},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, "x.ini")
			if err := os.WriteFile(file, []byte("[uwsgi]\npyargv = --config-file="+dir+"/nova.conf\n"+test.ini), 0o600); err != nil {
				t.Fatal(err)
			}
			list, status := computeService().Check(t.Context(), inspect.CheckOptions{Inis: []string{file}})
			if len(test.want) > 0 && strings.HasPrefix(test.want[0], "error") != (status == inspect.HasError) {
				t.Errorf("status %d", status)
			}
			if name != "condition" {
				last := len(list) - 1
				if last < 0 || list[last].Option != "max_limits" {
					t.Errorf("nova.conf has not been read: %v", list)
				} else {
					list = list[:last]
				}
			}
			expect(t, dir, list, test.want)
		})
	}
}

func options(text string) string {
	var kept []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func TestPipeline(t *testing.T) {
	dir := write(t, "[api]\nauth_strategy = noauth2\n", strings.Replace(pasteFile, "keystone =", "noauth2 = app\nkeystone =", 1))
	conf, ini := filepath.Join(dir, "nova.conf"), filepath.Join(dir, "api-paste.ini")
	tree := func(choice string) string {
		return "osapi_compute (composite nova.api.openstack.urlmap:urlmap_factory)\n" +
			"├─ / -> versions (pipeline)\n│  ├─ faultwrap (filter nova.api.openstack:FaultWrapper.factory)\n│  └─ versionsapp (app nova.api.openstack.compute.versions:Versions.factory)\n" +
			"└─ /v2.1 -> api (composite nova.api.auth:pipeline_factory_v21)\n" + choice
	}
	keystone := tree("   └─ keystone (pipeline)\n      ├─ cors (filter oslo_middleware.cors:filter_factory)\n      ├─ faultwrap (filter nova.api.openstack:FaultWrapper.factory)\n      └─ app (app nova.api.openstack.compute:APIRouterV21.factory)\n")
	noauth := tree("   └─ noauth2 (pipeline)\n      └─ app (app nova.api.openstack.compute:APIRouterV21.factory)\n")
	for _, test := range []struct {
		service inspect.Service
		args    []string
		want    string
	}{
		{computeService(), []string{"--config-file", ini}, keystone},
		{computeService(), []string{"--config-file", conf}, noauth},
		{computeService(), []string{"--config-file", conf, "--config-file", ini}, noauth},
		{computeService(), []string{"--config-file", ini, "--name", "versionsapp"}, "versionsapp (app nova.api.openstack.compute.versions:Versions.factory)\n"},
		{metadataService(), []string{"--config-file", ini}, "metadata (composite Paste#urlmap)\n└─ / -> meta (app nova.api.metadata.handler:MetadataRequestHandler.factory)\n"},
		{metadataService(), []string{"--config-file", ini, "--format", "dot"}, "digraph \"metadata\" {\n  rankdir=LR;\n  node [shape=box];\n  n1 [label=\"metadata\", tooltip=\"Paste#urlmap\", shape=diamond];\n  n2 [label=\"meta\", tooltip=\"nova.api.metadata.handler:MetadataRequestHandler.factory\", style=bold];\n  n1 -> n2 [label=\"/\"];\n}\n"},
	} {
		if got, err := run(t, test.service, append([]string{"pipeline"}, test.args...)...); err != nil || got != test.want {
			t.Errorf("%s: %v\n%s", test.args, err, got)
		}
	}
	out, err := run(t, computeService(), "pipeline", "--config-file", ini, "--format", "json")
	var n paste.Node
	if err != nil || json.Unmarshal([]byte(out), &n) != nil {
		t.Fatal(err, out)
	}
	if api := n.Children[1]; api.At != "/v2.1" || api.Children[0].Kind != "pipeline" || len(api.Children[0].Children) != 3 {
		t.Errorf("%s", out)
	}
	for _, bad := range [][]string{{"--format", "xml"}, {"--config-file", ini, "--config-file", ini}, {"--config-file", ini, "--name", "nothing"}} {
		if _, err := run(t, computeService(), append([]string{"pipeline"}, bad...)...); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

// TestPasteFilesOfThePackages: each release's own api-paste.ini can be read and built.
func TestPasteFilesOfThePackages(t *testing.T) {
	for _, r := range release.All() {
		text, err := os.ReadFile("../release/testdata/facts-" + r.ID + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var facts struct{ Paste map[string]map[string]string }
		if err := json.Unmarshal(text, &facts); err != nil {
			t.Fatal(err)
		}
		var ini strings.Builder
		for section, options := range facts.Paste {
			fmt.Fprintf(&ini, "[%s]\n", section)
			for name, value := range options {
				fmt.Fprintf(&ini, "%s = %s\n", name, value)
			}
		}
		strategies := slices.DeleteFunc(slices.Sorted(maps.Keys(facts.Paste["composite:openstack_compute_api_v21"])), func(name string) bool { return name == "use" })
		if len(strategies) == 0 {
			t.Errorf("%s: no pipelines", r)
		}
		for _, strategy := range strategies {
			dir := write(t, "[api]\nauth_strategy = "+strategy+"\n", ini.String())
			c, err := config.Load(config.Sources{Files: []string{filepath.Join(dir, "nova.conf")}, Prog: compute.Prog})
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range []inspect.Service{computeService(), metadataService()} {
				file := filepath.Join(dir, "api-paste.ini")
				if _, err := paste.Load(file, s.PasteName, s.Registry(c), paste.Options{}); err != nil {
					t.Errorf("%s: %s with %s: %v", r, s.PasteName, strategy, err)
				}
				both := s.Registry(c)
				maps.Copy(both, s.Others[0](c))
				if reached, unreached := paste.Check(file, s.PasteName, both, paste.Options{}); len(reached)+len(unreached) > 0 {
					t.Errorf("%s: %s with %s: %v %v", r, s.PasteName, strategy, reached, unreached)
				}
			}
		}
	}
}

// TestOtherRelease: check tells of a deployment that the service would not serve in.
func TestOtherRelease(t *testing.T) {
	for head, want := range map[string]string{
		"ab450ba04102": "", "0123456789ab": "has the revision 0123456789ab, of no release that is known here", "": "no such table: alembic_version",
	} {
		dir := write(t, databases, pasteFile)
		for file, table := range map[string]string{"api": "cell_mappings (id INT, uuid TEXT, name TEXT, transport_url TEXT, database_connection TEXT, disabled BOOLEAN)", "main": "alembic_version (version_num TEXT)"} {
			d, err := db.Open("sqlite:///"+filepath.Join(dir, file+".sqlite"), db.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if head == "" && file == "main" {
				table = "something_else (id INT)" // the file exists before two connections open it
			}
			_, err = db.Exec(t.Context(), d, "CREATE TABLE "+table)
			if err == nil && head != "" && file == "main" {
				_, err = db.Exec(t.Context(), d, "INSERT INTO alembic_version VALUES (?)", head)
			}
			if err != nil {
				t.Fatal(err)
			}
			_ = d.Close()
		}
		list, _ := computeService().Check(t.Context(), inspect.CheckOptions{Files: []string{filepath.Join(dir, "nova.conf")}, Timeout: 10 * time.Second})
		said := false
		for _, f := range list {
			if f.Area == "service" && f.Section == "database" {
				said = true
				if want == "" || f.Severity != "error" || !strings.Contains(f.Message, want) || f.Line != 2 {
					t.Errorf("%q: %s", head, f)
				}
			}
		}
		if said != (want != "") {
			t.Errorf("%q: %v", head, list)
		}
	}
}

// nova-metadata knows what the sections of the compute API name, which stand in the
// same paste file, without linking the compute API.
func TestCheckOfMetadataKnowsCompute(t *testing.T) {
	for text, want := range map[string]string{
		pasteFile: "",
		strings.Replace(pasteFile, "APIRouterV21", "APIRouterV3", 1): "APIRouterV3",
	} {
		dir := write(t, databases, text)
		list, _ := metadataService().Check(t.Context(), inspect.CheckOptions{Files: []string{filepath.Join(dir, "nova.conf")}})
		var found []string
		for _, f := range list {
			if f.Area == "paste" {
				found = append(found, f.String())
			}
		}
		if got := strings.Join(found, "\n"); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("check answers %q, want %q", got, want)
		}
	}
}

// TestUnknownReleaseOption: check names the place of a release that is not known.
func TestUnknownReleaseOption(t *testing.T) {
	for _, timeout := range []time.Duration{0, 10 * time.Second} {
		for text, want := range map[string]int{"nonsense": 1, "2025.1": 0, "epoxy": 0} {
			dir := write(t, databases+"[wsgi]\nrelease = "+text+"\n", pasteFile)
			list, _ := computeService().Check(t.Context(), inspect.CheckOptions{Files: []string{filepath.Join(dir, "nova.conf")}, Timeout: timeout})
			var said []string
			for _, f := range list {
				if f.Option == "release" && f.Severity == "error" {
					said = append(said, f.String())
				}
			}
			if len(said) != want || want > 0 && !strings.Contains(said[0], "[wsgi] release: \"nonsense\" is no release of Nova that is known here; known are 2024.1, ") {
				t.Errorf("%s after %s: %q", text, timeout, said)
			}
		}
	}
}
