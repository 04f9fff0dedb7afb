package compute_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest"
)

// policyService is a service that https: checks ask: it wants a client's
// certificate and answers what the path ends in.
func policyService(t *testing.T, certFile, keyFile string, asked *string) string {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(certFile)
	if err != nil {
		t.Fatal(err)
	}
	ca := x509.NewCertPool()
	ca.AppendCertsFromPEM(pem)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*asked = r.Header.Get("Content-Type") + " " + string(body)
		_, _ = io.WriteString(w, `"True"`)
	}))
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: ca, ClientAuth: tls.RequireAndVerifyClientCert}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestRemotePolicy(t *testing.T) {
	t.Parallel()
	cert, key := novatest.Certificate(t, "127.0.0.1")
	other, _ := novatest.Certificate(t, "127.0.0.1")
	var asked string
	url := policyService(t, cert, key, &asked)
	client := "remote_ssl_client_crt_file = " + cert + "\nremote_ssl_client_key_file = " + key + "\n"
	const unexpected = "Unexpected API Error. Please contact the administrator\n"
	for name, c := range map[string]struct{ conf, class string }{
		"as it is by default":  {client, ""},
		"checked":              {client + "remote_ssl_verify_server_crt = true\nremote_ssl_ca_crt_file = " + cert, ""},
		"of another authority": {client + "remote_ssl_verify_server_crt = true\nremote_ssl_ca_crt_file = " + other, "requests.exceptions.SSLError"},
		"no authority's file":  {client + "remote_ssl_verify_server_crt = true\nremote_ssl_ca_crt_file = /nowhere", "RuntimeError"},
		"which is not needed":  {client + "remote_ssl_ca_crt_file = /nowhere", ""},
		"no certificate file":  {"remote_ssl_client_crt_file = /nowhere", "RuntimeError"},
		"no certificate":       {"", "requests.exceptions.SSLError"},
		"as JSON":              {client + "remote_content_type = application/json", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := novatest.New(t, novatest.Conf("[oslo_policy]\n"+c.conf),
				novatest.File("policy.yaml", `"os_compute_api:servers:index": "`+url+`/%(project_id)s"`+"\n"))
			r := s.As("demo").Do("GET /servers")
			if c.class != "" {
				r.Expect(500).Fault("computeFault", unexpected+"<class '"+c.class+"'>")
				return
			}
			r.Expect(200)
			want := "application/x-www-form-urlencoded credentials="
			if strings.Contains(c.conf, "json") {
				want = `application/json {"credentials":{`
			}
			if !strings.HasPrefix(asked, want) {
				t.Errorf("asked with %.80s", asked)
			}
		})
	}
}

func TestRemotePolicyIsLate(t *testing.T) {
	t.Parallel()
	end := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-end }))
	t.Cleanup(srv.Close)
	t.Cleanup(func() { close(end) })
	s := novatest.New(t, novatest.Conf("[oslo_policy]\nremote_timeout = 0.05"),
		novatest.File("policy.yaml", `"os_compute_api:servers:index": "`+srv.URL+`/"`+"\n"))
	s.As("demo").Do("GET /servers").Expect(500).
		Fault("computeFault", "Unexpected API Error. Please contact the administrator\n<class 'RuntimeError'>")
}

func TestSecureProxyHeader(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf("[wsgi]\nsecure_proxy_ssl_header = HTTP_X_SCHEME"))
	root := s.As("").At("")
	secure := strings.Replace(s.URL, "http:", "https:", 1)
	if href := root.Header("X-Scheme", "https").Do("GET /v2.1/").Expect(200).At("version", "links", "0", "href"); !strings.HasPrefix(href, secure) {
		t.Errorf("link %s", href)
	}
	if href := s.As("demo").Header("X-Scheme", "https").Do("GET /flavors").Expect(200).At("flavors", "0", "links", "0", "href"); !strings.HasPrefix(href, secure) {
		t.Errorf("link %s", href)
	}
	if href := root.Do("GET /v2.1/").Expect(200).At("version", "links", "0", "href"); !strings.HasPrefix(href, s.URL) {
		t.Errorf("link %s without the header", href)
	}
}

// TestSchedulerPin pins the schedulers to releases before and after they knew of
// aggregates.
func TestSchedulerPin(t *testing.T) {
	t.Parallel()
	for pin, class := range map[string]string{"pike": "", "4.0": "oslo_messaging.rpc.client.RPCVersionCapError", "juno": "oslo_messaging.rpc.client.RPCVersionCapError"} {
		s := novatest.New(t, novatest.Conf("[upgrade_levels]\nscheduler = "+pin))
		r := s.As("admin").Do("POST /os-aggregates", `{"aggregate": {"name": "a"}}`)
		if class == "" {
			r.Expect(200)
			continue
		}
		r.Expect(500).Fault("computeFault", "Unexpected API Error. Please contact the administrator\n<class '"+class+"'>")
	}
}

// TestReportInterval has services report less often than they are to be up.
func TestReportInterval(t *testing.T) {
	t.Parallel()
	for conf, state := range map[string]string{"": "down", "[DEFAULT]\nreport_interval = 100": "up"} {
		s := novatest.New(t, novatest.Conf(conf))
		s.Service("compute-1", "nova-compute")
		s.Exec("cell1", "UPDATE services SET last_seen_up = ?, updated_at = ?", time.Now().Add(-200*time.Second), time.Now().Add(-200*time.Second))
		if got := s.As("admin").Do("GET /os-services?binary=nova-compute").Expect(200).At("services", "0", "state"); got != state {
			t.Errorf("%q: %s", conf, got)
		}
		if said := strings.Contains(s.Log(), "Setting service_down_time to: 250"); said != (state == "up") {
			t.Errorf("%q: the log says so: %t", conf, said)
		}
	}
}
