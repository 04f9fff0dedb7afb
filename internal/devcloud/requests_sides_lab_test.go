//go:build lab

package devcloud_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nova-go/nova/compute/devcloud"
	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/db"
)

// requestSide is one of the two clouds of TestLabRequests, with a project of its own.
type requestSide struct {
	name, auth string
	nova       string            // with /v2.1
	urls       map[string]string // by service
	vars       map[string]string // variables of the steps; ids among them get their names in answers
	tokens     map[string]string // by user
}

// newRequestSides returns both clouds, with the same flavors and the same servers in the test's project. All that the
// test creates in the lab is removed when it ends.
func newRequestSides(t *testing.T, conf string) (real, dev *requestSide) {
	state := t.TempDir()
	d, err := devcloud.Start(context.Background(), devcloud.Options{State: state, Release: os.Getenv("LAB_RELEASE")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	file, err := config.Load(config.Sources{Prog: "nova-api", Files: []string{conf}})
	if err != nil {
		t.Fatal(err)
	}
	real = &requestSide{name: "real", auth: os.Getenv("OS_AUTH_URL")}
	dev = &requestSide{name: "--dev", auth: d.AuthURL}
	prepared := make(chan bool)
	for _, c := range []*requestSide{real, dev} {
		c.tokens = map[string]string{administrator: token(t, c.auth, "admin"), "bad": strings.Repeat("0", 32), "none": ""}
		c.urls = catalog(t, c.auth, c.tokens[administrator])
		c.nova = c.urls["compute"]
	}
	real.nova = os.Getenv("LAB_NOVA")
	copyFlavors(t, real, dev)
	real.prepare(t)
	dev.prepare(t)
	go func() { real.addServers(t); close(prepared) }()
	dev.addServers(t)
	<-prepared
	if t.Failed() {
		t.FailNow()
	}
	real.moveServers(t, file.Database.Connection)
	dev.moveServers(t, "sqlite:///"+filepath.Join(state, "nova_cell1.sqlite"))
	return real, dev
}

// must sends a request to a service as a user, and returns the body. Another status than 2xx is an error of the test.
func (c *requestSide) must(t *testing.T, as, service, method, path string, body any) any {
	t.Helper()
	text := ""
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			t.Error(err)
		}
		text = string(b)
	}
	root := c.urls[service]
	switch service {
	case "compute":
		root = c.nova
	case "identity":
		root = c.auth
	}
	headers := map[string]string{"X-Auth-Token": c.token(t, as), "Content-Type": "application/json", "OpenStack-API-Version": "compute 2.90"}
	status, _, answer, err := c.http(method, root+path, text, headers)
	if err != nil || status >= http.StatusMultipleChoices {
		t.Errorf("%s: %s %s: %d %s %v", c.name, method, path, status, answer, err)
	}
	return decoded(answer)
}

// id returns the id at a path of what a request answers.
func (c *requestSide) id(t *testing.T, v any, path string) string {
	t.Helper()
	id, _ := at(v, path).(string)
	if id == "" {
		t.Errorf("%s: no %s in %v", c.name, path, v)
	}
	return id
}

// token returns the token of a user of the steps.
func (c *requestSide) token(t *testing.T, as string) string {
	t.Helper()
	if as == "" {
		as = "demo"
	}
	if _, known := c.tokens[as]; known {
		return c.tokens[as]
	}
	user, scope := as, ""
	switch as {
	case "admin":
		user, scope = requestsName+"-admin", fmt.Sprintf(`{"project": {"id": %q}}`, c.vars["project"])
	case "demo", "reader", "manager":
		user, scope = requestsName+"-"+as, fmt.Sprintf(`{"project": {"id": %q}}`, c.vars["demo_project"])
	case "system":
		user, scope = "admin", `{"system": {"all": true}}`
	case "service":
		user, scope = "nova", `{"project": {"name": "service", "domain": {"id": "default"}}}`
	}
	c.tokens[as] = scopedToken(t, c.auth, user, scope)
	return c.tokens[as]
}

// administrator is the user admin with the project admin.
const administrator = "administrator"

// requestsName begins the names of all that the test creates in Keystone.
const requestsName = "lab-requests"

