package devcloud_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/nova-go/nova/compute/devcloud"
)

// as sends a request with a token, and answers the body and a new token.
func as(t *testing.T, c *devcloud.Cloud, token, method, path, body string, want int) (map[string]any, string) {
	t.Helper()
	header, text := send(t, c, token, method, path, body, want)
	var out map[string]any
	if len(text) > 0 {
		if err := json.Unmarshal(text, &out); err != nil {
			t.Fatal(err)
		}
	}
	return out, header.Get("X-Subject-Token")
}

func logIn(t *testing.T, c *devcloud.Cloud, user, password, project string, want int) string {
	t.Helper()
	_, token := as(t, c, "", "POST", "/identity/v3/auth/tokens", fmt.Sprintf(`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": %q, "password": %q, "domain": {"id": "default"}}}}, "scope": {"project": {"name": %q, "domain": {"id": "default"}}}}}`, user, password, project), want)
	return token
}

func TestUsersProjectsAndRoles(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	c := start(t, state)
	const v3 = "/identity/v3"
	admin := logIn(t, c, "admin", "secret", "admin", 201)
	made := func(kind, body string) string {
		t.Helper()
		out, _ := as(t, c, admin, "POST", v3+"/"+kind+"s", `{"`+kind+`": `+body+`}`, 201)
		return out[kind].(map[string]any)["id"].(string)
	}
	user, project := made("user", `{"name": "bob", "password": "builder", "enabled": true, "domain_id": "default"}`), made("project", `{"name": "site"}`)
	as(t, c, admin, "POST", v3+"/users", `{"user": {"name": "bob"}}`, 409)
	as(t, c, logIn(t, c, "demo", "secret", "demo", 201), "POST", v3+"/users", `{"user": {"name": "eve"}}`, 403)
	logIn(t, c, "bob", "builder", "site", 401)

	roles, _ := as(t, c, admin, "GET", v3+"/roles?name=member", "", 200)
	role := roles["roles"].([]any)[0].(map[string]any)["id"].(string)
	assignment := v3 + "/projects/" + project + "/users/" + user + "/roles/" + role
	as(t, c, admin, "HEAD", assignment, "", 404)
	as(t, c, admin, "PUT", assignment, "", 204)
	as(t, c, admin, "HEAD", assignment, "", 204)
	if list, _ := as(t, c, admin, "GET", v3+"/role_assignments?user.id="+user, "", 200); len(list["role_assignments"].([]any)) != 1 {
		t.Errorf("assigned: %v", list)
	}
	logIn(t, c, "bob", "secret", "site", 401)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}

	c = start(t, state)
	defer c.Close()
	admin = logIn(t, c, "admin", "secret", "admin", 201)
	bob := logIn(t, c, "bob", "builder", "site", 201)
	server, _ := as(t, c, bob, "POST", "/v2.1/servers", `{"server": {"name": "web", "flavorRef": "1", "imageRef": "70a599e0-31e7-49b7-b260-868f441e862b"}}`, 202)
	one, _ := as(t, c, bob, "GET", "/v2.1/servers/"+server["server"].(map[string]any)["id"].(string), "", 200)
	if s := one["server"].(map[string]any); s["tenant_id"] != project || s["user_id"] != user {
		t.Errorf("the server is %v of %v", s["tenant_id"], s["user_id"])
	}
	as(t, c, admin, "PATCH", v3+"/users/"+user, `{"user": {"password": "other"}}`, 200)
	logIn(t, c, "bob", "builder", "site", 401)
	logIn(t, c, "bob", "other", "site", 201)
	as(t, c, admin, "DELETE", assignment, "", 204)
	logIn(t, c, "bob", "other", "site", 401)
	as(t, c, admin, "DELETE", v3+"/users/"+user, "", 204)
	as(t, c, bob, "GET", v3+"/projects", "", 401)
	as(t, c, admin, "DELETE", v3+"/projects/"+project, "", 204)
	as(t, c, admin, "GET", v3+"/projects/"+project, "", 404)
}

func TestRolesAndDomains(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	const v3 = "/identity/v3"
	admin := logIn(t, c, "admin", "secret", "admin", 201)
	made := func(kind, body string) string {
		t.Helper()
		out, _ := as(t, c, admin, "POST", v3+"/"+kind+"s", `{"`+kind+`": `+body+`}`, 201)
		return out[kind].(map[string]any)["id"].(string)
	}
	domain, role := made("domain", `{"name": "acme", "enabled": true}`), made("role", `{"name": "operator"}`)
	as(t, c, admin, "POST", v3+"/roles", `{"role": {"name": "operator"}}`, 409)
	as(t, c, admin, "POST", v3+"/projects", `{"project": {"name": "x", "domain_id": "nope"}}`, 404)
	user, project := made("user", `{"name": "ann", "password": "pw", "domain_id": "`+domain+`"}`), made("project", `{"name": "shop", "domain_id": "`+domain+`"}`)
	as(t, c, admin, "PUT", v3+"/projects/"+project+"/users/"+user+"/roles/"+role, "", 204)
	as(t, c, admin, "PUT", v3+"/domains/"+domain+"/users/"+user+"/roles/"+role, "", 204)

	login := `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "ann", "password": "pw", "domain": {"name": "acme"}}}}, "scope": {"project": {"name": "shop", "domain": {"name": "acme"}}}}}`
	out, token := as(t, c, "", "POST", v3+"/auth/tokens", login, 201)
	said := out["token"].(map[string]any)
	roles, in := said["roles"].([]any), said["project"].(map[string]any)["domain"].(map[string]any)
	if len(roles) != 1 || roles[0].(map[string]any)["id"] != role || in["name"] != "acme" {
		t.Errorf("the token has roles %v in domain %v", roles, in)
	}
	// Nova's policy knows no such role.
	as(t, c, token, "POST", "/v2.1/os-keypairs", `{"keypair": {"name": "k"}}`, 200)
	as(t, c, token, "GET", "/v2.1/os-services", "", 403)

	as(t, c, admin, "PATCH", v3+"/roles/"+role, `{"role": {"name": "owner"}}`, 200)
	if list, _ := as(t, c, admin, "GET", v3+"/role_assignments?user.id="+user+"&role.id="+role, "", 200); len(list["role_assignments"].([]any)) != 2 {
		t.Errorf("assigned: %v", list)
	}
	as(t, c, admin, "DELETE", v3+"/roles/"+role, "", 204)
	as(t, c, admin, "GET", v3+"/roles/"+role, "", 404)
	as(t, c, "", "POST", v3+"/auth/tokens", login, 401)
	as(t, c, admin, "DELETE", v3+"/domains/"+domain, "", 403)
	as(t, c, admin, "PATCH", v3+"/domains/"+domain, `{"domain": {"enabled": false}}`, 200)
	as(t, c, admin, "DELETE", v3+"/domains/"+domain, "", 204)
	as(t, c, admin, "GET", v3+"/users/"+user, "", 404)
}
