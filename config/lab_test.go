//go:build lab

package config_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nova-go/nova/config"
)

// labCases is how many configurations are compared; LAB_CONFIG_CASES overrides.
const labCases = 800

type labCase struct {
	Files []string          `json:"files"`
	Env   map[string]string `json:"env,omitempty"`
	text  string            // all of it, for messages
}

type labAnswer struct {
	Error  string         `json:"error"`
	Values map[string]any `json:"values"`
}

// TestAgainstOsloConfig writes configurations at random and compares what we
// and oslo.config make of them: accepted or refused alike, and equal values.
// LAB_VENV is a Python environment with Nova; LAB_CONFIG_SEED repeats a run.
func TestAgainstOsloConfig(t *testing.T) {
	python := filepath.Join(os.Getenv("LAB_VENV"), "bin", "python")
	if _, err := os.Stat(python); err != nil || os.Getenv("LAB_VENV") == "" {
		t.Skip("LAB_VENV does not name a Python environment with Nova")
	}
	number := func(name string, def int) int {
		if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
			return n
		}
		return def
	}
	seed := uint64(number("LAB_CONFIG_SEED", 1))
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0)), dir: t.TempDir()}
	base := mustLoad(t, "")
	for _, o := range base.Options() {
		if o.Group != "audit_middleware_notifications" && !oursAlone[o.Group+"."+o.Name] {
			g.options = append(g.options, o)
		}
	}
	// Only options that Nova registers: it does not look at the others' values.
	registered := askOslo(t, python, g.options, []labCase{{Files: []string{}}})[0].Values
	g.options = slices.DeleteFunc(g.options, func(o config.Option) bool {
		_, ok := registered[o.Group+"."+o.Name]
		return !ok
	})
	cases := make([]labCase, number("LAB_CONFIG_CASES", labCases))
	for i := range cases {
		cases[i] = g.next(t, i)
	}
	accepted := 0
	for i, want := range askOslo(t, python, g.options, cases) {
		lc := cases[i]
		env := []string{"HOME=" + g.dir}
		for k, v := range lc.Env {
			env = append(env, k+"="+v)
		}
		c, err := config.Load(config.Sources{Files: lc.Files, NoDefaults: true, Env: env, Prog: "nova-api-os-compute"})
		if (err != nil) != (want.Error != "") {
			t.Errorf("case %d: we say %v, oslo.config says %q\n%s", i, err, want.Error, lc.text)
			continue
		}
		if err != nil {
			continue
		}
		accepted++
		got := values(t, c)
		blank := map[string]bool{}
		for _, w := range c.Warnings() {
			if strings.HasPrefix(w.Message, "empty value") {
				blank[w.Group+"."+w.Option] = true
			}
		}
		for _, k := range slices.Sorted(maps.Keys(want.Values)) {
			w := want.Values[k]
			if hostDependent[k] || blank[k] && w == nil || reflect.DeepEqual(got[k], w) {
				continue
			}
			t.Errorf("case %d: %s is %#v, for oslo.config %#v\n%s", i, k, got[k], w, lc.text)
		}
	}
	t.Logf("%d cases, %d accepted by both", len(cases), accepted)
	if accepted < len(cases)/5 || accepted > len(cases)*4/5 {
		t.Errorf("%d of %d accepted: the generator is lopsided", accepted, len(cases))
	}
}

// oursAlone are options that this version of Nova does not have.
var oursAlone = map[string]bool{"api.auth_strategy": true, "wsgi.unknown_filters": true, "wsgi.osapi_compute_metrics": true, "wsgi.metadata_metrics": true, "wsgi.caller_metrics": true, "wsgi.osapi_compute_events": true, "wsgi.events_listeners": true, "wsgi.cell_mappings_life": true, "wsgi.content_codings": true, "wsgi.entity_tags": true, "oslo_policy.enforce_scope": true}

