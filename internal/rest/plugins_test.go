package rest_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/rest"
)

// provider is a Keystone, an OpenID Connect provider and an OAuth 2.0 endpoint. It keeps what it is
// asked.
type provider struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func newProvider(t *testing.T) *provider {
	p := &provider{}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.Close)
	return p
}

// canonical formats a body so that neither the order of members nor that of form values matters.
func canonical(contentType string, body []byte) string {
	if strings.HasPrefix(contentType, "application/x-www-form-urlencoded") {
		form, _ := url.ParseQuery(string(body))
		var out []string
		for name, values := range form {
			if name == "wresult" {
				values = []string{canonicalXML(values[0])}
			}
			out = append(out, name+"="+strings.Join(values, ","))
		}
		sort.Strings(out)
		return strings.Join(out, " ")
	}
	if strings.HasPrefix(contentType, "application/soap+xml") {
		return canonicalXML(string(body))
	}
	var v any
	if json.Unmarshal(body, &v) != nil {
		return string(body)
	}
	text, _ := json.Marshal(v)
	return string(text)
}

// canonicalXML writes the elements of a document with the last part of their namespaces, without what differs from login
// to login.
func canonicalXML(document string) string {
	var out strings.Builder
	for d := xml.NewDecoder(strings.NewReader(document)); ; {
		token, err := d.Token()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				out.WriteString(err.Error())
			}
			return out.String()
		}
		switch t := token.(type) {
		case xml.StartElement:
			out.WriteString("<" + qualified(t.Name))
			for _, a := range t.Attr {
				if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
					out.WriteString(" " + qualified(a.Name) + "=" + changing.ReplaceAllString(a.Value, "?"))
				}
			}
			out.WriteString(">")
		case xml.EndElement:
			out.WriteString("</>")
		case xml.CharData:
			out.WriteString(changing.ReplaceAllString(string(t), "?"))
		}
	}
}

var changing = regexp.MustCompile(`[0-9a-f]{32}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z`)

func qualified(n xml.Name) string {
	return n.Space[strings.LastIndex(n.Space, "/")+1:] + ":" + n.Local
}

// adfsAnswer has an assertion between elements, and namespaces that are declared around it.
const adfsAnswer = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing">` +
	`<s:Header><a:Action s:mustUnderstand="1">issue</a:Action></s:Header><s:Body>` +
	`<trust:RequestSecurityTokenResponseCollection xmlns:trust="http://docs.oasis-open.org/ws-sx/ws-trust/200512">` +
	`<trust:RequestSecurityTokenResponse><trust:Lifetime/>` +
	`<trust:RequestedSecurityToken><saml:Assertion a:n="1" xmlns:saml="urn:oasis:names:tc:SAML:1.0:assertion">&lt;a+b&gt; ü</saml:Assertion>` +
	`</trust:RequestedSecurityToken></trust:RequestSecurityTokenResponse>` +
	`</trust:RequestSecurityTokenResponseCollection></s:Body></s:Envelope>`

func (p *provider) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	body = bytes.ReplaceAll(body, []byte(p.URL), []byte("URL"))
	line := r.Method + " " + r.URL.Path
	for _, h := range []string{"Authorization", "X-Auth-Token", "X-Subject-Token", "Cookie"} {
		if h == "X-Auth-Token" && r.Method == http.MethodPost {
			continue // keystoneauth sends the token of the body in it, too
		}
		if h == "Cookie" && (r.Method == http.MethodPost || r.URL.Path == "/x/y") {
			continue // keystoneauth keeps the cookie of the login
		}
		if v := r.Header.Get(h); v != "" {
			line += " " + h + "=" + v
		}
	}
	if len(body) > 0 {
		line += " " + canonical(r.Header.Get("Content-Type"), body)
	}
	w.Header().Set("Content-Type", "application/json")
	answer := func(status int, v any) { w.WriteHeader(status); _ = json.NewEncoder(w).Encode(v) }
	token := map[string]any{"token": map[string]any{"methods": []string{"token"}, "user": map[string]any{"id": "u", "name": "u", "domain": map[string]any{"id": "d", "name": "d"}},
		"issued_at": time.Now().UTC().Format("2006-01-02T15:04:05.000000Z"), "expires_at": time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000000Z"),
		"project": map[string]any{"id": "service-id", "name": "service", "domain": map[string]any{"id": "default", "name": "Default"}}, "catalog": []any{}, "roles": []any{}}}
	switch {
	case r.URL.Path == "/v3" || r.URL.Path == "/v3/":
		answer(200, map[string]any{"version": map[string]any{"id": "v3.14", "status": "stable", "links": []any{map[string]any{"rel": "self", "href": p.URL + "/v3/"}}}})
		return // keystoneauth looks for versions, and gophercloud does not
	case r.URL.Path == "/.well-known/openid-configuration":
		answer(200, map[string]any{"token_endpoint": p.URL + "/token"})
		return // they read it a different number of times
	case r.URL.Path == "/token" || r.URL.Path == "/v3/OS-OAUTH2/token":
		answer(200, map[string]any{"access_token": "access", "id_token": "id", "token_type": "Bearer", "expires_in": 3600})
	case r.URL.Path == "/adfs":
		w.Header().Set("Content-Type", "application/soap+xml")
		_, _ = io.WriteString(w, adfsAnswer)
	case r.URL.Path == "/Shibboleth.sso/ADFS":
		w.Header().Set("Set-Cookie", "_shibsession=1; Path=/")
		w.Header().Set("Location", "/nowhere")
		w.WriteHeader(http.StatusFound)
	case strings.HasPrefix(r.URL.Path, "/v3/OS-FEDERATION/"):
		w.Header().Set("X-Subject-Token", "unscoped")
		answer(201, token)
	case r.URL.Path == "/v3/auth/tokens":
		w.Header().Set("X-Subject-Token", "scoped")
		status := 201
		if r.Method == http.MethodGet {
			status = 200
		}
		answer(status, token)
	default:
		answer(200, map[string]any{})
	}
	p.mu.Lock()
	p.asked = append(p.asked, line)
	p.mu.Unlock()
}

