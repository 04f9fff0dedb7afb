package metadata_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/metadata"
)

const (
	vm     = "54f136b8-57f2-4859-8960-fc617f348486"
	tenant = "3a1342cb2301455c93c8f453f167c5c0"
	key    = "metadata-secret"
)

// cloud is Store and Networks over a few values, and counts what it is asked.
type cloud struct {
	mu   sync.Mutex
	fail error
	// What loads of guests and of the names of groups wait for, nil: nothing.
	late, lateGroups chan struct{}
	groups           atomic.Int32 // how often Neutron is asked for groups
	meta             map[string]string
	loads            int
	devices          []string
	networks         []string
	ports            []metadata.PortOwner
	asked            [][]string // networks of each call of PortsAt
}

func (c *cloud) Guest(_ context.Context, uuid string) (*objects.Guest, error) {
	if c.late != nil {
		<-c.late
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loads++
	if c.fail != nil {
		return nil, c.fail
	}
	if uuid != vm {
		return nil, objects.InstanceNotFound(uuid)
	}
	return &objects.Guest{Instance: &objects.Instance{UUID: vm, ProjectID: tenant, Hostname: new("vm"), UserData: new("aGk=")}}, nil
}

func (c *cloud) System(context.Context, *objects.Guest) (objects.GuestSystem, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var s objects.GuestSystem
	for _, key := range slices.Sorted(maps.Keys(c.meta)) {
		s.Password += c.meta[key]
	}
	return s, c.fail
}

func (c *cloud) EC2(context.Context, *objects.Guest) (*objects.GuestEC2, error) {
	return &objects.GuestEC2{InstanceID: "i-00000002"}, c.fail
}

func (c *cloud) SetSystemMetadata(_ context.Context, uuid string, pairs map[string]string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.meta == nil {
		c.meta = map[string]string{}
	}
	maps.Copy(c.meta, pairs)
	return c.fail
}

func (c *cloud) DevicesAt(context.Context, string) ([]string, error) { return c.devices, c.fail }
func (c *cloud) NetworksOfProvider(context.Context, string) ([]string, error) {
	return c.networks, c.fail
}
func (c *cloud) PortsAt(_ context.Context, _ string, networks []string) ([]metadata.PortOwner, error) {
	c.asked = append(c.asked, networks)
	if len(c.asked) > 1 {
		return nil, nil
	}
	return c.ports, c.fail
}
func (c *cloud) SecurityGroupNames(ctx context.Context, _ string) ([]string, error) {
	c.groups.Add(1)
	if c.lateGroups != nil {
		select {
		case <-c.lateGroups:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return []string{"default"}, nil
}

// service serves a cloud with the options of the proxy and a cache of 15 s, but
// for what set changes.
func service(t testing.TB, c *cloud, set func(*config.Config)) http.Handler {
	t.Helper()
	cfg := &config.Config{}
	cfg.API.DHCPDomain = "novalocal"
	cfg.API.MetadataCacheExpiration = 15
	cfg.Neutron.ServiceMetadataProxy = true
	cfg.Neutron.MetadataProxySharedSecret = key
	if set != nil {
		set(cfg)
	}
	return metadata.NewHandler(metadata.HandlerOptions{Config: cfg, Store: c, Networks: c, Log: zerolog.Nop()})
}

func sign(id string) string {
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(id))
	return hex.EncodeToString(m.Sum(nil))
}

// signed are the headers that Neutron's proxy sends, and more in pairs; "-" takes
// one away.
func signed(more ...string) http.Header {
	h := http.Header{}
	for k, v := range map[string]string{"X-Instance-ID": vm, "X-Tenant-ID": tenant, "X-Instance-ID-Signature": sign(vm), "X-Forwarded-For": "10.0.0.9", "Accept": "text/html"} {
		h.Set(k, v)
	}
	for i := 0; i < len(more); i += 2 {
		if more[i+1] == "-" {
			h.Del(more[i])
		} else {
			h.Set(more[i], more[i+1])
		}
	}
	return h
}

func do(h http.Handler, method, path, body string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header = header
	r.RemoteAddr = "10.0.0.9:4711"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func expect(t *testing.T, w *httptest.ResponseRecorder, status int, contains string) {
	t.Helper()
	if w.Code != status || !strings.Contains(w.Body.String(), contains) {
		t.Errorf("%d %q, want %d %q", w.Code, w.Body, status, contains)
	}
}

func TestProxyHeaders(t *testing.T) {
	h := service(t, &cloud{}, nil)
	provider := func(more ...string) http.Header {
		return signed(append([]string{"X-Metadata-Provider", "p"}, more...)...)
	}
	for _, c := range []struct {
		name   string
		header http.Header
		status int
		text   string
	}{
		{"signed", signed(), 200, "2012-08-10"},
		{"no address", signed("X-Forwarded-For", "-"), 200, "2012-08-10"},
		{"no id", signed("X-Instance-ID", "-"), 400, "X-Instance-ID header is missing from request."},
		{"no signature", signed("X-Instance-ID-Signature", "-"), 400, "X-Instance-ID-Signature header is missing from request."},
		{"no tenant", signed("X-Tenant-ID", "-"), 400, "X-Tenant-ID header is missing from request."},
		{"wrong signature", signed("X-Instance-ID-Signature", "wrong"), 403, "Invalid proxy request signature."},
		{"signature of another", signed("X-Instance-ID-Signature", sign("x")), 403, "Invalid proxy request signature."},
		{"signature in capitals", signed("X-Instance-ID-Signature", strings.ToUpper(sign(vm))), 403, "Invalid proxy request signature."},
		{"empty signature", signed("X-Instance-ID-Signature", ""), 403, "Invalid proxy request signature."},
		{"another tenant", signed("X-Tenant-ID", "x"), 404, "The resource could not be found."},
		{"unknown instance", signed("X-Instance-ID", "x", "X-Instance-ID-Signature", sign("x")), 404, "The resource could not be found."},
		{"provider without address", provider("X-Forwarded-For", "-"), 400, "X-Forwarded-For is missing from request."},
		{"provider without signature", provider(), 403, "Invalid proxy request signature."},
		{"provider of no subnets", provider("X-Metadata-Provider-Signature", sign("p")), 400, "Could not find any subnets for provider p"},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, do(h, "GET", "/openstack", "", c.header), c.status, c.text) })
	}
	twice := signed()
	twice.Add("X-Instance-ID", vm)
	expect(t, do(h, "GET", "/openstack", "", twice), 403, "Invalid proxy request signature.")
	expect(t, do(h, "GET", "/", "", nil), 200, "2009-04-04\nlatest")
	expect(t, do(h, "GET", "/x/..", "", nil), 200, "2009-04-04\nlatest")
}

