package api_test

import (
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

// TestOrderOfDispatch sends requests with several mistakes: the one that Nova
// looks for first is answered. Each case has one mistake fewer than the one above.
func TestOrderOfDispatch(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	demo := s.As("demo")
	other := demo.At("/v2.1/" + novatest.NameID("project", "admin"))
	for _, c := range []struct {
		name    string
		client  *novatest.Client
		request string
		body    string
		status  int
		kind    string
		message string
	}{
		{"no token", s.As("none").MV("x"), "POST /nowhere", "{", 401, "", ""},
		{"route", other.MV("x").Header("Content-Type", "text/xml"), "POST /nowhere", "{", 404, "", ""},
		{"malformed version", other.MV("x").Header("Content-Type", "text/xml"), "POST /flavors", "{", 400, "badRequest", "API Version String x is of invalid format. Must be of format MajorNum.MinorNum."},
		{"unsupported version", other.MV("2.105").Header("Content-Type", "text/xml"), "POST /flavors", "{", 406, "computeFault", "Version 2.105 is not supported by the API. Minimum is 2.1 and maximum is 2.104."},
		{"content type", other.MV("2.54").Header("Content-Type", "text/xml"), "PUT /flavors/1", "{", 415, "badMediaType", "Unsupported Content-Type"},
		{"JSON", other.MV("2.54"), "PUT /flavors/1", "{", 400, "badRequest", "Malformed request body"},
		{"project in the URL", other.MV("2.54"), "PUT /flavors/1", "{}", 400, "badRequest", "Malformed request URL: URL's project_id '" + novatest.NameID("project", "admin") + "' doesn't match Context's project_id '" + novatest.NameID("project", "demo") + "'"},
		{"span of versions", demo.MV("2.54"), "PUT /flavors/1", "{}", 404, "itemNotFound", "The resource could not be found."},
		{"schema", demo.MV("2.55"), "PUT /flavors/1", "{}", 400, "badRequest", "'flavor' is a required property"},
		{"policy", demo.MV("2.55"), "PUT /flavors/1", `{"flavor": {"description": "x"}}`, 403, "forbidden", "Policy doesn't allow os_compute_api:os-flavor-manage:update to be performed."},
		{"handler", s.As("admin").MV("2.55"), "PUT /flavors/none", `{"flavor": {"description": "x"}}`, 404, "itemNotFound", "Flavor none could not be found."},
		{"nothing", s.As("admin").MV("2.55"), "PUT /flavors/1", `{"flavor": {"description": "x"}}`, 200, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := c.client.In(t).Do(c.request, c.body).Expect(c.status)
			if c.kind != "" {
				r.Fault(c.kind, c.message)
			}
		})
	}
}

func TestActionKeys(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	vm := s.Server(novatest.VM{})
	demo := s.As("demo").MV("2.90")
	malformed, unknown := "Malformed request body", "There is no such action: fly"
	for _, c := range []struct {
		body    string
		status  int
		message string
	}{
		{`{`, 400, malformed},
		{``, 400, malformed},
		{`{}`, 400, malformed},
		{`{"reboot": {"type": "HARD"}, "pause": null}`, 400, malformed},
		{`{"fly": null}`, 400, unknown},
		{`[]`, 400, malformed},
		{`"xy"`, 400, malformed},
		{`"\udc00"`, 404, "The resource could not be found."}, // one character
		{`null`, 404, "The resource could not be found."},
		{`{"addFixedIp": {"networkId": "1"}}`, 404, "The resource could not be found."}, // until 2.43
		{`{"reboot": {"type": "WARM"}}`, 400, "Invalid input for field/attribute type. Value: WARM. *"},
	} {
		t.Run(c.body, func(t *testing.T) {
			kind := map[int]string{400: "badRequest", 404: "itemNotFound"}[c.status]
			demo.In(t).Do("POST /servers/"+vm.UUID+"/action", c.body).Expect(c.status).Fault(kind, c.message)
		})
	}
}

