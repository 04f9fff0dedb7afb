package identity_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestWhoMayCallWhat has nobody, a member, another member and an administrator call
// operations of each kind of access, most of them about what is not there.
func TestWhoMayCallWhat(t *testing.T) {
	t.Parallel()
	c := start(t)
	admin := logIn(t, c, "admin", "secret", "admin", 201)
	tokens := []string{"", logIn(t, c, "demo", "secret", "demo", 201), logIn(t, c, "reader", "secret", "demo", 201), admin}
	out, _ := as(t, c, admin, "GET", v3+"/users?name=demo", "", 200)
	demo := ids(out, "users")[0]
	const all = "GET HEAD POST PUT PATCH DELETE"
	for _, row := range []struct {
		methods, path string
		want          [4]int
	}{
		{"GET HEAD", "/", [4]int{300, 300, 300, 300}},
		{"GET HEAD", "/v3", [4]int{200, 200, 200, 200}},
		{"POST", "/v3/auth/tokens", [4]int{400, 400, 400, 400}},
		{"GET HEAD DELETE", "/v3/auth/tokens", [4]int{401, 404, 404, 404}},
		{"GET HEAD", "/v3/auth/catalog", [4]int{401, 200, 200, 200}},
		{"POST", "/v3/users/" + demo + "/password", [4]int{400, 400, 400, 400}},
		{"GET HEAD", "/v3/users", [4]int{401, 200, 200, 200}},
		{"POST", "/v3/users", [4]int{401, 403, 403, 400}},
		{"GET HEAD", "/v3/roles/nope", [4]int{401, 404, 404, 404}},
		{"PATCH DELETE", "/v3/projects/nope", [4]int{401, 403, 403, 404}},
		{"GET HEAD", "/v3/projects/nope/tags", [4]int{401, 404, 404, 404}},
		{"PUT DELETE", "/v3/projects/nope/tags", [4]int{401, 403, 403, 404}},
		{"GET HEAD", "/v3/groups/nope/users/" + demo, [4]int{401, 404, 404, 404}},
		{"PUT DELETE", "/v3/groups/nope/users/" + demo, [4]int{401, 403, 403, 404}},
		{"GET HEAD", "/v3/system/users/" + demo + "/roles", [4]int{401, 200, 200, 200}},
		{"PUT DELETE", "/v3/system/users/" + demo + "/roles/nope", [4]int{401, 403, 403, 404}},
		{"GET HEAD", "/v3/role_assignments", [4]int{401, 200, 200, 200}},
		{"GET HEAD", "/v3/users/" + demo + "/application_credentials", [4]int{401, 200, 403, 200}},
		{"POST", "/v3/users/" + demo + "/application_credentials", [4]int{401, 400, 403, 403}},
		{"GET HEAD DELETE", "/v3/users/" + demo + "/application_credentials/nope", [4]int{401, 404, 403, 404}},
		{"POST", "/v3/endpoints", [4]int{401, 403, 403, 400}},
		{"GET HEAD", "/v3/services", [4]int{401, 403, 403, 200}},
		{"GET HEAD DELETE", "/v3/services/nope", [4]int{401, 403, 403, 404}},
		{"PATCH", "/v3/services/nope", [4]int{401, 403, 403, 400}},
		{"GET HEAD DELETE", "/v3/OS-EP-FILTER/endpoint_groups/nope", [4]int{401, 403, 403, 404}},
		{all, "/v3/nope", [4]int{401, 404, 404, 404}},
	} {
		for method := range strings.FieldsSeq(row.methods) {
			for n, token := range tokens {
				body := "{}"
				if row.path == "/v3/auth/tokens" {
					body = "" // for {} names nobody, which is 401
				}
				q, err := http.NewRequestWithContext(t.Context(), method, c.URL+"/identity"+row.path, strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				q.Header.Set("X-Auth-Token", token)
				r, err := c.Client().Do(q)
				if err != nil {
					t.Fatal(err)
				}
				r.Body.Close()
				if r.StatusCode != row.want[n] {
					t.Errorf("%s %s by caller %d: %d, want %d", method, row.path, n, r.StatusCode, row.want[n])
				}
				if says := r.Header.Get("WWW-Authenticate"); (says == `Keystone uri="`+c.URL+`/identity/v3"`) != (r.StatusCode == 401) {
					t.Errorf("%s %s by caller %d: WWW-Authenticate is %q", method, row.path, n, says)
				}
			}
		}
	}
}
