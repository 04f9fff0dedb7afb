package identity_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestFiltersOfKeystone(t *testing.T) {
	t.Parallel()
	do, made := keystone(t)
	made("project", `{"name": "site", "tags": ["a", "b"]}`)
	for path, want := range map[string]string{
		"projects?name__contains=dmi": "admin", "projects?name__icontains=DMI": "admin", "projects?name__contains=DMI": "", "projects?name__startswith=de": "demo", "projects?name__iendswith=MO": "demo",
		"projects?name__endswith=ice": "service", "projects?name__istartswith=AD": "admin", "projects?name__other=x": "admin demo service site",
		"users?name__contains=ova": "nova", "roles?name__contains=read": "reader",
		"projects?tags=a,b": "site", "projects?tags=a,c": "", "projects?tags-any=a,c": "site", "projects?not-tags=a,b": "admin demo service",
		"projects?not-tags=a,c": "admin demo service site", "projects?not-tags-any=a,c": "admin demo service",
	} {
		kind, _, _ := strings.Cut(path, "?")
		if got := namesOf(do("GET", "/"+path, "", 200), kind); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
}

func TestTagsOfProjects(t *testing.T) {
	t.Parallel()
	do, made := keystone(t)
	tags := "/projects/" + made("project", `{"name": "site", "tags": ["a"]}`) + "/tags"
	check := func(want string) {
		t.Helper()
		if got := fmt.Sprint(do("GET", tags, "", 200)["tags"]); got != want {
			t.Errorf("the tags are %s, not %s", got, want)
		}
	}
	check("[a]")
	do("PUT", tags, `{"tags": ["b", "c"]}`, 200)
	do("PUT", tags, `{"tags": ["b/c"]}`, 400)
	check("[b c]")
	do("PUT", tags+"/d", "", 201)
	do("PUT", tags+"/d", "", 400)
	do("GET", tags+"/d", "", 204)
	do("DELETE", tags+"/b", "", 204)
	do("DELETE", tags+"/b", "", 404)
	do("GET", tags+"/b", "", 404)
	check("[c d]")
	do("DELETE", tags, "", 204)
	check("[]")
	do("GET", "/projects/nope/tags", "", 404)
}

func TestDomainsAreProjects(t *testing.T) {
	t.Parallel()
	do, made := keystone(t)
	domain := made("project", `{"name": "acme", "is_domain": true}`)
	if d := onlyOne(t, do("GET", "/projects/"+domain, "", 200), "project"); d["is_domain"] != true || d["domain_id"] != nil || d["parent_id"] != nil {
		t.Errorf("the project is %v", d)
	}
	do("GET", "/domains/"+domain, "", 200)
	if all, domains := namesOf(do("GET", "/projects", "", 200), "projects"), namesOf(do("GET", "/projects?is_domain=true", "", 200), "projects"); all != "admin demo service" || domains != "Default acme" {
		t.Errorf("projects %s; domains %s", all, domains)
	}
	made("project", `{"name": "inner", "domain_id": "`+domain+`"}`)
	do("DELETE", "/projects/"+domain, "", 403)
	do("PATCH", "/projects/"+domain, `{"project": {"enabled": false}}`, 200)
	do("DELETE", "/projects/"+domain, "", 204)
	do("GET", "/domains/"+domain, "", 404)
}

func TestRolesOfDomains(t *testing.T) {
	t.Parallel()
	do, made := keystone(t)
	role := made("role", `{"name": "clerk", "domain_id": "default", "email": "x", "options": {"immutable": false}}`)
	if got := namesOf(do("GET", "/roles?domain_id=default", "", 200), "roles"); got != "clerk" {
		t.Errorf("roles of the domain: %s", got)
	}
	if got := namesOf(do("GET", "/roles", "", 200), "roles"); strings.Contains(got, "clerk") {
		t.Errorf("roles of none: %s", got)
	}
	d := onlyOne(t, do("PATCH", "/roles/"+role, `{"role": {"email": "y", "options": {"immutable": null}}}`, 200), "role")
	if d["email"] != "y" || d["domain_id"] != "default" || fmt.Sprint(d["options"]) != "map[]" {
		t.Errorf("the role is %v", d)
	}
	group := onlyOne(t, do("GET", "/groups/"+made("group", `{"name": "g", "email": "z"}`), "", 200), "group")
	if group["email"] != "z" || group["domain_id"] != "default" {
		t.Errorf("the group is %v", group)
	}

	parent := made("project", `{"name": "parent"}`)
	child := made("project", `{"name": "child", "parent_id": "`+parent+`"}`)
	user := made("user", `{"name": "u"}`)
	do("PUT", "/projects/"+child+"/users/"+user+"/roles/"+role, "", 204)
	for query, want := range map[string]int{"scope.project.id=" + child: 1, "scope.project.id=" + parent: 0, "scope.project.id=" + parent + "&include_subtree=true": 1,
		"scope.project.id=default&include_subtree": 1, "scope.project.id=default": 0, "scope.project.id=" + parent + "&include_subtree=false": 0} {
		list := do("GET", "/role_assignments?include_names=0&user.id="+user+"&"+query, "", 200)["role_assignments"].([]any)
		if len(list) != want {
			t.Errorf("%s: %v", query, list)
		}
		for _, a := range list {
			if onlyOne(t, a.(map[string]any), "role")["name"] != nil {
				t.Errorf("%s has names: %v", query, a)
			}
		}
	}
	do("GET", "/role_assignments?include_subtree=true", "", 400)
}

func TestRegions(t *testing.T) {
	t.Parallel()
	do, made := keystone(t)
	region := made("region", `{"id": "north", "description": "d", "parent_region_id": "RegionOne", "email": "x"}`)
	do("POST", "/regions", `{"region": {"id": "north"}}`, 409)
	do("POST", "/regions", `{"region": {"parent_region_id": "nope"}}`, 404)
	if list := do("GET", "/regions?parent_region_id=RegionOne", "", 200)["regions"].([]any); region != "north" || len(list) != 1 {
		t.Errorf("region %s of %v", region, list)
	}
	if d := onlyOne(t, do("PATCH", "/regions/north", `{"region": {"description": ""}}`, 200), "region"); d["description"] != "" || d["email"] != "x" || d["parent_region_id"] != "RegionOne" {
		t.Errorf("the region is %v", d)
	}
	do("DELETE", "/regions/north", "", 204)
	do("DELETE", "/regions/north", "", 404)
	do("DELETE", "/regions/RegionOne", "", 403)
}

func TestFieldsThatMeanNothingAreKept(t *testing.T) {
	t.Parallel()
	c := start(t)
	admin := logIn(t, c, "admin", "secret", "admin", 201)
	project := made(t, c, admin, "project", `{"name": "site", "tags": ["a"]}`)
	user := made(t, c, admin, "user", fmt.Sprintf(`{"name": "bob", "password": "pw", "email": "b@site", "default_project_id": %q}`, project))
	out, _ := as(t, c, admin, "GET", v3+"/users/"+user, "", 200)
	u := onlyOne(t, out, "user")
	if u["email"] != "b@site" || u["default_project_id"] != project {
		t.Errorf("the user is %v", u)
	}
	if _, shown := u["password"]; shown {
		t.Errorf("the password is shown: %v", u)
	}
	as(t, c, admin, "PATCH", v3+"/users/"+user, `{"user": {"email": null}}`, 200)
	out, _ = as(t, c, admin, "GET", v3+"/users/"+user, "", 200)
	if _, kept := onlyOne(t, out, "user")["email"]; kept {
		t.Errorf("the address is kept: %v", out)
	}
	out, _ = as(t, c, admin, "GET", v3+"/projects/"+project, "", 200)
	if tags := fmt.Sprint(onlyOne(t, out, "project")["tags"]); tags != "[a]" {
		t.Errorf("tags %s", tags)
	}
	out, _ = as(t, c, admin, "GET", v3+"/users?name=bob&domain_id=other&unknown=x", "", 200)
	if list := ids(out, "users"); len(list) != 0 {
		t.Errorf("users of another domain: %v", list)
	}
}

// namesOf are the names in a list, sorted.
func namesOf(out map[string]any, kind string) string {
	var names []string
	for _, d := range out[kind].([]any) {
		names = append(names, d.(map[string]any)["name"].(string))
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}
