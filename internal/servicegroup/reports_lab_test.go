//go:build lab

package servicegroup_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/servicegroup"
)

// reporting reports services as nova-compute does with servicegroup_driver = mc, and prints what Nova's API takes them for.
const reporting = `
import sys
import nova.conf
from oslo_cache import core
CONF = nova.conf.CONF
core.configure(CONF)
CONF(['--config-file', sys.argv[1]], project='nova', default_config_files=[], default_config_dirs=[])
from nova.servicegroup import api
CONF.set_override('servicegroup_driver', 'mc')
a = api.API()
class Service:
    def __init__(self, host): self.service_ref = {'topic': 'compute', 'host': host}
for host in sys.argv[2].split(','):
    a._driver._report_state(Service(host))
for host in sys.argv[2].split(',') + ['away']:
    ref = {'topic': 'compute', 'host': host, 'updated_at': None}
    print(host, a.service_is_up(ref), a.get_updated_time(ref))
`

func TestLabReports(t *testing.T) {
	python, server := os.Getenv("LAB_PYTHON"), os.Getenv("LAB_MEMCACHED")
	if python == "" || server == "" {
		t.Skip("LAB_PYTHON or LAB_MEMCACHED is not set")
	}
	for i, backend := range []string{"oslo_cache.memcache_pool", "dogpile.cache.memcached", "dogpile.cache.pymemcache"} {
		file := filepath.Join(t.TempDir(), "nova.conf")
		text := "[DEFAULT]\nservicegroup_driver = mc\n[cache]\nenabled = true\nbackend = " + backend + "\nmemcache_servers = " + server + "\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		hosts := fmt.Sprintf("a%d-%d,b%[1]d-%[2]d", time.Now().UnixNano(), i)
		out, err := exec.Command(python, "-W", "ignore", "-c", reporting, file, hosts).Output()
		if err != nil {
			t.Fatalf("%v: %s", err, err.(*exec.ExitError).Stderr)
		}
		c, err := config.Load(config.Sources{Files: []string{file}, NoDefaults: true})
		if err != nil {
			t.Fatal(err)
		}
		reports, err := servicegroup.Reports(c, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		g := &servicegroup.Group{DownTime: time.Minute, Now: time.Now, Cached: reports}
		var got strings.Builder
		for _, host := range append(strings.Split(hosts, ","), "away") {
			s := &objects.Service{Topic: new("compute"), Host: host}
			at := "None"
			if u := g.UpdatedAt(s); u != nil {
				at = u.Format("2006-01-02 15:04:05.000000+00:00")
			}
			up := map[bool]string{true: "True", false: "False"}[g.Up(s)]
			fmt.Fprintf(&got, "%s %s %s\n", host, up, at)
		}
		if got.String() != string(out) {
			t.Errorf("%s: got %s\nwant %s", backend, got.String(), out)
		}
	}
}