// hostDependent have defaults that differ between the two programs.
var hostDependent = map[string]bool{"DEFAULT.pybasedir": true, "DEFAULT.state_path": true,
	"DEFAULT.injected_network_template": true, "oslo_messaging_rabbit.processname": true,
	"oslo_messaging_rabbit.hostname": true, "DEFAULT.my_ip": true}

func askOslo(t *testing.T, python string, options []config.Option, cases []labCase) []labAnswer {
	t.Helper()
	names := make([][2]string, len(options))
	for i, o := range options {
		names[i] = [2]string{o.Group, o.Name}
	}
	in, err := json.Marshal(map[string]any{"options": names, "cases": cases})
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(python, "testdata/oslo_values.py")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var answers []labAnswer
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var a labAnswer
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			t.Fatalf("%v in %.200s", err, lines.Text())
		}
		answers = append(answers, a)
	}
	if len(answers) != len(cases) {
		t.Fatalf("%d answers for %d cases\n%s", len(answers), len(cases), stderr.String())
	}
	return answers
}

// generator makes configurations.
type generator struct {
	*rand.Rand
	options []config.Option
	dir     string
}

func (g *generator) pick(list ...string) string { return list[g.IntN(len(list))] }
func (g *generator) oneIn(n int) bool           { return g.IntN(n) == 0 }

func (g *generator) next(t *testing.T, n int) labCase {
	var c labCase
	for f := range 1 + g.IntN(2) {
		path := filepath.Join(g.dir, fmt.Sprintf("%d-%d.conf", n, f))
		text := g.file()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c.Files = append(c.Files, path)
		c.text += "--- " + path + "\n" + text
	}
	if g.oneIn(6) {
		o := g.options[g.IntN(len(g.options))]
		if _, isList := o.Value.([]string); !isList && o.Name != "reserved_huge_pages" { // oslo.config takes a MultiOpt's variable letter by letter
			key := "OS_" + strings.ToUpper(o.Group) + "__" + strings.ToUpper(o.Name)
			c.Env = map[string]string{key: strings.ReplaceAll(g.value(o), "\x00", "")}
			c.text += fmt.Sprintln("env", c.Env)
		}
	}
	return c
}

func (g *generator) file() string {
	var b strings.Builder
	eol := g.pick("\n", "\n", "\n", "\n", "\r\n", "\r")
	for range 1 + g.IntN(4) {
		if g.oneIn(60) {
			b.WriteString(g.pick("  x", "=", "k", "[", "[]", "[ ]", " # c", "é = 1", "k:=v", "\ufeff", "]", "'k' = 'v'", "\x1c", "\u00a0k=v", "[x]y") + eol)
		}
		o := g.options[g.IntN(len(g.options))]
		header := o.Group
		switch g.IntN(25) {
		case 0:
			header = strings.ToUpper(header)
		case 1:
			header = " " + header
		case 2:
			header = strings.ToLower(header)
		}
		b.WriteString("[" + header + "]" + g.pick("", "", " ", "\t") + eol)
		for range 1 + g.IntN(2) {
			b.WriteString(g.assignment(o, eol))
			if g.oneIn(3) {
				o = g.sameGroup(o)
			}
		}
	}
	return b.String()
}

func (g *generator) sameGroup(o config.Option) config.Option {
	for {
		if p := g.options[g.IntN(len(g.options))]; p.Group == o.Group {
			return p
		}
	}
}

func (g *generator) assignment(o config.Option, eol string) string {
	name := o.Name
	switch {
	case g.oneIn(15):
		name = g.pick("quota_"+name, strings.ReplaceAll(name, "_", "-"), "memcache_"+name, "user-name", "tenant_name", "auth_plugin",
			"logdir", "pci_alias", "vnc_enabled", "api_insecure", "kombu_reconnect_timeout", "rpc_thread_pool_size", strings.ToUpper(name))
	}
	value := strings.ReplaceAll(g.value(o), "\n", eol)
	s := name + g.pick(" = ", "=", ": ", ":", "\t=\t", " =") + value + g.pick("", "", "", " ", "\t", " # c", "\v") + eol
	switch g.IntN(12) {
	case 0:
		s += g.pick("  more", "\tmore", "  # more", " ,more") + eol
	case 1:
		s = g.pick("# c", ";c=1", "") + eol + s
	case 2:
		s += g.pick("# c", "") + eol
	}
	return s
}

