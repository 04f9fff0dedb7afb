package inspect_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/inspect"
)

// identity is a Keystone with the user nova, whose password is "right". Its catalog has services in
// the region "one" with the interfaces public and internal.
type identity struct {
	url    string
	logins atomic.Int32
}

func newIdentity(t *testing.T, services map[string]string) *identity {
	t.Helper()
	k := &identity{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /v3/auth/tokens", func(w http.ResponseWriter, r *http.Request) {
		k.logins.Add(1)
		var body struct {
			Auth struct {
				Identity struct {
					Password struct {
						User struct{ Name, Password string }
					}
					ApplicationCredential struct{ ID, Secret string } `json:"application_credential"`
				}
				Scope any
			}
		}
		_ = json.NewDecoder(r.Body).Decode(&body)
		user, credential := body.Auth.Identity.Password.User, body.Auth.Identity.ApplicationCredential
		if (user.Name != "nova" || user.Password != "right") && (credential.ID != "cred" || credential.Secret != "right") {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"error":{"code":401,"message":"The request you have made requires authentication.","title":"Unauthorized"}}`))
			return
		}
		var catalog []any
		for kind, url := range services {
			var endpoints []any
			for _, i := range []string{"public", "internal"} {
				endpoints = append(endpoints, map[string]any{"interface": i, "region_id": "one", "region": "one", "url": url, "id": kind + i})
			}
			catalog = append(catalog, map[string]any{"type": kind, "name": kind, "endpoints": endpoints})
		}
		token := map[string]any{"expires_at": time.Now().Add(time.Hour).UTC().Format(time.RFC3339), "catalog": catalog}
		if body.Auth.Scope != nil || credential.ID != "" {
			token["project"] = map[string]any{"id": "p", "name": "service"}
		}
		w.Header().Set("X-Subject-Token", "t")
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]any{"token": token})
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	k.url = server.URL
	return k
}

// certified serves HTTPS on an address with a certificate that is valid for a duration.
func certified(t *testing.T, dir string, life time.Duration) (url, ca string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "services"}, NotBefore: time.Now().Add(-48 * time.Hour),
		NotAfter: time.Now().Add(life), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	ca = filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return server.URL, ca
}

// TestSessions finds each mistake in the credentials and endpoints of other services.
func TestSessions(t *testing.T) {
	t.Parallel()
	answers := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			http.NotFound(w, r)
			return
		}
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(answers.Close)
	fails := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	t.Cleanup(fails.Close)
	gone := httptest.NewServer(nil)
	gone.Close()
	dir := t.TempDir()
	soonURL, soonCA := certified(t, dir, 100*time.Hour)
	all := map[string]string{"placement": answers.URL, "network": answers.URL + "/network", "image": answers.URL + "/image",
		"block-storage": answers.URL + "/volume", "identity": answers.URL + "/identity"}
	without := func(kind string) map[string]string {
		some := map[string]string{}
		for k, v := range all {
			if k != kind {
				some[k] = v
			}
		}
		return some
	}
	with := func(kind, url string) map[string]string {
		some := without(kind)
		some[kind] = url
		return some
	}
	const login = "auth_type = password\nauth_url = KEYSTONE\nusername = nova\npassword = right\nproject_name = service\ndefault_domain_id = default\n"
	const clean = "[keystone_authtoken]\n" + login + "[placement]\n" + login + "[neutron]\n" + login + "[service_user]\nsend_service_user_token = true\n" + login
	in := func(group, from, to string) string { // replaces a text in one group
		before, after, _ := strings.Cut(clean, "["+group+"]\n")
		end := strings.Index(after+"[", "[")
		return before + "[" + group + "]\n" + strings.Replace(after[:end], from, to, 1) + after[end:]
	}
	refused := `"; user, domains, project or password are wrong`
	for name, test := range map[string]struct {
		conf     string
		services map[string]string
		logins   int32 // 0: not compared
		want     []string
	}{
		"clean": {conf: clean, services: all, logins: 1},
		"password of [keystone_authtoken]": {conf: in("keystone_authtoken", "right", "wrong"), services: all, logins: 2, want: []string{
			`error: nova.conf:5: [keystone_authtoken] password: the Keystone at KEYSTONE refuses the login of "nova` + refused}},
		"user of [placement]": {conf: in("placement", "= nova", "= nava"), services: all, want: []string{
			`error: nova.conf:12: [placement] password: the Keystone at KEYSTONE refuses the login of "nava` + refused}},
		"password of [neutron]": {conf: in("neutron", "right", "wrong"), services: all, want: []string{
			`error: nova.conf:19: [neutron] password: the Keystone at KEYSTONE refuses the login of "nova` + refused}},
		"password of [service_user]": {conf: in("service_user", "right", "wrong"), services: all, want: []string{
			`error: nova.conf:27: [service_user] password: the Keystone at KEYSTONE refuses the login of "nova` + refused}},
		"the same wrong password twice": {conf: strings.ReplaceAll(clean, "[placement]\n"+login, "[placement]\n"+strings.Replace(login, "right", "wrong", 1)+"[manila]\n"+strings.Replace(login, "right", "wrong", 1)), services: all, logins: 2, want: []string{
			`error: nova.conf:12: [placement] password: the Keystone at KEYSTONE refuses the login of "nova` + refused,
			`warning: nova.conf:19: [manila] password: the Keystone at KEYSTONE refuses the login of "nova` + refused}},
		"application credential": {conf: in("placement", login, "auth_type = v3applicationcredential\nauth_url = KEYSTONE\napplication_credential_id = cred\napplication_credential_secret = wrong\n"), services: all, want: []string{
			`error: nova.conf:12: [placement] application_credential_secret: the Keystone at KEYSTONE refuses the login of "cred` + refused}},
		"no project": {conf: in("placement", "project_name = service\n", ""), services: all, want: []string{
			"error: [placement] project_name: the token has no project: neither project_name nor project_id is set"}},
		"no password": {conf: in("placement", "password = right\n", ""), services: all, want: []string{
			"error: nova.conf:9: [placement] auth_type: the options of the plugin password are incomplete: You must provide a password to authenticate"}},
		"no auth_url": {conf: in("placement", "auth_url = KEYSTONE\n", ""), services: all, want: []string{
			"error: [placement] auth_url: is not set, and the plugin password requires it"}},
		"no auth_type": {conf: in("placement", "auth_type = password\n", ""), services: all, want: []string{
			"error: [placement] auth_type: is not set: requests to Placement fail"}},
		"unknown auth_type": {conf: in("neutron", "= password", "= v3passwort"), services: all, want: []string{
			`error: nova.conf:16: [neutron] auth_type: the plugin "v3passwort" is not supported; did you mean v3password?`}},
		"no Keystone at auth_url": {conf: in("placement", "= KEYSTONE", "= ANSWERS"), services: all, want: []string{
			"error: nova.conf:10: [placement] auth_url: there is no Keystone at ANSWERS: a login is answered with 404"}},
		"a path of auth_url": {conf: in("placement", "= KEYSTONE", "= KEYSTONE/identity"), services: all, want: []string{
			"error: nova.conf:10: [placement] auth_url: the Keystone at KEYSTONE/identity answers a login with 405"}},
		"Keystone is down": {conf: in("placement", "= KEYSTONE", "= GONE"), services: all, want: []string{
			"error: nova.conf:10: [placement] auth_url: the Keystone at GONE does not answer: connect: connection refused"}},
		"Keystone fails": {conf: in("placement", "= KEYSTONE", "= FAILS"), services: all, want: []string{
			"error: nova.conf:10: [placement] auth_url: the Keystone at FAILS answers a login with 503"}},
		"no placement":     {conf: clean, services: without("placement"), want: []string{"error: [placement] service_type: the catalog has no placement service"}},
		"no network":       {conf: clean, services: without("network"), want: []string{"error: [neutron] service_type: the catalog has no network service"}},
		"no image":         {conf: clean, services: without("image"), want: []string{"error: [glance] service_type: the catalog has no image service"}},
		"no block storage": {conf: clean, services: without("block-storage"), want: []string{"warning: [cinder] catalog_info: the catalog has no volumev3 service"}},
		"no identity":      {conf: clean, services: without("identity")},
		"placement is down": {conf: clean, services: with("placement", gone.URL), want: []string{
			"error: [placement] service_type: the placement service at GONE does not answer: connect: connection refused"}},
		"network fails": {conf: clean, services: with("network", fails.URL), want: []string{
			"error: [neutron] service_type: the network service at FAILS answers with 503 Service Unavailable"}},
		"endpoint_override": {conf: clean + "[glance]\nendpoint_override = GONE\n", services: all, want: []string{
			"error: nova.conf:31: [glance] endpoint_override: the image service at GONE does not answer: connect: connection refused"}},
		"endpoint": {conf: in("placement", login, "auth_type = none\nendpoint = GONE\n"), services: all, want: []string{
			"error: nova.conf:10: [placement] endpoint: the placement service at GONE does not answer: connect: connection refused"}},
		"api_servers": {conf: clean + "[glance]\napi_servers = GONE\n", services: all, want: []string{
			"warning: nova.conf:31: [glance] api_servers: deprecated; it may be ignored in the future",
			"error: nova.conf:31: [glance] api_servers: the image service at GONE does not answer: connect: connection refused"}},
		"region": {conf: in("placement", "auth_type", "region_name = two\nauth_type"), services: all, want: []string{
			"error: nova.conf:9: [placement] region_name: the catalog has no endpoint of the placement service in the region two"}},
		"interface": {conf: in("neutron", "auth_type", "valid_interfaces = admin\nauth_type"), services: all, want: []string{
			"error: nova.conf:16: [neutron] valid_interfaces: the catalog has no endpoint of the network service with the interface admin"}},
		"service_name": {conf: in("neutron", "auth_type", "service_name = neutron\nauth_type"), services: all, want: []string{
			"error: nova.conf:16: [neutron] service_name: the catalog has no network service with the name neutron"}},
		"service_type": {conf: in("placement", "auth_type", "service_type = placements\nauth_type"), services: all, want: []string{
			"error: nova.conf:9: [placement] service_type: the catalog has no placements service"}},
		"cafile": {conf: in("placement", "auth_type", "cafile = /nowhere/ca.pem\nauth_type"), services: all, want: []string{
			"error: nova.conf:9: [placement] cafile: open /nowhere/ca.pem: no such file or directory"}},
		"certfile": {conf: in("placement", "auth_type", "certfile = "+soonCA+"\nauth_type"), services: all, want: []string{
			"error: nova.conf:9: [placement] certfile: tls: *"}},
		"an unknown CA": {conf: clean, services: with("placement", soonURL), want: []string{
			"error: [placement] service_type: the placement service at SOON has a certificate that cannot be verified: x509: certificate signed by unknown authority"}},
		"a certificate that expires": {conf: in("placement", "auth_type", "cafile = "+soonCA+"\nauth_type"), services: with("placement", soonURL), want: []string{
			"warning: [placement] service_type: the certificate of SOON expires on " + time.Now().Add(100*time.Hour).UTC().Format(time.DateOnly)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newIdentity(t, test.services)
			put := strings.NewReplacer("KEYSTONE", k.url, "ANSWERS", answers.URL, "GONE", gone.URL, "FAILS", fails.URL, "SOON", soonURL).Replace
			dir := write(t, put(test.conf), pasteFile)
			list, _ := computeService().Check(t.Context(), inspect.CheckOptions{Files: []string{filepath.Join(dir, "nova.conf")}, Timeout: 20 * time.Second})
			list = slices.DeleteFunc(list, func(f inspect.Finding) bool {
				return f.Section == "" || f.Section == "DEFAULT" || strings.HasSuffix(f.Section, "database")
			})
			for i := range test.want {
				test.want[i] = put(test.want[i])
			}
			expect(t, dir, list, test.want)
			if n := k.logins.Load(); test.logins > 0 && n != test.logins {
				t.Errorf("%d logins, not %d", n, test.logins)
			}
		})
	}
}
