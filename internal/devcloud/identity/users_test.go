package identity_test

import (
	"fmt"
	"testing"
)

func TestOwnPasswordAndCatalog(t *testing.T) {
	t.Parallel()
	c := start(t)
	demo := logIn(t, c, "demo", "secret", "demo", 201)
	out, _ := as(t, c, logIn(t, c, "admin", "secret", "admin", 201), "GET", v3+"/users?name=demo", "", 200)
	path := v3 + "/users/" + ids(out, "users")[0] + "/password"
	as(t, c, demo, "POST", path, `{"user": {"password": "new", "original_password": "wrong"}}`, 401)
	as(t, c, demo, "POST", path, `{"user": {"password": "new", "original_password": "secret"}}`, 204)
	logIn(t, c, "demo", "secret", "demo", 401)
	logIn(t, c, "demo", "new", "demo", 201)

	out, _ = as(t, c, demo, "GET", v3+"/regions", "", 200)
	if regions := ids(out, "regions"); len(regions) != 1 || regions[0] != "RegionOne" {
		t.Errorf("regions: %v", out)
	}
	for user, want := range map[string]int{"admin": 1, "reader": 0} {
		out, _ = as(t, c, logIn(t, c, user, "secret", "demo", 201), "GET", v3+"/auth/system", "", 200)
		if list := out["system"].([]any); len(list) != want {
			t.Errorf("%s has the system %v", user, list)
		}
	}
	as(t, c, demo, "GET", v3+"/services", "", 403) // the token has the catalog
	admin := logIn(t, c, "admin", "secret", "admin", 201)
	out, _ = as(t, c, admin, "GET", v3+"/services?type=compute", "", 200)
	services := ids(out, "services")
	if len(services) != 1 {
		t.Fatalf("services: %v", out)
	}
	as(t, c, admin, "GET", v3+"/services/"+services[0], "", 200)
	as(t, c, admin, "GET", v3+"/services/nope", "", 404)
	out, _ = as(t, c, admin, "GET", v3+"/endpoints?interface=public&service_id="+services[0], "", 200)
	if list := out["endpoints"].([]any); len(list) != 1 || list[0].(map[string]any)["url"] != c.URL+"/v2.1" {
		t.Errorf("endpoints: %v", list)
	}
	as(t, c, demo, "POST", v3+"/services", `{"service": {"type": "dns"}}`, 403)
}

func TestPasswordsAndTheirKin(t *testing.T) {
	t.Parallel()
	c := start(t)
	admin := logIn(t, c, "admin", "secret", "admin", 201)
	out, _ := as(t, c, admin, "POST", "/identity/v3/users", `{"user": {"name": "ann", "password": "old"}}`, 201)
	path := "/identity/v3/users/" + onlyOne(t, out, "user")["id"].(string) + "/password"
	as(t, c, admin, "POST", path, `{"user": {"original_password": "wrong", "password": "new"}}`, 401)
	as(t, c, admin, "POST", path, `{"user": {"original_password": "old"}}`, 400)
	as(t, c, admin, "POST", path, `{"user": {"original_password": "old", "password": "new"}}`, 204)
	as(t, c, "", "POST", path, `{"user": {"original_password": "new", "password": "newer"}}`, 204)
	as(t, c, "", "POST", "/identity/v3/users/nobody/password", `{"user": {"original_password": "new", "password": "newer"}}`, 401)

	out, _ = as(t, c, admin, "GET", "/identity/v3/users?name=admin", "", 200)
	credentials := "/identity/v3/users/" + ids(out, "users")[0] + "/application_credentials"
	for given, want := range map[string]string{"2100-01-02T03:04:05.123000": "2100-01-02T03:04:05.123000", "2100-01-02T03:04:05Z": "2100-01-02T03:04:05.000000", "2100-01-02T03:04:05+01:00": "2100-01-02T02:04:05.000000"} {
		out, _ = as(t, c, admin, "POST", credentials, fmt.Sprintf(`{"application_credential": {"name": %q, "expires_at": %q}}`, given, given), 201)
		if got := onlyOne(t, out, "application_credential")["expires_at"]; got != want {
			t.Errorf("%s ends at %v", given, got)
		}
	}
}

