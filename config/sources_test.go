package config_test

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/nova-go/nova/config"
)

// rel are paths relative to dir.
func rel(dir string, paths []string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = strings.TrimPrefix(p, dir+"/")
	}
	return out
}

func TestDefaultSources(t *testing.T) {
	dir := write(t, map[string]string{
		"etc/api-paste.ini":                            "[app:a]\nk = v\n",
		"etc/nova.conf":                                "[quota]\ncores = 1\nram = 1\n",
		"etc/other.conf":                               "[quota]\ncores = 9\n",
		"home/.nova/nova.conf.d/b.conf":                "[quota]\nram = 3\n",
		"home/.nova/nova.conf.d/a.conf":                "[quota]\nram = 2\n",
		"home/.nova/nova.conf.d/.hidden.conf":          "nonsense\n",
		"home/.nova/nova.conf.d/c.conf.bak":            "nonsense\n",
		"home/nova-api-os-compute.conf.d/10-prog.conf": "[quota]\ninstances = 5\n",
		"home/nova.conf.d/unused.conf":                 "nonsense\n",
		"extra/x.conf":                                 "[quota]\nram = 8\n",
		"one.conf":                                     "[quota]\nram = 7\n",
	})
	env := []string{"HOME=" + dir + "/home", "OS_NOVA_CONFIG_DIR= " + dir + "/etc "}
	at := func(n string) string { return filepath.Join(dir, n) }
	confd := []string{"home/.nova/nova.conf.d/a.conf", "home/.nova/nova.conf.d/b.conf", "home/nova-api-os-compute.conf.d/10-prog.conf"}
	for _, tc := range []struct {
		name  string
		s     config.Sources
		files []string
		ram   int
	}{
		{"defaults", config.Sources{Env: env}, append([]string{"etc/api-paste.ini", "etc/nova.conf"}, confd...), 3},
		{"named files", config.Sources{Env: append(env, "OS_NOVA_CONFIG_FILES=nova.conf;"+at("etc/other.conf"))},
			append([]string{"etc/nova.conf", "etc/other.conf"}, confd...), 3},
		{"explicit file lies over default directories", config.Sources{Env: env, Files: []string{at("one.conf")}}, append(confd[:3:3], "one.conf"), 7},
		{"explicit directory replaces default directories", config.Sources{Env: env, Dirs: []string{at("extra")}},
			[]string{"etc/api-paste.ini", "etc/nova.conf", "extra/x.conf"}, 8},
		{"home", config.Sources{Env: env, Files: []string{"~/../one.conf"}, NoDefaults: true}, []string{"one.conf"}, 7},
		{"nothing", config.Sources{NoDefaults: true}, []string{}, 51200},
		{"flag over environment", config.Sources{Env: append(env, "OS_QUOTA__RAM=11"), NoDefaults: true,
			Flags: []config.Flag{{Group: "quota", Option: "ram", Value: "12"}}}, []string{}, 12},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.s.Prog = "nova-api-os-compute"
			c, err := config.Load(tc.s)
			if err != nil {
				t.Fatal(err)
			}
			if got := rel(dir, c.Files()); !reflect.DeepEqual(got, tc.files) {
				t.Errorf("files %q\nwant  %q", got, tc.files)
			}
			if c.Quota.RAM != tc.ram {
				t.Errorf("ram %d, want %d", c.Quota.RAM, tc.ram)
			}
		})
	}
}

func TestMissingSources(t *testing.T) {
	dir := write(t, map[string]string{"nova.conf": ""})
	for name, tc := range map[string]struct {
		s    config.Sources
		want string
	}{
		"default paste file": {config.Sources{Env: []string{"OS_NOVA_CONFIG_DIR=" + dir, "HOME=" + dir}},
			"configuration file " + dir + "/api-paste.ini: no such file or directory"},
		"file":      {config.Sources{Files: []string{dir + "/x"}, NoDefaults: true}, "configuration file " + dir + "/x: no such file or directory"},
		"directory": {config.Sources{Dirs: []string{dir + "/d"}, NoDefaults: true}, "configuration directory " + dir + "/d: no such file or directory"},
	} {
		if _, err := config.Load(tc.s); err == nil || err.Error() != tc.want {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
}

func TestLaterFilesWinAndMultiOptsAccumulate(t *testing.T) {
	dir := write(t, map[string]string{
		"a.conf": "[pci]\nalias = 1\nalias = 2\n[quota]\ncores = 1\ncores = 2\n[vnc]\nenabled = false\n",
		"b.conf": "[DEFAULT]\npci_alias = 3\n[PCI]\nalias = 4\n[Quota]\ncores = 3\n[DEFAULT]\nvnc_enabled = true\n",
	})
	c, err := config.Load(config.Sources{Files: []string{dir + "/a.conf", dir + "/b.conf"}, NoDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"1", "2", "3", "4"}; !reflect.DeepEqual(c.PCI.Alias, want) {
		t.Errorf("alias %q, want %q", c.PCI.Alias, want)
	}
	if c.Quota.Cores != 3 || !c.VNC.Enabled {
		t.Errorf("cores %d, vnc %v", c.Quota.Cores, c.VNC.Enabled)
	}
}