// pluginTests are configurations with the requests that keystoneauth sends for them, and the headers
// of the requests afterwards. TestLabPlugins compares them with keystoneauth.
var pluginTests = []struct {
	conf    string
	asked   []string
	headers string
}{
	{"auth_type = none\nendpoint = URL/x\n", nil, "X-Auth-Token=notused"},
	{"auth_type = http_basic\nendpoint = URL/x\nusername = nova\npassword = pä:ss\n", nil, "Authorization=Basic bm92YTpww6Q6c3M="},
	{"auth_type = v3totp\nauth_url = URL/v3\nusername = nova\nuser_domain_id = default\npasscode = 123456\nproject_id = p\n", []string{
		`POST /v3/auth/tokens {"auth":{"identity":{"methods":["totp"],"totp":{"user":{"domain":{"id":"default"},"name":"nova","passcode":"123456"}}},"scope":{"project":{"id":"p"}}}}`,
	}, "X-Auth-Token=scoped"},
	{"auth_type = v3oidcclientcredentials\nauth_url = URL/v3\nidentity_provider = idp\nprotocol = openid\nclient_id = c\nclient_secret = s\nscope = openid profile\naccess_token_type = access_token\naccess_token_endpoint = URL/token\nproject_id = p\n", []string{
		"POST /token Authorization=Basic Yzpz grant_type=client_credentials scope=openid profile",
		"POST /v3/OS-FEDERATION/identity_providers/idp/protocols/openid/auth Authorization=Bearer access",
		`POST /v3/auth/tokens {"auth":{"identity":{"methods":["token"],"token":{"id":"unscoped"}},"scope":{"project":{"id":"p"}}}}`,
	}, "X-Auth-Token=scoped"},
	{"auth_type = v3oidcpassword\nauth_url = URL\nidentity_provider = idp\nprotocol = openid\nclient_id = c\nclient_secret = s\nscope = openid\naccess_token_type = id_token\ndiscovery_endpoint = URL/.well-known/openid-configuration\nusername = nova\npassword = p\nproject_name = service\nproject_domain_name = Default\n", []string{
		"POST /token Authorization=Basic Yzpz grant_type=password password=p scope=openid username=nova",
		"POST /v3/OS-FEDERATION/identity_providers/idp/protocols/openid/auth Authorization=Bearer id",
		`POST /v3/auth/tokens {"auth":{"identity":{"methods":["token"],"token":{"id":"unscoped"}},"scope":{"project":{"domain":{"name":"Default"},"name":"service"}}}}`,
	}, "X-Auth-Token=scoped"},
	{"auth_type = v3oidcpassword\nauth_url = URL/v3\nidentity_provider = idp\nprotocol = openid\nclient_id = c\naccess_token_type = access_token\naccess_token_endpoint = URL/token\nusername = nova\npassword = p\nproject_id = p\n", []string{
		"POST /token client_id=c grant_type=password password=p username=nova",
		"POST /v3/OS-FEDERATION/identity_providers/idp/protocols/openid/auth Authorization=Bearer access",
		`POST /v3/auth/tokens {"auth":{"identity":{"methods":["token"],"token":{"id":"unscoped"}},"scope":{"project":{"id":"p"}}}}`,
	}, "X-Auth-Token=scoped"},
	{"auth_type = v3oidcaccesstoken\nauth_url = URL/v3\nidentity_provider = idp\nprotocol = openid\naccess_token = given\nproject_id = p\n", []string{
		"POST /v3/OS-FEDERATION/identity_providers/idp/protocols/openid/auth Authorization=Bearer given",
		`POST /v3/auth/tokens {"auth":{"identity":{"methods":["token"],"token":{"id":"unscoped"}},"scope":{"project":{"id":"p"}}}}`,
	}, "X-Auth-Token=scoped"},
	{"auth_type = v3adfspassword\nauth_url = URL/v3\nidentity_provider = idp\nprotocol = saml2\nidentity_provider_url = URL/adfs\nservice_provider_endpoint = URL/Shibboleth.sso/ADFS\nservice_provider_entity_id = https://sp/&\nusername = nova@example\npassword = p<&>\nproject_id = p\n", []string{
		`POST /adfs <soap-envelope:Envelope><soap-envelope:Header><addressing:Action soap-envelope:mustUnderstand=1>http://docs.oasis-open.org/ws-sx/ws-trust/200512/RST/Issue</>` +
			`<addressing:MessageID>urn:uuid:?</><addressing:ReplyTo><addressing:Address>http://www.w3.org/2005/08/addressing/anonymous</></>` +
			`<addressing:To soap-envelope:mustUnderstand=1>URL/adfs</><oasis-200401-wss-wssecurity-secext-1.0.xsd:Security soap-envelope:mustUnderstand=1>` +
			`<oasis-200401-wss-wssecurity-utility-1.0.xsd:Timestamp oasis-200401-wss-wssecurity-utility-1.0.xsd:Id=_0>` +
			`<oasis-200401-wss-wssecurity-utility-1.0.xsd:Created>?</><oasis-200401-wss-wssecurity-utility-1.0.xsd:Expires>?</></>` +
			`<oasis-200401-wss-wssecurity-secext-1.0.xsd:UsernameToken oasis-200401-wss-wssecurity-utility-1.0.xsd:u=uuid-?-1>` +
			`<oasis-200401-wss-wssecurity-secext-1.0.xsd:Username>nova@example</><oasis-200401-wss-wssecurity-secext-1.0.xsd:Password` +
			` :Type=http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText>p<&></></></></>` +
			`<soap-envelope:Body><200512:RequestSecurityToken><policy:AppliesTo><addressing:EndpointReference><addressing:Address>https://sp/&</></></>` +
			`<200512:KeyType>http://docs.oasis-open.org/ws-sx/ws-trust/200512/Bearer</><200512:RequestType>http://docs.oasis-open.org/ws-sx/ws-trust/200512/Issue</>` +
			`<200512:TokenType>urn:oasis:names:tc:SAML:1.0:assertion</></></></>`,
		`POST /Shibboleth.sso/ADFS wa=wsignin1.0 wresult=<trust:RequestSecurityTokenResponse><trust:Lifetime></><trust:RequestedSecurityToken>` +
			`<urn:oasis:names:tc:SAML:1.0:assertion:Assertion addressing:n=1><a+b> ü</></></>`,
		"GET /v3/OS-FEDERATION/identity_providers/idp/protocols/saml2/auth Cookie=_shibsession=1",
		`POST /v3/auth/tokens {"auth":{"identity":{"methods":["token"],"token":{"id":"unscoped"}},"scope":{"project":{"id":"p"}}}}`,
	}, "X-Auth-Token=scoped"},
	{"auth_type = v3oauth2clientcredential\nauth_url = URL/v3\noauth2_endpoint = URL/v3/OS-OAUTH2/token\noauth2_client_id = c\noauth2_client_secret = s\n", []string{
		`POST /v3/auth/tokens {"auth":{"identity":{"application_credential":{"id":"c","secret":"s"},"methods":["application_credential"]}}}`,
		"POST /v3/OS-OAUTH2/token Authorization=Basic Yzpz grant_type=client_credentials",
	}, "Authorization=Bearer access X-Auth-Token=scoped"},
	{"auth_type = v3oauth2mtlsclientcredential\nauth_url = URL/v3\noauth2_endpoint = URL/v3/OS-OAUTH2/token\noauth2_client_id = c\n", []string{
		"POST /v3/OS-OAUTH2/token client_id=c grant_type=client_credentials",
		"GET /v3/auth/tokens X-Auth-Token=access X-Subject-Token=access",
	}, "Authorization=Bearer access X-Auth-Token=access"},
}