// prepare creates the project with its users and its network, and sets the variables.
func (c *requestSide) prepare(t *testing.T) {
	v := map[string]string{"unknown": "3b7f3ac6-0f53-4e2e-9d94-2f0f3b0f8f11", "host": "compute-1", "flavor": "42", "flavor_alt": "84"}
	c.vars = v
	remove := func(service, path string) {
		t.Cleanup(func() { c.must(t, administrator, service, http.MethodDelete, path, nil) })
	}
	admin := func(service, method, path string, body any) any {
		return c.must(t, administrator, service, method, path, body)
	}
	c.forget(t)
	for variable, name := range map[string]string{"project": requestsName + "-admin", "demo_project": requestsName + "-demo"} {
		v[variable] = c.id(t, admin("identity", "POST", "/projects",
			map[string]any{"project": map[string]any{"name": name, "domain_id": "default"}}), "project.id")
		remove("identity", "/projects/"+v[variable])
	}
	roles := map[string][]string{"admin": {"admin", "manager", "member", "reader"}, "demo": {"member", "reader"}, "reader": {"reader"},
		"manager": {"manager", "member", "reader"}}
	for user, roles := range roles {
		v[user+"_user"] = c.id(t, admin("identity", "POST", "/users", map[string]any{"user": map[string]any{"name": requestsName + "-" + user,
			"password": devcloud.Password, "domain_id": "default"}}), "user.id")
		remove("identity", "/users/"+v[user+"_user"])
		for _, role := range roles {
			id := c.id(t, admin("identity", "GET", "/roles?name="+role, nil), "roles.0.id")
			project := v["demo_project"]
			if user == "admin" {
				project = v["project"]
			}
			admin("identity", "PUT", "/projects/"+project+"/users/"+v[user+"_user"]+"/roles/"+id, nil)
		}
	}
	shared := admin("network", "GET", "/v2.0/networks?name=shared", nil)
	v["net"], v["subnet"] = c.id(t, shared, "networks.0.id"), c.id(t, shared, "networks.0.subnets.0")
	v["private"] = c.id(t, admin("network", "POST", "/v2.0/networks", map[string]any{"network": map[string]any{"name": "private",
		"project_id": v["demo_project"]}}), "network.id")
	remove("network", "/v2.0/networks/"+v["private"])
	v["private_subnet"] = c.id(t, admin("network", "POST", "/v2.0/subnets", map[string]any{"subnet": map[string]any{"network_id": v["private"],
		"cidr": "10.77.0.0/24", "ip_version": 4, "project_id": v["demo_project"]}}), "subnet.id")
	for name, image := range map[string]string{"image": "cirros", "image_alt": "cirros-alt"} {
		found := admin("image", "GET", "/v2/images?name="+image, nil)
		if v[name], _ = at(found, "images.0.id").(string); v[name] == "" { // which the lab has, but not --dev
			v[name] = c.id(t, admin("image", "POST", "/v2/images", map[string]any{"name": image, "disk_format": "raw",
				"container_format": "bare", "visibility": "public"}), "id")
			admin("image", "PUT", "/v2/images/"+v[name]+"/file", "content")
		}
	}
	c.token(t, "demo")
	c.token(t, "admin")
	if t.Failed() {
		t.FailNow()
	}
}

// forget removes what an interrupted run has left: the users and the project, and its servers and network.
func (c *requestSide) forget(t *testing.T) {
	found, _ := at(c.must(t, administrator, "identity", "GET", "/users?domain_id=default", nil), "users").([]any)
	for _, user := range found {
		if name, _ := at(user, "name").(string); strings.HasPrefix(name, requestsName+"-") {
			c.must(t, administrator, "identity", "DELETE", "/users/"+c.id(t, user, "id"), nil)
		}
	}
	projects, _ := at(c.must(t, administrator, "identity", "GET", "/projects?domain_id=default", nil), "projects").([]any)
	for _, one := range projects {
		if name, _ := at(one, "name").(string); !strings.HasPrefix(name, requestsName+"-") {
			continue
		}
		project := c.id(t, one, "id")
		c.removeServers(t, project)
		networks, _ := at(c.must(t, administrator, "network", "GET", "/v2.0/networks?project_id="+project, nil), "networks").([]any)
		for _, network := range networks {
			c.must(t, administrator, "network", "DELETE", "/v2.0/networks/"+c.id(t, network, "id"), nil)
		}
		c.must(t, administrator, "identity", "DELETE", "/projects/"+project, nil)
	}
}

// removeServers deletes all servers of a project, and waits for the end.
func (c *requestSide) removeServers(t *testing.T, project string) {
	list := "/servers?all_tenants=1&project_id=" + project
	servers, _ := at(c.must(t, administrator, "compute", "GET", list, nil), "servers").([]any)
	for _, server := range servers {
		c.must(t, administrator, "compute", "DELETE", "/servers/"+c.id(t, server, "id"), nil)
	}
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) && at(c.must(t, administrator, "compute", "GET", list, nil), "servers.0") != nil {
		wait()
	}
}

