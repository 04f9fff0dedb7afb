package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/nova-go/nova/config"
)

// FuzzLoad gives Load any bytes. What it accepts it must accept again, with the
// same values, when comments and blank lines surround it and when its lines end
// as on other systems.
func FuzzLoad(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.conf")
	for _, name := range files {
		if b, err := os.ReadFile(name); err == nil {
			f.Add(b)
		}
	}
	f.Add([]byte("[DEFAULT]\nhost = ${my_ip}$$ \\$x\n my = 1\n"))
	f.Add([]byte("[quota]\ncores='1\n\n; \n[\n"))
	path := filepath.Join(f.TempDir(), "nova.conf")
	read := func(t *testing.T, b []byte) (*config.Config, error) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return config.Load(config.Sources{Files: []string{path}, NoDefaults: true})
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := read(t, b)
		if err != nil {
			return
		}
		c.Unknown()
		for _, g := range c.Groups() {
			for _, n := range c.Names(g) {
				if _, ok := c.Raw(g, n); !ok {
					t.Fatalf("[%s] %s is set, but not for Raw", g, n)
				}
			}
		}
		again, err := read(t, append(append([]byte("# first\n\n; second\r\n\n"), b...), "\n# last\n"...))
		if err != nil {
			t.Fatalf("refused between comments: %v", err)
		}
		want, got := c.Options(), again.Options()
		for i := range want {
			// Through text, as NaN is not equal to itself.
			if v, w := fmt.Sprintf("%#v", want[i].Value), fmt.Sprintf("%#v", got[i].Value); v != w {
				t.Fatalf("[%s] %s is %s, between comments %s", want[i].Group, want[i].Name, v, w)
			}
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	dir := write(b, map[string]string{"nova.conf": typical, "z.conf": "[DEFAULT]\ndebug = true\n"})
	s := config.Sources{Files: []string{dir + "/nova.conf", dir + "/z.conf"}, NoDefaults: true,
		Env: []string{"OS_QUOTA__CORES=3"}, Prog: "nova-api-os-compute"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := config.Load(s); err != nil {
			b.Fatal(err)
		}
	}
}

const typical = `[DEFAULT]
host = controller
my_ip = 127.0.0.1
state_path = /var/lib/nova
transport_url = rabbit://nova:secret@rabbit:5672/
[api_database]
connection = mysql+pymysql://nova:secret@db/nova_api?charset=utf8
[database]
connection = mysql+pymysql://nova:secret@db/nova_cell1?charset=utf8
[cache]
enabled = true
backend = dogpile.cache.memcached
memcache_servers = mc1:11211,mc2:11211
[oslo_concurrency]
lock_path = $state_path/tmp
[keystone_authtoken]
www_authenticate_uri = http://keystone:5000
auth_url = http://keystone:5000
memcached_servers = mc1:11211
auth_type = password
project_domain_name = Default
user_domain_name = Default
project_name = service
username = nova
password = secret
[neutron]
auth_url = http://keystone:5000
auth_type = password
project_name = service
username = neutron
password = secret
service_metadata_proxy = true
metadata_proxy_shared_secret = secret
`
