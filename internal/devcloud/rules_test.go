package devcloud_test

import (
	"fmt"
	"testing"
)

// TestSmallIdentityAPIs has the results of Keystone for the same requests.
func TestSmallIdentityAPIs(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	admin, demo := logIn(t, c, "admin", "secret", "admin", 201), loggedIn(t, c.URL, "demo")
	do := api(t, c, "/identity/v3")
	first := func(out map[string]any, key string) map[string]any { return out[key].([]any)[0].(map[string]any) }

	user := "/users/" + first(do(admin, "GET", "/users?name=demo", "", 200), "users")["id"].(string)
	made := onlyOne(t, do(demo, "POST", user+"/application_credentials", `{"application_credential": {"name": "c", "secret": "hush",
		"access_rules": [{"service": "compute", "path": "/v2.1/servers", "method": "GET"}]}}`, 201), "application_credential")
	rule := user + "/access_rules/" + first(do(demo, "GET", user+"/access_rules", "", 200), "access_rules")["id"].(string)
	do(demo, "GET", rule, "", 200, `"path":"/v2.1/servers"`)
	do(demo, "DELETE", rule, "", 403, "May not delete access rule in use")
	header, _ := send(t, c, "", "POST", "/identity/v3/auth/tokens", fmt.Sprintf(`{"auth": {"identity": {"methods": ["application_credential"],
		"application_credential": {"id": %q, "secret": "hush"}}}}`, made["id"]), 201)
	limited := header.Get("X-Subject-Token")
	_, _ = send(t, c, limited, "GET", "/v2.1/servers", "", 200)
	_, _ = send(t, c, limited, "GET", "/v2.1/flavors", "", 401)
	do(demo, "DELETE", fmt.Sprintf("%s/application_credentials/%s", user, made["id"]), "", 204)
	do(demo, "DELETE", rule, "", 204)
	do(demo, "GET", rule, "", 404, "Could not find Access Rule")

	domain := "/domains/" + onlyOne(t, do(admin, "POST", "/domains", `{"domain": {"name": "d"}}`, 201), "domain")["id"].(string) + "/config"
	do(admin, "GET", domain, "", 404, "Could not find any options in domain configuration for domain")
	do(admin, "PUT", domain, `{"config": {"identity": {"driver": "ldap"}, "ldap": {"url": "ldap://x", "password": "p"}}}`, 201,
		`{"config":{"identity":{"driver":"ldap"},"ldap":{"url":"ldap://x"}}}`)
	do(admin, "PATCH", domain, `{"config": {"ldap": {"url": "ldap://y"}}}`, 200, "ldap://y", `"driver":"ldap"`)
	do(admin, "GET", domain+"/ldap/url", "", 200, `{"config":{"url":"ldap://y"}}`)
	do(admin, "PUT", domain, `{"config": {"nope": {"a": "b"}}}`, 403, "Group nope is not supported")
	do(demo, "GET", domain, "", 403)
	do(admin, "DELETE", domain, "", 204)
	do(admin, "GET", domain+"/ldap", "", 404)

	service := first(do(admin, "GET", "/services?type=compute", "", 200), "services")["id"]
	registered := fmt.Sprintf(`{"registered_limits": [{"service_id": %q, "region_id": "RegionOne", "resource_name": "servers", "default_limit": 10}]}`, service)
	one := "/registered_limits/" + first(do(admin, "POST", "/registered_limits", registered, 201), "registered_limits")["id"].(string)
	do(admin, "POST", "/registered_limits", registered, 409, "Duplicate entry")
	do(admin, "PATCH", one, `{"registered_limit": {"default_limit": 11}}`, 200, `"default_limit":11`)
	project := projectOf(t, c.URL, demo)
	limit := func(name string) string {
		return fmt.Sprintf(`{"limits": [{"service_id": %q, "region_id": "RegionOne", "project_id": %q, "resource_name": %q, "resource_limit": 5}]}`, service, project, name)
	}
	do(admin, "POST", "/limits", limit("other"), 403, "Unable to create a limit that has no corresponding registered limit.")
	do(demo, "POST", "/limits", limit("servers"), 403)
	mine := "/limits/" + first(do(admin, "POST", "/limits", limit("servers"), 201), "limits")["id"].(string)
	do(demo, "GET", "/limits?resource_name=servers", "", 200, `"resource_limit":5`)
	do(admin, "PATCH", mine, `{"limit": {"description": "d"}}`, 200, `"description":"d"`)
	do(admin, "DELETE", one, "", 403, "because there are project limits associated with it")
	do(admin, "DELETE", mine, "", 204)
	do(admin, "DELETE", one, "", 204)
	do(admin, "GET", mine, "", 404, "Could not find limit for")
	do(demo, "GET", "/limits/model", "", 200, `"flat"`)
}
