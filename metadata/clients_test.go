package metadata_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// guest is a program of an instance that reads its metadata. It keeps what it has
// seen, by what it asked.
type guest struct {
	t    testing.TB
	url  string
	head http.Header
	seen map[string]string // "GET /path" -> "200 text/plain body"
}

func newGuest(t testing.TB, url string, header ...string) *guest {
	g := &guest{t: t, url: url, head: http.Header{}, seen: map[string]string{}}
	for i := 0; i < len(header); i += 2 {
		g.head.Set(header[i], header[i+1])
	}
	return g
}

// do asks, and gives status and body.
func (g *guest) do(method, path, body string) (int, string) {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.t.Context(), method, g.url+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	r.Header = g.head.Clone()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	g.seen[method+" "+path] = strings.Join([]string{answer.Status, answer.Header.Get("Content-Type"), withoutSeed(b)}, "\n")
	return answer.StatusCode, string(b)
}

// get gives a document, or "" where there is none.
func (g *guest) get(path string) string {
	g.t.Helper()
	status, body := g.do("GET", path, "")
	if status != http.StatusOK {
		return ""
	}
	return body
}

// withoutSeed takes out what is new in each answer.
func withoutSeed(b []byte) string {
	var d map[string]any
	if json.Unmarshal(b, &d) != nil || d["random_seed"] == nil {
		return string(b)
	}
	d["random_seed"] = len(d["random_seed"].(string))
	b, _ = json.Marshal(d)
	return string(b)
}

// clients are walks as programs of guests do them.
var clients = map[string]struct {
	headers []string
	walk    func(*guest)
}{
	"ignition":                      {[]string{"User-Agent", "Ignition/2.22.0", "Accept", "application/vnd.coreos.ignition+json;version=3.5.0, */*;q=0.1", "Accept-Encoding", "identity"}, ignition},
	"afterburn":                     {[]string{"User-Agent", "Afterburn", "Accept", "*/*"}, afterburn},
	"cloudbase-init over OpenStack": {[]string{"User-Agent", "cloudbase-init/1.1", "Accept", "*/*", "Accept-Encoding", "gzip, deflate"}, cloudbase},
	"cloudbase-init over EC2":       {[]string{"User-Agent", "cloudbase-init/1.1", "Accept", "*/*"}, cloudbaseEC2},
	"cirros":                        {[]string{"User-Agent", "Wget"}, cirros},
}

// ignition reads its configuration and nothing else.
func ignition(g *guest) { g.get("/openstack/latest/user_data") }

// afterburn reads what it puts into attributes, and the keys.
func afterburn(g *guest) {
	for _, name := range []string{"instance-id", "instance-type", "hostname", "local-ipv4", "public-ipv4"} {
		g.get("/latest/meta-data/" + name)
	}
	for key := range strings.Lines(g.get("/latest/meta-data/public-keys")) {
		number, _, _ := strings.Cut(key, "=")
		g.get("/latest/meta-data/public-keys/" + number + "/openssh-key")
	}
}

// cloudbase reads documents of the newest version, looks whether passwords can be
// posted, and posts one that nobody may read.
func cloudbase(g *guest) {
	var meta struct {
		Content struct {
			Path string `json:"content_path"`
		} `json:"network_config"`
	}
	_ = json.Unmarshal([]byte(g.get("/openstack/latest/meta_data.json")), &meta)
	if meta.Content.Path != "" {
		g.get("/openstack" + meta.Content.Path)
	}
	g.get("/openstack/latest/network_data.json")
	g.get("/openstack/latest/user_data")
	if g.get("/openstack/2013-04-04") != "" {
		if status, set := g.do("GET", "/openstack/2013-04-04/password", ""); status == http.StatusOK && set == "" {
			g.do("POST", "/openstack/2013-04-04/password", strings.Repeat("p", 2000)) // too large: it changes nothing
		}
	}
}

func cloudbaseEC2(g *guest) {
	for _, name := range []string{"meta-data/instance-id", "meta-data/local-hostname", "user-data"} {
		g.get("/2009-04-04/" + name)
	}
	for key := range strings.Lines(g.get("/2009-04-04/meta-data/public-keys/")) {
		number, _, _ := strings.Cut(key, "=")
		g.get("/2009-04-04/meta-data/public-keys/" + number + "/openssh-key")
	}
}

// cirros follows the listings, as the EC2 data source of cloud-init does, too.
func cirros(g *guest) {
	var crawl func(at string)
	crawl = func(at string) {
		for line := range strings.Lines(g.get(at)) {
			name := strings.TrimSuffix(line, "\n")
			number, _, key := strings.Cut(name, "=")
			switch {
			case key:
				g.get(at + number + "/openssh-key")
			case strings.HasSuffix(name, "/"):
				crawl(at + name)
			default:
				g.get(at + name)
			}
		}
	}
	crawl("/2009-04-04/meta-data/")
	g.get("/2009-04-04/user-data")
}

// proxy signs what comes from an instance, as Neutron's proxy does.
func proxy(t testing.TB, next http.Handler, header http.Header) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(r.Header, header)
		next.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestClients(t *testing.T) {
	h := signed()
	h.Del("Accept")
	url := proxy(t, service(t, &cloud{}, nil), h)
	for name, want := range map[string]map[string]string{
		"ignition":  {"GET /openstack/latest/user_data": "200 OK\ntext/plain; charset=UTF-8\nhi"},
		"afterburn": {"GET /latest/meta-data/instance-id": "200 OK\ntext/plain; charset=UTF-8\ni-00000002", "GET /latest/meta-data/hostname": "200 OK\ntext/plain; charset=UTF-8\nvm.novalocal"},
		"cloudbase-init over OpenStack": {"GET /openstack/latest/network_data.json": "200 OK\ntext/plain; charset=UTF-8\n{}",
			"GET /openstack/2013-04-04/password": "200 OK\ntext/html; charset=UTF-8\n", "POST /openstack/2013-04-04/password": "400 Bad Request"},
		"cloudbase-init over EC2": {"GET /2009-04-04/user-data": "200 OK\ntext/plain; charset=UTF-8\nhi"},
		"cirros":                  {"GET /2009-04-04/meta-data/placement/availability-zone": "200 OK\ntext/plain; charset=UTF-8\nNone", "GET /2009-04-04/meta-data/block-device-mapping/root": "200 OK"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuest(t, url, clients[name].headers...)
			clients[name].walk(g)
			for asked, answer := range want {
				if got, ok := g.seen[asked]; !ok || !strings.HasPrefix(got, answer) {
					t.Errorf("%s: %q, want %q", asked, got, answer)
				}
			}
			if name != "cirros" {
				return
			}
			for asked, got := range g.seen { // what a listing names is there
				if !strings.HasPrefix(got, "200 ") {
					t.Errorf("%s: %q", asked, got)
				}
			}
			if len(g.seen) < 20 {
				t.Errorf("the crawl has seen %d documents", len(g.seen))
			}
		})
	}
}