// TestLoneSurrogatesAreKept: Python keeps half a surrogate pair in a message, and escapes it.
func TestLoneSurrogatesAreKept(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	for path, body := range map[string]string{
		"/flavors/1/action":             `{"\ud800": null}`,
		"/os-server-external-events":    `{"events": [{"name": "network-changed", "server_uuid": "\ud800"}]}`,
		"/flavors/1/os-extra_specs":     `{"extra_specs": {"a": "b", "\ud800": "c"}}`,
		"/os-server-groups":             `{"server_group": {"name": "g", "policies": ["\ud800"]}}`,
		"/os-assisted-volume-snapshots": `{"snapshot": {"volume_id": "v", "create_info": {"snapshot_id": "s", "type": "\ud800", "new_file": "f"}}}`,
	} {
		t.Run(path, func(t *testing.T) {
			r := s.In(t).As("admin").Do("POST "+path, body).Expect(400)
			if text := string(r.Body); !strings.Contains(text, `\ud800`) || strings.Contains(text, "\ufffd") {
				t.Errorf("answers %s", text)
			}
		})
	}
}

func TestUnknownPathsAndMethodsArePages(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	for _, request := range []string{"GET /nowhere", "DELETE /flavors", "PATCH /servers", "GET /servers/1/2/3/4", "GET /flavors//1/x", "GET /" + novatest.NameID("project", "demo") + "/nowhere"} {
		t.Run(request, func(t *testing.T) {
			r := s.As("demo").In(t).Do(request).Expect(404)
			if !strings.Contains(string(r.Body), "404 Not Found") {
				t.Errorf("%s", r.Body)
			}
			r.HasHeader("Location", "").HasHeader("Allow", "")
		})
	}
	s.As("demo").Header("Accept", "application/json").Do("GET /nowhere").Expect(404).HasHeader("Content-Type", "application/json").
		JSON(`{"message": "The resource could not be found.<br /><br />\n\n\n", "code": "404 Not Found", "title": "Not Found"}`)
}

func TestVersionHeaders(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	demo := s.As("demo")
	for _, c := range []struct {
		name, value string // of the header that is sent
		answered    string
	}{
		{"", "", "2.1"},
		{"OpenStack-API-Version", "compute 2.27", "2.27"},
		{"OpenStack-API-Version", "compute latest", "2.104"},
		{"OpenStack-API-Version", "volume 3.1, compute 2.30", "2.30"},
		{"OpenStack-API-Version", "volume 3.1", "2.1"},
		{"X-OpenStack-Nova-API-Version", "2.3", "2.3"},
	} {
		t.Run(c.name+" "+c.value, func(t *testing.T) {
			client := demo.In(t)
			if c.name != "" {
				client = client.Header(c.name, c.value)
			}
			client.Do("GET /flavors").Expect(200).HasHeader("OpenStack-API-Version", "compute "+c.answered).HasHeader("X-OpenStack-Nova-API-Version", c.answered).
				HasHeader("Vary", "OpenStack-API-Version, X-OpenStack-Nova-API-Version")
		})
	}
	demo.MV("2.105").Do("GET /flavors").Expect(406).HasHeader("OpenStack-API-Version", "compute 2.105")
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	r := s.As("demo").Header("X-Openstack-Request-Id", "req-00000000-0000-0000-0000-000000000000").Do("GET /flavors").Expect(200).HasHeader("X-Compute-Request-Id", "req-*")
	if id := r.Header.Get("X-Openstack-Request-Id"); id != r.Header.Get("X-Compute-Request-Id") {
		t.Errorf("the two headers are %q and %q", id, r.Header.Get("X-Compute-Request-Id"))
	}
}