// addServers creates the servers that the lists read: two deleted ones of admin, and seed-00000 to seed-00004, the last of
// which is {seed}.
func (c *requestSide) addServers(t *testing.T) {
	t.Cleanup(func() { c.removeServers(t, c.vars["project"]); c.removeServers(t, c.vars["demo_project"]) })
	for _, name := range []string{"gone-0", "gone-1", "seed-00000", "seed-00001", "seed-00002", "seed-00003", "seed-00004"} {
		as, networks := "demo", []any{map[string]any{"uuid": c.vars["net"]}, map[string]any{"uuid": c.vars["private"]}}
		if strings.HasPrefix(name, "gone") {
			as, networks = "admin", networks[:1]
		}
		made := c.must(t, as, "compute", "POST", "/servers", map[string]any{"server": map[string]any{
			"name": name, "imageRef": c.vars["image"], "flavorRef": c.vars["flavor"],
			"metadata":        map[string]any{"role": "web", "tier": "1"},
			"security_groups": []any{map[string]any{"name": "default"}},
			"networks":        networks,
		}})
		id := c.id(t, made, "server.id")
		if id == "" {
			return
		}
		c.vars[strings.ReplaceAll(strings.Replace(name, "seed-00004", "seed", 1), "-", "_")] = id
		for started := time.Now(); ; wait() {
			status, passed := at(c.must(t, as, "compute", "GET", "/servers/"+id, nil), "server.status"), time.Since(started)
			if status == "ACTIVE" && passed > time.Second { // so that lists, which are sorted by the second, have one order
				break
			}
			if status == "ERROR" || passed > time.Minute {
				t.Errorf("%s: %s is %v", c.name, name, status)
				return
			}
		}
		if strings.HasPrefix(name, "gone") {
			c.removeServers(t, c.vars["project"])
		}
	}
}

// moveServers lets the database say that two servers are on compute-seed, a host that the lists name.
func (c *requestSide) moveServers(t *testing.T, connection string) {
	cell, err := db.Open(connection, db.Options{Wait: new(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	hosts := map[string]string{}
	for _, name := range []string{"seed_00000", "seed_00001"} {
		id := c.vars[name]
		hosts[id], _ = at(c.must(t, administrator, "compute", "GET", "/servers/"+id, nil), "server.OS-EXT-SRV-ATTR:host").(string)
	}
	set := func(id, host string) {
		if _, err := db.Exec(context.Background(), cell, "UPDATE instances SET host = ? WHERE uuid = ?", host, id); err != nil {
			t.Error(err)
		}
	}
	for id := range hosts {
		set(id, "compute-seed")
	}
	t.Cleanup(func() {
		for id, host := range hosts {
			set(id, host)
		}
		_ = cell.Close()
	})
}

// copyFlavors gives --dev the flavors of the lab, if they differ.
func copyFlavors(t *testing.T, real, dev *requestSide) {
	t.Helper()
	const list = "/flavors/detail?is_public=None"
	theirs, _ := at(real.must(t, administrator, "compute", "GET", list, nil), "flavors").([]any)
	ours, _ := at(dev.must(t, administrator, "compute", "GET", list, nil), "flavors").([]any)
	essence := func(flavors []any) string {
		var out []any
		for _, f := range flavors {
			m, _ := f.(map[string]any)
			delete(m, "links")
			out = append(out, m)
		}
		text, _ := json.Marshal(out)
		return string(text)
	}
	if essence(theirs) == essence(ours) {
		return
	}
	for _, f := range ours {
		dev.must(t, administrator, "compute", "DELETE", "/flavors/"+dev.id(t, f, "id"), nil)
	}
	for _, f := range theirs {
		m, _ := f.(map[string]any)
		specs := m["extra_specs"]
		id := dev.id(t, f, "id")
		delete(m, "extra_specs")
		delete(m, "OS-FLV-DISABLED:disabled")
		dev.must(t, administrator, "compute", "POST", "/flavors", map[string]any{"flavor": m})
		if set, _ := specs.(map[string]any); len(set) > 0 {
			dev.must(t, administrator, "compute", "POST", "/flavors/"+id+"/os-extra_specs", map[string]any{"extra_specs": set})
		}
	}
}
