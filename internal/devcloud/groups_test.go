package devcloud_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/nova-go/nova/compute/devcloud"
)

// v3 is where the cloud's Keystone is.
const v3 = "/identity/v3"

// api returns a function that sends a request to a service, wants a status and texts in the answer, and returns it.
func api(t *testing.T, c *devcloud.Cloud, prefix string) func(token, method, path, body string, want int, says ...string) map[string]any {
	return func(token, method, path, body string, want int, says ...string) map[string]any {
		t.Helper()
		_, text := send(t, c, token, method, prefix+path, body, want)
		var out map[string]any
		if err := json.Unmarshal(text, &out); err != nil && len(text) > 0 {
			t.Fatalf("%s: %v", text, err)
		}
		for _, s := range says {
			if !strings.Contains(string(text), s) {
				t.Errorf("%s %s: no %s in %s", method, path, s, text)
			}
		}
		return out
	}
}

// onlyOne is the object below a key of an answer.
func onlyOne(t *testing.T, out map[string]any, key string) map[string]any {
	t.Helper()
	d, ok := out[key].(map[string]any)
	if !ok {
		t.Fatalf("no %s in %v", key, out)
	}
	return d
}

// ids are those of the members of a list.
func ids(out map[string]any, key string) []string {
	var list []string
	for _, d := range out[key].([]any) {
		list = append(list, d.(map[string]any)["id"].(string))
	}
	return list
}

// made creates a resource of the identity service, and answers its id.
func made(t *testing.T, c *devcloud.Cloud, token, kind, body string) string {
	t.Helper()
	out, _ := as(t, c, token, "POST", v3+"/"+kind+"s", `{"`+kind+`": `+body+`}`, 201)
	return onlyOne(t, out, kind)["id"].(string)
}

func TestGroups(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	c := start(t, state)
	admin := logIn(t, c, "admin", "secret", "admin", 201)
	group, user, project := made(t, c, admin, "group", `{"name": "crew", "description": "d"}`), made(t, c, admin, "user", `{"name": "bob", "password": "pw"}`), made(t, c, admin, "project", `{"name": "site"}`)
	as(t, c, admin, "POST", v3+"/groups", `{"group": {"name": "crew"}}`, 409)
	out, _ := as(t, c, admin, "GET", v3+"/roles?name=member", "", 200)
	role := ids(out, "roles")[0]
	as(t, c, admin, "PUT", v3+"/projects/"+project+"/groups/"+group+"/roles/"+role, "", 204)
	logIn(t, c, "bob", "pw", "site", 401)
	member := v3 + "/groups/" + group + "/users/" + user
	as(t, c, admin, "HEAD", member, "", 404)
	as(t, c, admin, "PUT", member, "", 204)
	as(t, c, admin, "HEAD", member, "", 204)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}

	c = start(t, state)
	defer c.Close()
	admin = logIn(t, c, "admin", "secret", "admin", 201)
	bob := logIn(t, c, "bob", "pw", "site", 201)
	as(t, c, bob, "POST", "/v2.1/os-keypairs", `{"keypair": {"name": "k"}}`, 200)
	for path, key := range map[string]string{"/groups/" + group + "/users": "users", "/users/" + user + "/groups": "groups", "/users/" + user + "/projects": "projects",
		"/projects/" + project + "/groups/" + group + "/roles": "roles"} {
		if out, _ := as(t, c, admin, "GET", v3+path, "", 200); len(out[key].([]any)) != 1 {
			t.Errorf("%s: %v", path, out)
		}
	}
	for query, n := range map[string]int{"group.id=" + group: 1, "user.id=" + user: 0, "effective&user.id=" + user: 1} {
		if out, _ := as(t, c, admin, "GET", v3+"/role_assignments?"+query, "", 200); len(out["role_assignments"].([]any)) != n {
			t.Errorf("%s: %v", query, out)
		}
	}
	as(t, c, admin, "DELETE", member, "", 204)
	logIn(t, c, "bob", "pw", "site", 401)
	as(t, c, admin, "DELETE", v3+"/groups/"+group, "", 204)
	as(t, c, admin, "GET", v3+"/groups/"+group, "", 404)
}

func TestApplicationCredentials(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	c := start(t, state)
	demo := logIn(t, c, "demo", "secret", "demo", 201)
	out, _ := as(t, c, logIn(t, c, "admin", "secret", "admin", 201), "GET", v3+"/users?name=demo", "", 200)
	path := v3 + "/users/" + ids(out, "users")[0] + "/application_credentials"
	const body = `{"application_credential": {"name": "ci", "secret": "s3", "roles": [{"name": %q}]}}`
	as(t, c, demo, "POST", path, fmt.Sprintf(body, "admin"), 400)
	out, _ = as(t, c, demo, "POST", path, fmt.Sprintf(body, "reader"), 201)
	credential := onlyOne(t, out, "application_credential")
	if credential["secret"] != "s3" || credential["expires_at"] != nil {
		t.Errorf("made %v", credential)
	}
	as(t, c, demo, "POST", path, fmt.Sprintf(body, "reader"), 409)
	as(t, c, logIn(t, c, "reader", "secret", "demo", 201), "GET", path, "", 403)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}

	c = start(t, state)
	defer c.Close()
	demo = logIn(t, c, "demo", "secret", "demo", 201)
	login := func(who, secret string, want int) string {
		t.Helper()
		_, token := as(t, c, "", "POST", v3+"/auth/tokens", fmt.Sprintf(`{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {%s, "secret": %q}}}}`, who, secret), want)
		return token
	}
	id := fmt.Sprintf(`"id": %q`, credential["id"])
	login(id, "other", 401)
	login(`"name": "ci", "user": {"name": "demo", "domain": {"id": "default"}}`, "s3", 201)
	token := login(id, "s3", 201)
	as(t, c, token, "GET", "/v2.1/servers", "", 200)
	as(t, c, token, "POST", "/v2.1/os-keypairs", `{"keypair": {"name": "k"}}`, 200)
	as(t, c, token, "POST", "/v2.1/servers", `{"server": {"name": "web", "flavorRef": "1", "imageRef": "70a599e0-31e7-49b7-b260-868f441e862b"}}`, 403)
	as(t, c, token, "POST", path, fmt.Sprintf(body, "reader"), 403)
	out, _ = as(t, c, demo, "GET", path, "", 200)
	if list := out["application_credentials"].([]any); len(list) != 1 || list[0].(map[string]any)["secret"] != nil {
		t.Errorf("listed: %v", list)
	}
	as(t, c, demo, "DELETE", path+"/"+credential["id"].(string), "", 204)
	login(id, "s3", 401)
	as(t, c, token, "GET", v3+"/auth/projects", "", 401)
}
