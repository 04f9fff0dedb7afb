//go:build lab

package compute_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// labKeystone creates what tokens need in Keystone, and removes it after the test.
type labKeystone struct {
	t     *testing.T
	admin string
}

// do sends a request to Keystone, and returns the answer and its token.
func (k *labKeystone) do(token, method, path, body string, headers ...string) (answer map[string]any, subject string) {
	k.t.Helper()
	q, err := http.NewRequestWithContext(context.Background(), method, labIdentity()+path, strings.NewReader(body))
	if err != nil {
		k.t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/json")
	if token != "" {
		q.Header.Set("X-Auth-Token", token)
	}
	for n := 0; n+1 < len(headers); n += 2 {
		q.Header.Set(headers[n], headers[n+1])
	}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		k.t.Fatal(err)
	}
	defer r.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(r.Body); err != nil {
		k.t.Fatal(err)
	}
	if r.StatusCode >= http.StatusBadRequest {
		k.t.Fatalf("%s %s answers %d: %s", method, path, r.StatusCode, b.Bytes())
	}
	_ = json.Unmarshal(b.Bytes(), &answer) // some have no body
	return answer, r.Header.Get("X-Subject-Token")
}

// create creates a resource and returns its id; it is deleted when the test ends.
func (k *labKeystone) create(token, method, path, kind, body string) string {
	k.t.Helper()
	answer, _ := k.do(token, method, path, `{"`+kind+`": `+body+`}`)
	one, _ := answer[kind].(map[string]any)
	id, _ := one["id"].(string)
	at := path
	if method == http.MethodPost {
		at += "/" + id
	}
	k.t.Cleanup(func() {
		if kind == "domain" {
			k.do(token, http.MethodPatch, at, `{"domain": {"enabled": false}}`)
		}
		k.do(token, http.MethodDelete, at, "")
	})
	return id
}

// find returns the id of the first resource with a name.
func (k *labKeystone) find(kind, name string) string {
	k.t.Helper()
	answer, _ := k.do(k.admin, http.MethodGet, "/"+kind+"s?name="+name, "")
	list, _ := answer[kind+"s"].([]any)
	if len(list) == 0 {
		k.t.Fatalf("Keystone has no %s %s", kind, name)
	}
	one, _ := list[0].(map[string]any)
	return fmt.Sprint(one["id"])
}

// login returns a token for an identity, with a scope unless it is "".
func (k *labKeystone) login(identity, scope string) string {
	k.t.Helper()
	if scope != "" {
		scope = `, "scope": ` + scope
	}
	_, token := k.do("", http.MethodPost, "/auth/tokens", `{"auth": {"identity": `+identity+scope+`}}`)
	return token
}

// password is the identity of a user with the password of all users of the lab.
func (k *labKeystone) password(user string) string {
	return `{"methods": ["password"], "password": {"user": {"id": "` + user + `", "password": "` + os.Getenv("OS_PASSWORD") + `"}}}`
}

// labTokens returns tokens of many kinds, all but three of them with the role member in the project demo.
func labTokens(t *testing.T, k *labKeystone) map[string]string {
	t.Helper()
	name := fmt.Sprintf("lab-%d", time.Now().UnixNano())
	demo, manager, project, member := k.find("user", "demo"), k.find("user", "manager"), k.find("project", "demo"), k.find("role", "member")
	scope := `{"project": {"id": "` + project + `"}}`
	own := k.login(k.password(demo), scope)
	tokens := map[string]string{"unscoped": k.login(k.password(manager), `"unscoped"`), "system": k.login(k.password(k.find("user", os.Getenv("OS_USERNAME"))), `{"system": {"all": true}}`)}

	for kind, more := range map[string]string{"credential": "", "unrestricted": `, "unrestricted": true`,
		"rules": `, "access_rules": [{"service": "compute", "method": "GET", "path": "/v2.1/servers/detail"}, {"service": "compute", "method": "POST", "path": "/v2.1/servers"}, ` +
			`{"service": "compute", "method": "GET", "path": "/v2.1/servers/{server_id}"}, {"service": "compute", "method": "POST", "path": "/v2.1/servers/*/action"}, ` +
			`{"service": "image", "method": "GET", "path": "/**"}, {"service": "network", "method": "GET", "path": "/**"}]`} {
		secret := name + kind
		id := k.create(own, http.MethodPost, "/users/"+demo+"/application_credentials", "application_credential", `{"name": "`+secret+`", "secret": "`+secret+`"`+more+`}`)
		tokens[kind] = k.login(`{"methods": ["application_credential"], "application_credential": {"id": "`+id+`", "secret": "`+secret+`"}}`, "")
	}
	for kind, impersonation := range map[string]string{"trust": "false", "impersonation": "true"} {
		id := k.create(own, http.MethodPost, "/OS-TRUST/trusts", "trust", `{"trustor_user_id": "`+demo+`", "trustee_user_id": "`+manager+`", "project_id": "`+project+
			`", "impersonation": `+impersonation+`, "roles": [{"id": "`+member+`"}]}`)
		tokens[kind] = k.login(k.password(manager), `{"OS-TRUST:trust": {"id": "`+id+`"}}`)
	}

	// A user and a group of another domain; a project of that domain has a user of its own.
	domain := k.create(k.admin, http.MethodPost, "/domains", "domain", `{"name": "`+name+`"}`)
	user := k.create(k.admin, http.MethodPost, "/users", "user", `{"name": "demo", "domain_id": "`+domain+`", "password": "`+os.Getenv("OS_PASSWORD")+`"}`)
	other := k.create(k.admin, http.MethodPost, "/projects", "project", `{"name": "demo", "domain_id": "`+domain+`"}`)
	group := k.create(k.admin, http.MethodPost, "/groups", "group", `{"name": "`+name+`", "domain_id": "`+domain+`"}`)
	for _, path := range []string{"/projects/" + project + "/users/" + user, "/projects/" + other + "/users/" + user, "/domains/" + domain + "/users/" + user,
		"/projects/" + project + "/groups/" + group} {
		k.do(k.admin, http.MethodPut, path+"/roles/"+member, "")
	}
	tokens["domain user"] = k.login(k.password(user), scope)
	tokens["domain project"] = k.login(k.password(user), `{"project": {"id": "`+other+`"}}`)
	tokens["domain"] = k.login(k.password(user), `{"domain": {"id": "`+domain+`"}}`)

	// What a front server would put into the environment comes from headers: the remote user, and the name of the provider.
	k.create(k.admin, http.MethodPut, "/OS-FEDERATION/mappings/"+name, "mapping", `{"rules": [{"local": [{"user": {"name": "{0}"}, "group": {"id": "`+group+`"}}], "remote": [{"type": "HTTP_X_LAB_USER"}]}]}`)
	provider := "/OS-FEDERATION/identity_providers/" + name
	k.create(k.admin, http.MethodPut, provider, "identity_provider", `{"enabled": true, "remote_ids": ["`+name+`"], "domain_id": "`+domain+`"}`)
	k.create(k.admin, http.MethodPut, provider+"/protocols/mapped", "protocol", `{"mapping_id": "`+name+`", "remote_id_attribute": "HTTP_X_LAB_PROVIDER"}`)
	_, unscoped := k.do("", http.MethodPost, provider+"/protocols/mapped/auth", "", "X-Lab-User", "someone@"+name, "X-Lab-Provider", name)
	tokens["federated"] = k.login(`{"methods": ["token"], "token": {"id": "`+unscoped+`"}}`, scope)
	return tokens
}