func TestProvider(t *testing.T) {
	header := signed("X-Instance-ID", "-", "X-Metadata-Provider", "p", "X-Metadata-Provider-Signature", sign("p"), "X-Forwarded-For", "10.0.0.5, 10.0.0.6")
	c := &cloud{ports: []metadata.PortOwner{{DeviceID: vm, ProjectID: tenant}}}
	for n := range 200 {
		c.networks = append(c.networks, fmt.Sprint("net", n))
	}
	h := service(t, c, nil)
	for range 2 {
		expect(t, do(h, "GET", "/latest/meta-data/local-ipv4", "", header), 200, "10.0.0.5")
	}
	if len(c.asked) != 2 || len(c.asked[0]) != 160 || len(c.asked[1]) != 40 {
		t.Errorf("%d calls for ports", len(c.asked))
	}
	two := &cloud{networks: []string{"n"}, ports: make([]metadata.PortOwner, 2)}
	expect(t, do(service(t, two, nil), "GET", "/", "", header), 200, "latest")
	expect(t, do(service(t, two, nil), "GET", "/openstack", "", header), 400, "Expected a single port matching provider p and IP 10.0.0.5. Found 2.")
	// Without a secret providers are believed, but nobody's word for an instance is.
	open := service(t, &cloud{networks: []string{"n"}, ports: c.ports}, func(c *config.Config) { c.Neutron.MetadataProxySharedSecret = "" })
	expect(t, do(open, "GET", "/openstack", "", signed("X-Metadata-Provider", "p")), 200, "latest")
	expect(t, do(open, "GET", "/openstack", "", signed()), 403, "Invalid proxy request signature.")
}