func TestContentTypes(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	admin := s.As("admin")
	body := `{"flavor": {"name": "NAME", "ram": 1, "vcpus": 1, "disk": 1}}`
	for _, c := range []struct {
		contentType, accept string
		status              int
		answered            string
	}{
		{"application/json", "", 200, "application/json"},
		{"application/json; charset=UTF-8", "*/*", 200, "application/json"},
		{"application/vnd.openstack.compute+json", "application/vnd.openstack.compute+json", 200, "application/vnd.openstack.compute+json"},
		{"text/plain", "application/json", 200, "application/json"},
		{"application/xml", "application/xml", 415, "application/json; charset=UTF-8"},
	} {
		t.Run(c.contentType+" "+c.accept, func(t *testing.T) {
			client := admin.In(t).Header("Content-Type", c.contentType).Header("Accept", c.accept)
			client.Do("POST /flavors", strings.Replace(body, "NAME", strings.NewReplacer("/", "-", "+", "-", ";", "", "=", "").Replace(c.contentType), 1)).
				Expect(c.status).HasHeader("Content-Type", c.answered)
		})
	}
}

func TestRemovedOperationsAreGone(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.As("demo").Do("GET /os-cells").Expect(410).Fault("computeFault", "This resource is no longer available.*No forwarding address is given.")
	vm := s.Server(novatest.VM{})
	s.As("demo").Do("POST /servers/"+vm.UUID+"/action", `{"os-getRDPConsole": {"type": "rdp-html5"}}`).Expect(400)
	s.As("demo").MV("2.6").Do("POST /servers/"+vm.UUID+"/action", `{"os-getRDPConsole": {"type": "rdp-html5"}}`).Expect(404)
}

func TestLegacyV2IsLenient(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	body := `{"flavor": {"name": "x", "ram": "1", "vcpus": 1, "disk": 1, "colour": "red"}}`
	admin := s.As("admin")
	admin.Do("POST /flavors", body).Expect(400)
	r := admin.At("/v2").MV("2.90").Do("POST /flavors", body).Expect(200)
	r.HasHeader("OpenStack-API-Version", "").HasHeader("X-OpenStack-Nova-API-Version", "")
	if strings.Contains(string(r.Body), "description") {
		t.Errorf("a version counts under /v2: %s", r.Body)
	}
	admin.At("/v2").Do("GET /flavors?colour=red").Expect(200)
	// A project of one's own may stand in the URL, as at /v2.1.
	admin.At("/v2/" + novatest.NameID("project", "admin")).Do("GET /flavors").Expect(200)
}

// The page of a path that leads nowhere has the type that WebOb finds in Accept.
func TestTypeOfThePageNotFound(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	for accept, want := range map[string]string{
		"":                                "text/plain; charset=UTF-8",
		"application/json; charset=utf-8": "text/plain; charset=UTF-8",
		"application/json":                "application/json",
		"text/html":                       "text/html; charset=UTF-8",
	} {
		c := s.As("demo")
		if accept != "" {
			c = c.Header("Accept", accept)
		}
		c.Do("GET /nope").Expect(404).HasHeader("Content-Type", want)
	}
}

func TestAcceptOfAnswers(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	const vendor = "application/vnd.openstack.compute+json"
	for _, c := range []struct{ path, accept, kind string }{
		{"/flavors", vendor, vendor},
		{"/flavors", vendor + ", application/json", "application/json"},
		{"/flavors", "*/*, " + vendor, vendor},
		{"/flavors", "application/json;q=0.5, " + vendor + ";q=0.9", vendor},
		{"/flavors", "application/*;q=0.95, " + vendor + `;q="0.9"`, "application/json"},
		{"/flavors", "APPLICATION/VND.openstack.compute+json", "application/json"},
		{"/", "application/atom+xml", "application/atom+xml"},
		{"/flavors", "application/atom+xml", "application/json"},
		{"/nope", "application/json; charset=utf-8", "text/plain; charset=UTF-8"},
		{"/nope", "application/json, text/html;level=1", "application/json"},
		{"/nope", "text/html;q=0.1234, application/json", "text/html; charset=UTF-8"},
	} {
		s.As("demo").Header("Accept", c.accept).Do("GET "+c.path).HasHeader("Content-Type", c.kind)
	}
}
