package config_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/nova-go/nova/config"
)

// write puts files into a fresh directory and returns it.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// load reads one file and nothing else.
func load(t testing.TB, text string, env ...string) (*config.Config, error) {
	t.Helper()
	dir := write(t, map[string]string{"nova.conf": text})
	return config.Load(config.Sources{Files: []string{filepath.Join(dir, "nova.conf")}, NoDefaults: true,
		Env: env, Prog: "nova-api-os-compute"})
}

func mustLoad(t testing.TB, text string, env ...string) *config.Config {
	t.Helper()
	c, err := load(t, text, env...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// values gives the options of a configuration by "group.option", as JSON would
// show them.
func values(t testing.TB, c *config.Config) map[string]any {
	t.Helper()
	out := map[string]any{}
	for _, o := range c.Options() {
		out[o.Group+"."+o.Name] = viaJSON(t, o.Value)
	}
	return out
}

func viaJSON(t testing.TB, v any) any {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestFilePairs reads testdata/NAME.good.conf, whose values are in
// NAME.good.json, and NAME.bad.conf, whose error must end with NAME.bad.txt. A
// NAME.env beside them holds environment variables.
func TestFilePairs(t *testing.T) {
	files, err := filepath.Glob("testdata/*.conf")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, file := range files {
		base := strings.TrimSuffix(file, ".conf")
		t.Run(filepath.Base(base), func(t *testing.T) {
			env, _ := os.ReadFile(strings.TrimSuffix(strings.TrimSuffix(base, ".good"), ".bad") + ".env")
			c, err := config.Load(config.Sources{Files: []string{file}, NoDefaults: true,
				Env: strings.Split(strings.TrimSpace(string(env)), "\n"), Prog: "nova-api-os-compute"})
			if strings.HasSuffix(base, ".bad") {
				want, e := os.ReadFile(base + ".txt")
				if e != nil {
					t.Fatal(e)
				}
				if err == nil {
					t.Fatal("accepted")
				}
				if w := strings.TrimSpace(string(want)); !strings.HasSuffix(err.Error(), w) {
					t.Errorf("error\n %s\nshould end with\n %s", err, w)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			raw, err := os.ReadFile(base + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want map[string]any
			if err := json.Unmarshal(raw, &want); err != nil {
				t.Fatal(err)
			}
			got := values(t, c)
			for k, w := range want {
				g, ok := got[k]
				if !ok {
					t.Errorf("%s is not declared", k)
				} else if !reflect.DeepEqual(g, w) {
					t.Errorf("%s = %#v, want %#v", k, g, w)
				}
			}
		})
	}
}

// TestDefaults compares every declared default with Nova's.
func TestDefaults(t *testing.T) {
	raw, err := os.ReadFile("testdata/defaults.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]map[string]any
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	// References are resolved in ours; give them something to refer to.
	c := mustLoad(t, "[DEFAULT]\nmy_ip = $$my_ip\npybasedir = $$pybasedir\nhost=h\nstate_path=$$pybasedir\n")
	got := values(t, c)
	n := 0
	for group, opts := range want {
		for name, w := range opts {
			g, ok := got[group+"."+name]
			if !ok {
				t.Errorf("[%s] %s is not declared", group, name)
				continue
			}
			n++
			if !reflect.DeepEqual(g, w) {
				t.Errorf("[%s] %s = %#v, want %#v", group, name, g, w)
			}
		}
	}
	if n < 600 {
		t.Errorf("only %d options compared", n)
	}
}

func TestTypedFields(t *testing.T) {
	c := mustLoad(t, `
[DEFAULT]
debug = Yes
transport_url = rabbit://u:p@h/
[glance]
api_insecure = true
timeout = 2.5
[neutron]
status_code_retries = 4
retriable_status_codes = 503, 504
[keystone_authtoken]
auth_url = http://k/v3
memcache_servers = a:1,b:2
`)
	if !c.Default.Debug || c.Default.TransportURL != "rabbit://u:p@h/" {
		t.Errorf("embedded groups: %+v", c.Default.Transport)
	}
	if !c.Glance.Insecure || c.Glance.Timeout == nil || *c.Glance.Timeout != 2.5 || c.Glance.ServiceType != "image" {
		t.Errorf("glance: %+v", c.Glance)
	}
	if *c.Neutron.StatusCodeRetries != 4 || !reflect.DeepEqual(c.Neutron.RetriableStatusCodes, []int{503, 504}) {
		t.Errorf("neutron: %+v", c.Neutron)
	}
	if c.Placement.ConnectRetries != nil || c.Keystone.ServiceType != "identity" {
		t.Errorf("placement: %+v", c.Placement)
	}
	if c.KeystoneAuthtoken.AuthURL != "http://k/v3" || !reflect.DeepEqual(c.KeystoneAuthtoken.MemcachedServers, []string{"a:1", "b:2"}) {
		t.Errorf("authtoken: %+v", c.KeystoneAuthtoken)
	}
	if c.API.MaxLimit != 1000 || c.WSGI.UnknownFilters != "fail" {
		t.Errorf("defaults: %+v %+v", c.API, c.WSGI)
	}
	if c.Default.MyIP == "" || c.Default.Host == "" || c.OsloMessagingRabbit.Processname != "nova-api-os-compute" {
		t.Errorf("computed: %q %q %q", c.Default.MyIP, c.Default.Host, c.OsloMessagingRabbit.Processname)
	}
}

func TestWarningsAndWhere(t *testing.T) {
	c := mustLoad(t, `[glance]
api_insecure = true
[api]
max_limit =
[wsgi]
secure_proxy_ssl_header = X
`, "OS_QUOTA__CORES=7")
	var got []string
	for _, w := range c.Warnings() {
		_, tail, _ := strings.Cut(w.String(), "nova.conf")
		got = append(got, tail)
	}
	want := []string{
		":4: [api] max_limit: empty value; the default is used",
		":2: [glance] api_insecure: deprecated name; use [glance] insecure",
		":6: [wsgi] secure_proxy_ssl_header: deprecated; it may be ignored in the future",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("warnings\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if w := c.Where("glance", "insecure").String(); !strings.HasSuffix(w, "nova.conf:2") {
		t.Errorf("where insecure: %s", w)
	}
	if w := c.Where("quota", "cores").String(); w != "env OS_QUOTA__CORES" || c.Quota.Cores != 7 {
		t.Errorf("where cores: %s", w)
	}
	if w := c.Where("quota", "ram").String(); w != "default" {
		t.Errorf("where ram: %s", w)
	}
}

func TestUnknown(t *testing.T) {
	dir := write(t, map[string]string{
		"api-paste.ini": "[DEFAULT]\nlog_name = swift\n[composite:osapi]\nuse = call:x:y\n/: vers\n",
		"nova.conf": `[DEFAULT]
my_ipp = 1
vif_plugging_timeout = 3
[libvirt]
virt_type = kvm
virt_typo = kvm
[nonsense]
a = 1
b = 2
[cors.other]
allowed_origin = *
[neutron]
auth_section = my_auth
[my_auth]
auth_url = x
`})
	c, err := config.Load(config.Sources{Env: []string{"OS_NOVA_CONFIG_DIR=" + dir, "HOME=" + dir}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range c.Unknown() {
		got = append(got, strings.TrimPrefix(p.String(), dir+"/"))
	}
	want := []string{
		"nova.conf:7: [nonsense]: no such group",
		"nova.conf:2: [DEFAULT] my_ipp: no such option; did you mean my_ip?",
		"nova.conf:6: [libvirt] virt_typo: no such option; did you mean virt_type?",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("unknown\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if g := c.Groups(); !reflect.DeepEqual(g, []string{"DEFAULT", "composite:osapi", "cors.other", "libvirt", "my_auth", "neutron", "nonsense"}) {
		t.Errorf("groups %q", g)
	}
}

// TestSuggestions names the option or the group that may be meant, and none where nothing is near.
func TestSuggestions(t *testing.T) {
	for text, want := range map[string]string{
		"[DEFAULT]\ntransprot_url = x":           "transprot_url: no such option; did you mean transport_url?",
		"[database]\nconection = x":              "conection: no such option; did you mean connection?",
		"[DEFAULT]\nconnection_recycle_time = 1": "connection_recycle_time: no such option; it is an option of [api_database] and [database]",
		"[DEFAULT]\nmax_limit = 1":               "max_limit: no such option; it is an option of [api]",
		"[libvirt]\nqqqqqqqq = 1":                "qqqqqqqq: no such option",
		"[DEFAULT]\nauth_url = 1":                "auth_url: no such option",
		"[api]\nabc = 1":                         "abc: no such option",
		"[keystone_authtokn]\nx = 1":             "[keystone_authtokn]: no such group; did you mean [keystone_authtoken]?",
		"[Oslo_Messaging_Rabit]\nx = 1":          "[Oslo_Messaging_Rabit]: no such group; did you mean [oslo_messaging_rabbit]?",
		"[zzzzzz]\nx = 1":                        "[zzzzzz]: no such group",
	} {
		unknown := mustLoad(t, text).Unknown()
		if len(unknown) != 1 || !strings.HasSuffix(unknown[0].String(), want) {
			t.Errorf("%s: %v, not %s", text, unknown, want)
		}
	}
}

func TestRawDecodeAuth(t *testing.T) {
	c := mustLoad(t, `[DEFAULT]
host = h1
[cors.sub]
allowed_origin = http://$host,http://b
max_age = 7
[neutron]
auth_section = shared
password = ignored
[shared]
auth_type = v3password
username = $host-user
password = p$$w
[bad]
max_age = soon
`)
	if v, ok := c.Raw("cors.sub", "allowed_origin"); !ok || v != "http://h1,http://b" {
		t.Errorf("Raw %q %v", v, ok)
	}
	if v, ok := c.Raw("cors.sub", "nothing"); ok {
		t.Errorf("Raw of an unset option: %q", v)
	}
	var cors config.CORS
	if err := c.Decode("cors.sub", &cors); err != nil || cors.MaxAge != 7 || !reflect.DeepEqual(cors.AllowedOrigin, []string{"http://h1", "http://b"}) {
		t.Errorf("Decode %+v %v", cors, err)
	}
	if err := c.Decode("bad", &cors); err == nil || !strings.HasSuffix(err.Error(), `nova.conf:14: [bad] max_age: "soon" is not an integer`) {
		t.Errorf("Decode of a bad value: %v", err)
	}
	a, err := c.Auth("neutron")
	if err != nil || a.AuthType != "v3password" || a.Username != "h1-user" || a.Password != "p$w" {
		t.Errorf("Auth %+v %v", a, err)
	}
	if n := c.Names("shared"); !reflect.DeepEqual(n, []string{"auth_type", "password", "username"}) {
		t.Errorf("Names %q", n)
	}
}

func TestSecretsAreNotQuoted(t *testing.T) {
	_, err := load(t, "[keystone_authtoken]\nmemcache_secret_key = hunter2$nothing\n")
	if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "$nothing") {
		t.Errorf("error %v", err)
	}
}

func TestAllErrorsAtOnce(t *testing.T) {
	_, err := load(t, "[api]\nmax_limit = x\n[quota]\ncores = -2\n")
	if err == nil || !strings.Contains(err.Error(), "nova.conf:2: [api] max_limit") ||
		!strings.Contains(err.Error(), "nova.conf:4: [quota] cores: should be greater than or equal to -1") {
		t.Errorf("error %v", err)
	}
}

func TestOptionsAreDeclaredOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range mustLoad(t, "").Options() {
		if k := o.Group + "." + o.Name; seen[k] {
			t.Errorf("%s is declared twice", k)
		} else {
			seen[k] = true
		}
		if o.Source != "default" {
			t.Errorf("[%s] %s comes from %s", o.Group, o.Name, o.Source)
		}
	}
	if len(seen) < 700 {
		t.Errorf("only %d options", len(seen))
	}
}

// TestConcurrentUse is for the race detector: a Config is shared by requests.
func TestConcurrentUse(t *testing.T) {
	c := mustLoad(t, "[DEFAULT]\nhost = h\n[x]\na = $host\n[neutron]\nauth_section = x\n")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if v, _ := c.Raw("x", "a"); v != "h" {
					t.Errorf("Raw %q", v)
				}
				if _, err := c.Auth("neutron"); err != nil {
					t.Error(err)
				}
				c.Unknown()
				c.Options()
			}
		})
	}
	wg.Wait()
}
