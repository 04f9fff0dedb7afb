package compute_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/compute/devcloud"
	"github.com/nova-go/nova/compute/internal/mv"
)

// described are the operations of a document by the key of their row.
func described(t *testing.T, document []byte) map[string]map[string]any {
	t.Helper()
	type operation struct {
		Facts map[string]any `json:"x-openstack"`
		Body  struct {
			Content map[string]struct {
				Schema struct {
					Ref string `json:"$ref"`
				}
			}
		} `json:"requestBody"`
	}
	var d struct {
		Paths      map[string]map[string]json.RawMessage
		Components struct {
			Schemas map[string]struct {
				OneOf []struct {
					Ref string `json:"$ref"`
				}
				Required []string
				Facts    map[string]any `json:"x-openstack"`
			}
		}
	}
	if err := json.Unmarshal(document, &d); err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]any{}
	for path, methods := range d.Paths {
		for method, text := range methods {
			if method == "parameters" {
				continue
			}
			var o operation
			if err := json.Unmarshal(text, &o); err != nil {
				t.Fatal(err)
			}
			key := strings.ToUpper(method) + " " + path
			if o.Facts != nil {
				all[key] = o.Facts
				continue
			}
			body := d.Components.Schemas[strings.TrimPrefix(o.Body.Content["application/json"].Schema.Ref, "#/components/schemas/")]
			for _, one := range body.OneOf {
				action := d.Components.Schemas[strings.TrimPrefix(one.Ref, "#/components/schemas/")]
				all[key+" "+strings.Join(action.Required, " ")] = action.Facts
			}
		}
	}
	return all
}

// TestOpenAPIHasEveryOperation compares the documents with the rows.
func TestOpenAPIHasEveryOperation(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"", "2.1", "2.35", "2.96", "latest"} {
		document, err := compute.OpenAPI(version)
		if err != nil {
			t.Fatal(err)
		}
		if err := load(t, document).Validate(t.Context()); err != nil {
			t.Errorf("%q: the document is not valid: %v", version, err)
		}
		got := described(t, document)
		want := map[string]string{}
		for _, r := range compute.Routes() {
			if v, err := mv.Parse(version, mv.Max); version == "" || err == nil && r.From <= v && (r.Until == 0 || v < r.Until) {
				want[r.Key()] = r.Op
			}
		}
		names := map[any]bool{}
		for key, op := range want {
			names[op] = true
			if got[key]["operation"] != op {
				t.Errorf("%q: %s is described as %v, and is %s", version, key, got[key]["operation"], op)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%q: %d operations, want %d", version, len(got), len(want))
		}
		if version == "" && len(names) != 263 {
			t.Errorf("%d names of operations, Nova has 263", len(names))
		}
	}
	for _, wrong := range []string{"2.0", "2.105", "3.1", "two"} {
		if _, err := compute.OpenAPI(wrong); err == nil {
			t.Errorf("there is a document of %s", wrong)
		}
	}
}

func load(t *testing.T, document []byte) *openapi3.T {
	t.Helper()
	d, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// client sends requests to an embedded cloud, and compares requests and answers with a document.
type client struct {
	t       *testing.T
	cloud   *devcloud.Cloud
	token   string
	version string
	router  routers.Router
}

// do sends a request that the document describes and whose answer it describes. It returns the answer.
func (c *client) do(request, body string, want int) string {
	c.t.Helper()
	method, path, _ := strings.Cut(request, " ")
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.cloud.URL+"/v2.1"+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("X-Auth-Token", c.token)
	r.Header.Set("OpenStack-API-Version", "compute "+c.version)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	route, variables, err := c.router.FindRoute(r)
	if err != nil {
		c.t.Fatalf("%s: %v", request, err)
	}
	options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true}
	input := &openapi3filter.RequestValidationInput{Request: r, Route: route, PathParams: variables, Options: options}
	if err := openapi3filter.ValidateRequest(c.t.Context(), input); err != nil {
		c.t.Errorf("%s %s is not as described: %v", request, body, err)
	}
	r.Body = io.NopCloser(strings.NewReader(body))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if answer.StatusCode != want {
		c.t.Fatalf("%s is answered with %d %s, want %d", request, answer.StatusCode, text, want)
	}
	err = openapi3filter.ValidateResponse(c.t.Context(), &openapi3filter.ResponseValidationInput{RequestValidationInput: input,
		Status: answer.StatusCode, Header: answer.Header, Body: io.NopCloser(bytes.NewReader(text)), Options: options})
	if err != nil {
		c.t.Errorf("%s: the answer %s is not as described: %v", request, text, err)
	}
	return string(text)
}