// TestNamesInDomains has users, groups and projects with the same name in two domains.
func TestNamesInDomains(t *testing.T) {
	t.Parallel()
	c := start(t)
	admin := logIn(t, c, "admin", "secret", "admin", 201)
	out, _ := as(t, c, admin, "POST", v3+"/domains", `{"domain": {"name": "other"}}`, 201)
	domain := onlyOne(t, out, "domain")["id"]
	for _, kind := range []string{"user", "group", "project"} {
		var made []any
		for _, in := range []string{"default", fmt.Sprint(domain)} {
			body := fmt.Sprintf(`{%q: {"name": "ann", "domain_id": %q, "password": "of-%s"}}`, kind, in, in)
			out, _ = as(t, c, admin, "POST", v3+"/"+kind+"s", body, 201)
			made = append(made, onlyOne(t, out, kind)["domain_id"])
			as(t, c, admin, "POST", v3+"/"+kind+"s", body, 409)
		}
		if made[0] != "default" || made[1] != domain {
			t.Errorf("%s: %v", kind, made)
		}
	}
	for _, in := range []string{`"id": "default"`, `"name": "other"`} {
		for password, want := range map[string]int{"of-default": 201, fmt.Sprintf("of-%s", domain): 401} {
			if in == `"name": "other"` {
				want = 602 - want
			}
			as(t, c, "", "POST", v3+"/auth/tokens", fmt.Sprintf(`{"auth": {"identity": {"methods": ["password"], "password": {"user":
				{"name": "ann", "password": %q, "domain": {%s}}}}}}`, password, in), want)
		}
	}
}

// TestInheritedRoles has the results of Keystone 28 for the same requests.
func TestInheritedRoles(t *testing.T) {
	t.Parallel()
	c := start(t)
	admin := logIn(t, c, "admin", "secret", "admin", 201)
	get := func(path, key string) string {
		t.Helper()
		out, _ := as(t, c, admin, "GET", v3+path, "", 200)
		return ids(out, key)[0]
	}
	out, _ := as(t, c, admin, "POST", v3+"/users", `{"user": {"name": "ann", "password": "secret"}}`, 201)
	user, role := onlyOne(t, out, "user")["id"].(string), get("/roles?name=member", "roles")
	logIn(t, c, "ann", "secret", "demo", 401)
	all := v3 + "/OS-INHERIT/domains/default/users/" + user + "/roles"
	one := all + "/" + role + "/inherited_to_projects"
	as(t, c, admin, "HEAD", one, "", 404)
	as(t, c, admin, "PUT", one, "", 204)
	as(t, c, admin, "HEAD", one, "", 204)
	logIn(t, c, "ann", "secret", "demo", 201)
	if got := get("/OS-INHERIT/domains/default/users/"+user+"/roles/inherited_to_projects", "roles"); got != role {
		t.Errorf("inherited: %s", got)
	}
	for query, want := range map[string]string{
		"&scope.OS-INHERIT:inherited_to=projects": "map[OS-INHERIT:inherited_to:projects domain:map[id:default]]",
		"&effective&scope.project.id=" + get("/projects?name=demo", "projects"): "map[OS-INHERIT:inherited_to:projects project:map[id:" +
			get("/projects?name=demo", "projects") + "]]",
	} {
		out, _ = as(t, c, admin, "GET", v3+"/role_assignments?user.id="+user+query, "", 200)
		list := out["role_assignments"].([]any)
		if len(list) != 1 || fmt.Sprint(list[0].(map[string]any)["scope"]) != want {
			t.Errorf("%s: %v", query, list)
		}
	}
	as(t, c, admin, "DELETE", one, "", 204)
	as(t, c, admin, "DELETE", one, "", 404)
	logIn(t, c, "ann", "secret", "demo", 401)
}
