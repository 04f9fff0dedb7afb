package middleware_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/paste"
)

// logins answers every login, and keeps what was sent.
type logins struct {
	t    *testing.T
	sent []string
}

func (l *logins) RoundTrip(r *http.Request) (*http.Response, error) {
	status, answer := http.StatusOK, tokenOf("alice", "demo", time.Hour, "http://keystone", "member")
	if r.Method == http.MethodPost {
		status = http.StatusCreated
		text, err := io.ReadAll(r.Body)
		if err != nil {
			l.t.Error(err)
		}
		var body map[string]any
		if err := json.Unmarshal(text, &body); err != nil {
			l.t.Error(err)
		}
		l.sent = append(l.sent, show(l.t, body["auth"])) // members by name
	}
	return &http.Response{StatusCode: status, Header: http.Header{"X-Subject-Token": {"own"}, "Content-Type": {"application/json"}}, Request: r,
		Body: io.NopCloser(strings.NewReader(show(l.t, answer)))}, nil
}

// TestAuthTokenPlugins holds the logins to what keystoneauth's plugins of these
// names send.
func TestAuthTokenPlugins(t *testing.T) {
	const secret = `"application_credential":{`
	for name, test := range map[string]struct {
		options string
		local   paste.Conf
		want    string
	}{
		"generic password": {options: "auth_type = password\nusername = u\npassword = p\nuser_domain_id = ud\nproject_name = pn\nproject_domain_name = pd\n",
			want: `{"identity":{"methods":["password"],"password":{"user":{"domain":{"id":"ud"},"name":"u","password":"p"}}},"scope":{"project":{"domain":{"name":"pd"},"name":"pn"}}}`},
		"v3password to a domain": {options: "auth_type = v3password\nuser_id = u\npassword = p\ndomain_name = d\n",
			want: `{"identity":{"methods":["password"],"password":{"user":{"id":"u","password":"p"}}},"scope":{"domain":{"name":"d"}}}`},
		"trust": {options: "auth_type = password\nuser_id = u\npassword = p\ntrust_id = tr\n",
			want: `{"identity":{"methods":["password"],"password":{"user":{"id":"u","password":"p"}}},"scope":{"OS-TRUST:trust":{"id":"tr"}}}`},
		"v3token": {options: "auth_type = v3token\ntoken = t\nproject_id = pid\n",
			want: `{"identity":{"methods":["token"],"token":{"id":"t"}},"scope":{"project":{"id":"pid"}}}`},
		"application credential by id": {options: "auth_type = v3applicationcredential\napplication_credential_id = i\napplication_credential_secret = s\n",
			want: `{"identity":{` + secret + `"id":"i","secret":"s"},"methods":["application_credential"]}}`},
		"application credential by name": {options: "auth_type = v3applicationcredential\napplication_credential_name = n\napplication_credential_secret = s\nusername = u\nuser_domain_name = d\n",
			want: `{"identity":{` + secret + `"name":"n","secret":"s","user":{"domain":{"name":"d"},"name":"u"}},"methods":["application_credential"]}}`},
		"of the paste section": {options: "auth_type = password\n", local: paste.Conf{"user_id": "u", "password": "p", "trust_id": "tr"},
			want: `{"identity":{"methods":["password"],"password":{"user":{"id":"u","password":"p"}}},"scope":{"OS-TRUST:trust":{"id":"tr"}}}`},
	} {
		file := filepath.Join(t.TempDir(), "nova.conf")
		if err := os.WriteFile(file, []byte("[keystone_authtoken]\nauth_url = http://keystone/v3\n"+test.options), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Load(config.Sources{Files: []string{file}, NoDefaults: true})
		if err != nil {
			t.Fatal(err)
		}
		keystone := &logins{t: t}
		f, err := middleware.Registry(middleware.Deps{Config: cfg, Log: zerolog.Nop(), Transport: keystone})["keystonemiddleware#auth_token"].(paste.Filter)(nil, test.local)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if resp := serve(t, get("X-Auth-Token", "alice"), handler(ok), f); resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", name, resp.StatusCode)
		}
		if got := strings.Join(keystone.sent, " "); got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, test.want)
		}
	}
}

func TestDelayAuthDecision(t *testing.T) {
	k := newKeystone(t)
	k.give("good", tokenOf("alice", "demo", time.Hour, k.URL, "member"))
	f := k.filter(t, "delay_auth_decision = true\n", nil)
	see := handler(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("X-Identity-Status")+" "+r.Header.Get("X-User-Name")+" "+r.Header.Get("X-Service-Identity-Status"))
	})
	refuse := handler(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	for _, test := range []struct{ user, service, want string }{
		{"good", "", "Confirmed alice "}, {"bad", "", "Invalid  "}, {"", "", "Invalid  "}, {"good", "bad", "Confirmed alice Invalid"},
	} {
		r := get("X-User-Name", "forged", "X-Identity-Status", "Confirmed")
		if test.user != "" {
			r.Header.Set("X-Auth-Token", test.user)
		}
		if test.service != "" {
			r.Header.Set("X-Service-Token", test.service)
		}
		if got := body(t, serve(t, r, see, f)); got != test.want {
			t.Errorf("%+v: %q", test, got)
		}
	}
	// The application's own 401 says where to get a token.
	if got := serve(t, get(), refuse, f).Header.Get("Www-Authenticate"); got != `Keystone uri="http://keystone/v3"` {
		t.Errorf("%q", got)
	}
	k.down = true
	if got := body(t, serve(t, get("X-Auth-Token", "other"), see, f)); got != "Invalid  " {
		t.Errorf("Keystone is away: %q", got)
	}
}