func TestByAddress(t *testing.T) {
	off := func(c *config.Config) { c.Neutron.ServiceMetadataProxy = false }
	for _, c := range []struct {
		devices []string
		status  int
		text    string
	}{
		{[]string{vm}, 200, "10.0.0.9"},
		{[]string{"", vm}, 200, "10.0.0.9"},
		{nil, 404, "The resource could not be found."},
		{[]string{vm, "other"}, 500, "An unknown error has occurred. Please try your request again."},
		{[]string{"other"}, 404, "The resource could not be found."},
	} {
		h := service(t, &cloud{devices: c.devices}, off)
		expect(t, do(h, "GET", "/latest/meta-data/local-ipv4", "", signed("X-Instance-ID", "other")), c.status, c.text)
	}
}

func TestSeedIsNewForEveryRequest(t *testing.T) {
	h := service(t, &cloud{}, nil)
	seen := map[string]bool{}
	for range 3 {
		w := do(h, "POST", "/openstack/latest/meta_data.json", "", signed())
		var d struct {
			Seed string `json:"random_seed"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
			t.Fatal(err)
		}
		if raw, err := base64.StdEncoding.DecodeString(d.Seed); err != nil || len(raw) != 512 {
			t.Errorf("a seed of %d bytes, %v", len(raw), err)
		}
		seen[d.Seed] = true
		if w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Content-Length") != fmt.Sprint(w.Body.Len()) {
			t.Errorf("headers %v for %d bytes", w.Header(), w.Body.Len())
		}
	}
	if len(seen) != 3 {
		t.Errorf("%d seeds in 3 requests", len(seen))
	}
	w := do(h, "HEAD", "/openstack/latest/meta_data.json", "", signed())
	if w.Body.Len() != 0 || w.Header().Get("Content-Length") == "0" {
		t.Errorf("HEAD: %v %q", w.Header(), w.Body)
	}
}

func TestCacheAndFlight(t *testing.T) {
	c := &cloud{late: make(chan struct{})}
	h := service(t, c, nil)
	var begun, all sync.WaitGroup
	begun.Add(20)
	for range 20 {
		all.Go(func() {
			begun.Done()
			do(h, "GET", "/openstack/latest/meta_data.json", "", signed())
		})
	}
	begun.Wait()
	close(c.late)
	all.Wait()
	do(h, "GET", "/latest/meta-data/hostname", "", signed())
	if c.loads != 1 {
		t.Errorf("%d loads for one instance", c.loads)
	}
	c = &cloud{}
	h = service(t, c, func(c *config.Config) { c.API.MetadataCacheExpiration = 0 })
	for range 3 {
		expect(t, do(h, "GET", "/openstack", "", signed()), 200, "latest")
	}
	if c.loads != 3 {
		t.Errorf("%d loads without a cache", c.loads)
	}
}

// TestFailuresAreNotKept: what went wrong once is asked again.
func TestFailuresAreNotKept(t *testing.T) {
	c := &cloud{fail: errors.New("broken")}
	h := service(t, c, nil)
	expect(t, do(h, "GET", "/openstack", "", signed()), 500, "An unknown error has occurred. Please try your request again.")
	c.fail = objects.ErrDBConnectionError.Errorf(objects.KindUnavailable, "away")
	w := do(h, "GET", "/openstack", "", signed())
	expect(t, w, 503, "currently unavailable")
	if w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	c.fail = nil
	expect(t, do(h, "GET", "/openstack", "", signed()), 200, "latest")
}

func TestPassword(t *testing.T) {
	const at = "/openstack/latest/password"
	c := &cloud{}
	h := service(t, c, func(c *config.Config) { c.API.MetadataCacheExpiration = 0 })
	expect(t, do(h, "GET", at, "", signed()), 200, "")
	expect(t, do(h, "PUT", at, "x", signed()), 400, "GET and POST only are supported.")
	expect(t, do(h, "POST", at, strings.Repeat("x", 1021), signed()), 400, "Request is too large.")
	expect(t, do(h, "POST", at, "\xff", signed()), 400, "")
	expect(t, do(h, "POST", "/openstack/2012-08-10/password", "x", signed()), 404, "")
	text := strings.Repeat("é", 300) + "end"
	w := do(h, "POST", at, text, signed())
	if expect(t, w, 200, ""); w.Body.Len() != 0 || w.Header().Get("Content-Type") != "text/html; charset=UTF-8" {
		t.Errorf("answer %v %q", w.Header(), w.Body)
	}
	if got := slices.Sorted(maps.Keys(c.meta)); !slices.Equal(got, []string{"password_0", "password_1", "password_2", "password_3"}) {
		t.Errorf("stored %q", got)
	}
	if c.meta["password_0"] != strings.Repeat("é", 255) || c.meta["password_1"] != strings.Repeat("é", 45)+"end" || c.meta["password_3"] != "" {
		t.Errorf("stored %q", c.meta)
	}
	expect(t, do(h, "POST", at, "again", signed()), 409, "There was a conflict")
	if w := do(h, "GET", at, "", signed()); w.Body.String() != text {
		t.Errorf("read %q", w.Body)
	}
}

// TestPasswordWithinTheCache: as in Nova, an instance that is cached does not
// know yet that its password is set.
func TestPasswordWithinTheCache(t *testing.T) {
	const at = "/openstack/latest/password"
	h := service(t, &cloud{}, nil)
	for range 2 {
		expect(t, do(h, "POST", at, "x", signed()), 200, "")
	}
	if w := do(h, "GET", at, "", signed()); w.Body.Len() != 0 {
		t.Errorf("read %q", w.Body)
	}
}

// TestGuestsThatGiveUp: what Neutron takes long to say is there when the guest
// comes again.
func TestGuestsThatGiveUp(t *testing.T) {
	c := &cloud{lateGroups: make(chan struct{})}
	h := service(t, c, nil)
	ask := func(patience time.Duration) int {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		r := httptest.NewRequest("GET", "/latest/meta-data/security-groups", nil).WithContext(ctx)
		r.Header = signed()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	if got := ask(10 * time.Millisecond); got != 503 {
		t.Errorf("%d for one who has gone", got)
	}
	close(c.lateGroups)
	if got := ask(5 * time.Second); got != 200 {
		t.Errorf("%d", got)
	}
	if n := c.groups.Load(); n != 1 {
		t.Errorf("asked Neutron %d times", n)
	}
}

// FuzzIdentify sends any headers and path: nobody without the right signature
// learns anything, and nothing panics.
func FuzzIdentify(f *testing.F) {
	h := service(f, &cloud{}, nil)
	f.Add(vm, tenant, sign(vm), "10.0.0.9", "", "", "/openstack/latest/meta_data.json")
	f.Add(vm, tenant, sign(vm), "", "p", sign("p"), "//latest/../x")
	f.Add("", "", "", "", "", "", "/latest/meta-data/public-keys/0/_name")
	f.Fuzz(func(t *testing.T, id, project, signature, address, provider, providerSignature, path string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path = path
		for k, v := range map[string]string{"X-Instance-Id": id, "X-Tenant-Id": project, "X-Instance-Id-Signature": signature,
			"X-Forwarded-For": address, "X-Metadata-Provider": provider, "X-Metadata-Provider-Signature": providerSignature} {
			r.Header[k] = []string{v}
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		may := provider == "" && id == vm && project == tenant && signature == sign(vm)
		root := strings.HasPrefix(w.Body.String(), "1.0\n")
		if w.Code == 200 && !may && !root {
			t.Fatalf("%q was answered %q", path, w.Body)
		}
		if w.Code >= 500 {
			t.Fatalf("%d for %q", w.Code, path)
		}
	})
}

func BenchmarkMetaData(b *testing.B) {
	h := service(b, &cloud{}, nil)
	r := httptest.NewRequest("GET", "/openstack/latest/meta_data.json", nil)
	r.Header = signed()
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			h.ServeHTTP(discard{http.Header{}}, r)
		}
	})
}

type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}