// loadAuth reads the options of a group as the services do.
func loadAuth(t *testing.T, conf string) config.Auth {
	t.Helper()
	file := filepath.Join(t.TempDir(), "nova.conf")
	if err := os.WriteFile(file, []byte("[placement]\n"+conf), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Sources{Files: []string{file}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := c.Auth("placement")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestLogins logs in with each plugin, and sends a request to the service.
func TestLogins(t *testing.T) {
	for _, test := range pluginTests {
		p := newProvider(t)
		a := loadAuth(t, strings.ReplaceAll(test.conf, "URL", p.URL))
		s, err := rest.New(rest.Options{Group: "placement", Auth: a, Adapter: config.Adapter{ServiceType: "placement", EndpointOverride: p.URL + "/x"}})
		if err != nil {
			t.Error(err)
			continue
		}
		c, err := s.AsService(t.Context())
		if err != nil {
			t.Errorf("%s: %v", a.AuthType, err)
			continue
		}
		resp, err := c.Get(t.Context(), c.Endpoint+"y", nil, nil)
		if err != nil {
			t.Errorf("%s: %v", a.AuthType, err)
			continue
		}
		_ = resp.Body.Close()
		want := append(test.asked, strings.TrimSpace("GET /x/y "+test.headers))
		if got := fmt.Sprintf("%q", p.asked); got != fmt.Sprintf("%q", want) {
			t.Errorf("%s asks\n%s\nwant\n%s", a.AuthType, strings.Join(p.asked, "\n"), strings.Join(want, "\n"))
		}
	}
}

// TestIncompletePlugins names the option that is missing.
func TestIncompletePlugins(t *testing.T) {
	for conf, want := range map[string]string{
		"auth_type = v3oidcpassword\nauth_url = http://h\nidentity_provider = i\nprotocol = p\nusername = u\npassword = p\n": "[placement] access_token_endpoint: neither it nor discovery_endpoint is set, and the plugin v3oidcpassword requires one",
		"auth_type = v3oidcclientcredentials\nauth_url = http://h\nprotocol = p\nclient_id = u\nclient_secret = p\n":         "[placement] identity_provider: is not set, and the plugin v3oidcclientcredentials requires it",
		"auth_type = v3oidcaccesstoken\nauth_url = http://h\nprotocol = p\nidentity_provider = p\n":                          "[placement] access_token: is not set, and the plugin v3oidcaccesstoken requires it",
		"auth_type = v3oauth2clientcredential\nauth_url = http://h\noauth2_endpoint = http://h\noauth2_client_id = c\n":      "[placement] oauth2_client_secret: is not set, and the plugin v3oauth2clientcredential requires it",
		"auth_type = v3oidcaccesstoken\naccess_token = a\nprotocol = p\nidentity_provider = p\n":                             "[placement] auth_url: is not set, and the plugin v3oidcaccesstoken requires it",
		"auth_type = v3oidcclientcredential\nauth_url = http://h\n":                                                          `[placement] auth_type: the plugin "v3oidcclientcredential" is not supported; did you mean v3oidcclientcredentials?`,
	} {
		if _, err := rest.New(rest.Options{Group: "placement", Auth: loadAuth(t, conf)}); err == nil || err.Error() != want {
			t.Errorf("%v, not %s", err, want)
		}
	}
}

// TestADFSRefusals says why AD FS gives no token.
func TestADFSRefusals(t *testing.T) {
	for answer, want := range map[string]string{
		`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value>` +
			`<s:Subcode><s:Value>a:FailedAuthentication</s:Value></s:Subcode></s:Code></s:Fault></s:Body></s:Envelope>`: "URL refuses the login of nova: a:FailedAuthentication",
		"<html></html>": "URL answers no security token: it has no RequestSecurityTokenResponse",
		"text":          "URL answers no security token: it has no RequestSecurityTokenResponse",
		"<!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>": "invalid character entity &c;",
		"<a>" + strings.Repeat("x", 2<<20):                                  "unexpected EOF", // it is not read to its end
		"Fault" + strings.Repeat("x", 2<<20):                                "got 500 instead: Fault",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if strings.Contains(answer, "Fault") {
				w.WriteHeader(http.StatusInternalServerError)
			}
			_, _ = io.WriteString(w, answer)
		}))
		a := loadAuth(t, strings.ReplaceAll("auth_type = v3adfspassword\nauth_url = URL/v3\nidentity_provider = idp\nprotocol = saml2\nidentity_provider_url = URL\n"+
			"service_provider_endpoint = URL\nservice_provider_entity_id = sp\nusername = nova\npassword = p\n", "URL", server.URL))
		s, err := rest.New(rest.Options{Group: "placement", Auth: a})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = s.AsService(t.Context()); err == nil || !strings.Contains(err.Error(), strings.ReplaceAll(want, "URL", server.URL)) ||
			len(err.Error()) > 10<<10 {
			t.Errorf("%.1000v, not %s", err, want)
		}
		server.Close()
	}
}