// value is a value for an option: most often one of its type.
func (g *generator) value(o config.Option) string {
	v := g.plain(o)
	switch g.IntN(14) {
	case 0:
		v = g.pick(`"`, `'`) + v + g.pick(`"`, `'`)
	case 1:
		v = g.reference()
	case 2:
		v += g.reference()
	}
	return v
}

func (g *generator) reference() string {
	return g.pick("$my_ip", "${my_ip}", "$host", "$quota.cores", "${quota.cores}", "$debug", "$$", `\$`, `\$$`, "$", "$1", "${", "${}", "${my_ip", "$nothing",
		"$quota.nothing", "$nothing.cores", "$DEFAULT.host", "$QUOTA.cores", "${my_ip}x", "$my_ip.x", "$MY_IP", "$quota", "$report_interval", "$api.max_limit",
		"$non_inheritable_image_properties", "$reserved_huge_pages", "$cpu_allocation_ratio", "$initial_cpu_allocation_ratio", "$log_dir", "$cors.max_age",
		"$glance.api_insecure", "$quota.quota_cores", "$max_limit", "$password", "$username")
}

func (g *generator) plain(o config.Option) string {
	if g.oneIn(12) {
		return g.pick("", "x", "0", "-1", "1", "true", "None", "a,b", "a:b", "a:b,c:d", "é", "a b", "http://h:80/p", "10.0.0.1", "::1", "'", `"x`, "a=b", "[x]", "{a:b}", "#x", ";x", "%(x)s", `\`, "1.5")
	}
	switch v := o.Value.(type) {
	case bool:
		return g.pick("true", "True", "FALSE", "1", "0", "yes", "No", "on", "OFF", "y", "t", "2", "")
	case int:
		return g.pick("1", "10", "100", "7", "300", "0", "-1", "-2", "+5", "007", "1_000", "1__0", "_1", "0x10", "1.0", "70000", "", "١", " 5")
	case float64:
		return g.pick("1", "1.5", "0", "-1", "1e2", ".5", "5.", "1_0.5", "0x1p3", "1_e5", "1e", "+2", "--2", "")
	case []string, []int:
		return g.pick("a", "a,b", " a , b ", ",", "a,,b", "a,b,,", "", "messaging", "StaticJSON", "servers,class:VCPU", "class:CUSTOM_A1", "class:custom", "500,503", `"a,b",c`, "none", "vencrypt,none")
	case string:
		if strings.Contains(v, "://") {
			return g.pick(v, "http://h", "ws://h:1/", "https://[::1]:8/x?y=z#w", "h:80", "//h/", "http:/x", "http://", "http://h:port/", "http://u:p@h/%41", "http://h/%4", "http://300.0.0.1/", "ftp://h", "http://h h/", "http://h:123456/")
		}
		if strings.Count(v, ".") == 3 || o.Name == "host" {
			return g.pick(v, "10.0.0.1", "10.0.0.256", "010.0.0.1", "1.2.3", "::1", "fe80::1%eth0", "host", "a_b", "a.b.", "-a", "a-", "1a", "a..b", "x y", strings.Repeat("a", 64), "")
		}
		if v != "" {
			return g.pick(v, v, v, strings.ToUpper(v), strings.ToLower(v), v+"x", "")
		}
	}
	return g.pick("x", "value", "1", "1.2", "1.3", "5", "vm_state", "url with blank", "p%40ss", "é", "")
}
