//go:build lab

package metadata_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/startup"
	"github.com/nova-go/nova/metadata"
)

// labGuest is an instance of the lab.
type labGuest struct{ uuid, project, name string }

// lab gives both services, ours made from the lab's nova.conf, and instances that
// are worth comparing. LAB_GUESTS is an expression for their names.
func lab(t *testing.T) (theirs, ours http.Handler, guests []labGuest) {
	t.Helper()
	file, at := os.Getenv("LAB_NOVA_CONF"), os.Getenv("LAB_METADATA")
	if file == "" || at == "" {
		t.Skip("LAB_NOVA_CONF and LAB_METADATA name no lab")
	}
	target, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Sources{Prog: metadata.Prog, Files: []string{file}})
	if err != nil {
		t.Fatal(err)
	}
	log := zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.WarnLevel)
	if ours, err = metadata.New(t.Context(), metadata.Options{Config: c, Log: &log}); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if do(ours, "GET", "/", "", nil).Code == http.StatusOK {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	databases, err := startup.OpenDatabases(t.Context(), c, nil, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	pattern := os.Getenv("LAB_GUESTS")
	if pattern == "" {
		pattern = "^seed-[0-4]$"
	}
	guests = find(t, databases.Cells, pattern)
	if len(guests) == 0 {
		t.Skipf("no instance is called %s", pattern)
	}
	back := &httputil.ReverseProxy{Transport: &http.Transport{DisableCompression: true}, Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(target)
		p.Out.Header["X-Forwarded-For"] = p.In.Header["X-Forwarded-For"]
	}}
	return back, ours, guests
}

func find(t *testing.T, cells *db.Cells, pattern string) []labGuest {
	t.Helper()
	all, err := cells.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var guests []labGuest
	for _, cell := range all {
		rows, err := cell.DB.QueryContext(t.Context(), "SELECT uuid, project_id, display_name FROM instances WHERE deleted = 0 AND display_name "+cell.DB.Regexp()+" ? ORDER BY id LIMIT 5", pattern)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var g labGuest
			if err := rows.Scan(&g.uuid, &g.project, &g.name); err != nil {
				t.Fatal(err)
			}
			guests = append(guests, g)
		}
		_ = rows.Close()
	}
	return guests
}

func (g labGuest) headers() http.Header {
	return http.Header{"X-Instance-Id": {g.uuid}, "X-Tenant-Id": {g.project}, "X-Instance-Id-Signature": {sign(g.uuid)}, "X-Forwarded-For": {"10.0.0.9"}}
}

// TestClientsOnLab walks both services as the clients do.
func TestClientsOnLab(t *testing.T) {
	theirs, ours, guests := lab(t)
	for _, who := range guests {
		at := [2]string{proxy(t, theirs, who.headers()), proxy(t, ours, who.headers())}
		for name, client := range clients {
			t.Run(who.name+"/"+name, func(t *testing.T) {
				var seen [2]map[string]string
				for i, url := range at {
					g := newGuest(t, url, client.headers...)
					client.walk(g)
					seen[i] = g.seen
				}
				for _, asked := range slices.Sorted(maps.Keys(seen[0])) {
					if seen[0][asked] != seen[1][asked] {
						t.Errorf("%s: Nova %q, ours %q", asked, seen[0][asked], seen[1][asked])
					}
				}
				if len(seen[0]) != len(seen[1]) {
					t.Errorf("Nova was asked %d times, ours %d times", len(seen[0]), len(seen[1]))
				}
			})
		}
	}
}

// crawl is what cloud-init's data sources read, as they read it.
const crawl = `
import json, sys
from cloudinit.sources.DataSourceOpenStack import read_metadata_service
from cloudinit.sources.helpers import ec2, openstack
def plain(v):
    if isinstance(v, dict): return {str(k): plain(x) for k, x in v.items()}
    if isinstance(v, (list, tuple)): return [plain(x) for x in v]
    return v.decode('latin-1') if isinstance(v, bytes) else v
url = sys.argv[1]
found = read_metadata_service(url, timeout=60, retries=0)
for where in (found['metadata'], found.get('ec2-metadata') or {}): where.pop('random_seed', None)
def network(data):
    links = (data or {}).get('links', [])
    try:
        return openstack.convert_net_json(data, {l['ethernet_mac_address']: 'eth%d' % n for n, l in enumerate(links)}) if data else None
    except ValueError as e: # cloud-init does not know each type of link
        return str(e)
print(json.dumps(plain({
    'openstack': found, 'network': network(found.get('networkdata')),
    'ec2': {v: [ec2.get_instance_metadata(v, url, timeout=60, retries=0), ec2.get_instance_userdata(v, url, timeout=60, retries=0)] for v in ('2009-04-04', 'latest')},
}), sort_keys=True, indent=1, default=str))
`

// TestCloudInitOnLab needs CLOUD_INIT_PYTHON, an interpreter that finds cloudinit
// (as with PYTHONPATH).
func TestCloudInitOnLab(t *testing.T) {
	interpreter := os.Getenv("CLOUD_INIT_PYTHON")
	if interpreter == "" {
		t.Skip("CLOUD_INIT_PYTHON names no interpreter with cloud-init")
	}
	theirs, ours, guests := lab(t)
	for _, who := range guests {
		t.Run(who.name, func(t *testing.T) {
			var found [2]string
			for i, h := range []http.Handler{theirs, ours} {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
				defer cancel()
				out, err := exec.CommandContext(ctx, interpreter, "-c", crawl, proxy(t, h, who.headers())).Output()
				if err != nil {
					var stderr []byte
					if e, ok := err.(*exec.ExitError); ok {
						stderr = e.Stderr
					}
					t.Fatalf("%v: %s", err, stderr)
				}
				found[i] = string(out)
			}
			if !json.Valid([]byte(found[0])) || len(found[0]) < 1000 {
				t.Fatalf("cloud-init found %q", found[0])
			}
			if found[0] != found[1] {
				a, b := strings.Split(found[0], "\n"), strings.Split(found[1], "\n")
				for i := range min(len(a), len(b)) {
					if a[i] != b[i] {
						t.Fatalf("line %d: Nova %q, ours %q", i+1, a[i], b[i])
					}
				}
				t.Fatalf("Nova %d lines, ours %d lines", len(a), len(b))
			}
		})
	}
}