// TestOpenAPIDescribesALife runs the life of a server against the embedded cloud, and validates requests and answers.
func TestOpenAPIDescribesALife(t *testing.T) {
	t.Parallel()
	cloud, err := devcloud.Start(t.Context(), devcloud.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cloud.Close() }()
	token := adminToken(t, cloud.URL)
	for _, version := range []string{"2.1", "2.47", "2.96", "2.104"} {
		document, err := compute.OpenAPI(version)
		if err != nil {
			t.Fatal(err)
		}
		d := load(t, document)
		d.Servers = openapi3.Servers{{URL: cloud.URL + "/v2.1"}}
		router, err := gorillamux.NewRouter(d)
		if err != nil {
			t.Fatal(err)
		}
		c := &client{t: t, cloud: cloud, token: token, version: version, router: router}
		c.life()
		for _, list := range []string{"/", "/servers", "/servers/detail?all_tenants=1", "/flavors/detail", "/os-keypairs", "/os-hypervisors/detail",
			"/os-services", "/os-aggregates", "/limits", "/os-availability-zone/detail", "/os-server-groups", "/os-migrations",
			"/os-simple-tenant-usage?detailed=1", "/extensions"} {
			c.do("GET "+list, "", 200)
		}
	}
}

// life creates, changes and deletes a server.
func (c *client) life() {
	var made struct{ Server struct{ ID string } }
	text := c.do("POST /servers", `{"server": {"name": "web", "flavorRef": "42", "imageRef": "70a599e0-31e7-49b7-b260-868f441e862b",
		"metadata": {"a": "b"}, "networks": [{"uuid": "816f2b13-bbf7-5603-ae8e-d61d3a492967"}]}}`, 202)
	if err := json.Unmarshal([]byte(text), &made); err != nil {
		c.t.Fatal(err)
	}
	server := "/servers/" + made.Server.ID
	for _, step := range []struct {
		body string
		want int
		then string
	}{
		{"", 0, "ACTIVE"},
		{`{"os-stop": null}`, 202, "SHUTOFF"},
		{`{"os-start": null}`, 202, "ACTIVE"},
		{`{"reboot": {"type": "SOFT"}}`, 202, "ACTIVE"},
		{`{"pause": null}`, 202, "PAUSED"},
		{`{"unpause": null}`, 202, "ACTIVE"},
		{`{"os-getConsoleOutput": {"length": 5}}`, 200, "ACTIVE"},
		{`{"resize": {"flavorRef": "84"}}`, 202, "VERIFY_RESIZE"},
		{`{"confirmResize": null}`, 204, "ACTIVE"},
		{`{"rescue": {"adminPass": "secret"}}`, 200, "RESCUE"},
		{`{"unrescue": null}`, 202, "ACTIVE"},
	} {
		if step.body != "" {
			c.do("POST "+server+"/action", step.body, step.want)
		}
		c.settles(server, step.then)
	}
	c.do("PUT "+server+"/metadata", `{"metadata": {"c": "d"}}`, 200)
	c.do("GET "+server+"/os-instance-actions", "", 200)
	c.do("GET "+server+"/ips", "", 200)
	c.do("DELETE "+server, "", 204)
}

// settles waits until a server has a state.
func (c *client) settles(server, state string) {
	c.t.Helper()
	var seen []string
	for range 3000 {
		var shown struct {
			Server struct {
				Status string
				Task   *string `json:"OS-EXT-STS:task_state"`
			}
		}
		if err := json.Unmarshal([]byte(c.do("GET "+server, "", 200)), &shown); err != nil {
			c.t.Fatal(err)
		}
		if shown.Server.Status == state && shown.Server.Task == nil {
			return
		}
		if !slices.Contains(seen, shown.Server.Status) {
			seen = append(seen, shown.Server.Status)
		}
	}
	c.t.Fatalf("%s does not become %s, was %v", server, state, seen)
}

// adminToken logs in as the administrator of an embedded cloud.
func adminToken(t *testing.T, url string) string {
	t.Helper()
	r, err := http.Post(url+"/identity/v3/auth/tokens", "application/json", strings.NewReader(`{"auth": {"identity": {"methods": ["password"],
		"password": {"user": {"name": "admin", "password": "secret", "domain": {"id": "default"}}}},
		"scope": {"project": {"name": "admin", "domain": {"id": "default"}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	return r.Header.Get("X-Subject-Token")
}