// tokenSteps are operations with a token. A server is created if it permits that.
func tokenSteps(kind string, creates bool) []labStep {
	step := func(name, do, body, until string) labStep {
		return labStep{chapter: chapter{name: kind + ": " + name, do: do, body: body, until: until}, as: kind}
	}
	create := step("create", "POST /servers", `{"server": {"name": "lab-tokens-{side}", "imageRef": "{image}", "flavorRef": "{flavor}", "networks": [{"uuid": "{net}"}]}}`, "ACTIVE")
	create.save = "server=server.id"
	steps := []labStep{step("list", "GET /servers/detail?name=lab-tokens-{side}", "", ""), step("list all", "GET /servers?all_tenants=1&name=lab-tokens-{side}", "", ""),
		step("flavors", "GET /flavors", "", ""), step("limits", "GET /limits?reserved=1", "", ""), step("hypervisors", "GET /os-hypervisors", "", ""),
		step("create a key pair", "POST /os-keypairs", `{"keypair": {"name": "{side}", "type": "ssh", "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKWU/CwtOE11dtyphH5JXi8i7IpxMfFiI7hFi1+DWP4V lab"}}`, ""),
		step("key pair", "GET /os-keypairs/{side}", "", ""), step("delete the key pair", "DELETE /os-keypairs/{side}", "", ""),
		step("external event", "POST /os-server-external-events", `{"events": [{"name": "network-changed", "server_uuid": "6f1c2d3e-0000-4000-8000-000000000001"}]}`, ""), create}
	if !creates {
		steps[len(steps)-1].save, steps[len(steps)-1].until = "", ""
		return steps
	}
	return append(steps, step("show", "GET /servers/{server}", "", ""), step("set metadata", "POST /servers/{server}/metadata", `{"metadata": {"c": "d"}}`, ""),
		step("stop", "action", `{"os-stop": null}`, "SHUTOFF"), step("start", "action", `{"os-start": null}`, "ACTIVE"), step("interfaces", "GET /servers/{server}/os-interface", "", ""),
		step("actions", "GET /servers/{server}/os-instance-actions", "", ""), step("migrate", "action", `{"migrate": null}`, ""),
		step("lock", "action", `{"lock": null}`, ""), step("unlock", "action", `{"unlock": null}`, ""), step("delete", "DELETE /servers/{server}", "", "gone"),
		labStep{chapter: chapter{name: kind + ": end", do: "DELETE /servers/{server}"}, reach: "404"})
}

// TestLabTokens sends the same requests with tokens of application credentials, trusts, other domains and federated users.
func TestLabTokens(t *testing.T) {
	n := labNeighbourhood(t, "compute")
	n.contexts = true
	tokens := labTokens(t, &labKeystone{t, n.sides[0].token})
	var kinds []string
	for kind, token := range tokens {
		n.tokens[kind] = token
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	for _, kind := range kinds {
		n.run(t, tokenSteps(kind, !slices.Contains([]string{"unscoped", "system", "domain"}, kind)))
	}
}
