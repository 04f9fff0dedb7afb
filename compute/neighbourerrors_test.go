package compute_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/webob"
)

// TestErrorsOfServicesHaveTheirClasses: where Nova expects no failure of Glance or Neutron, the text of the status 500 names the
// class of the client library, or of keystoneauth if there was no answer. What Neutron forbids is forbidden in Nova, too.
func TestErrorsOfServicesHaveTheirClasses(t *testing.T) {
	t.Parallel()
	var status atomic.Int64
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(int(status.Load()))
		fmt.Fprint(w, "<html>x</html>")
	}))
	defer broken.Close()
	conf := func(url string) novatest.Option {
		return novatest.Conf("[glance]\nnum_retries = 0\nendpoint_override = " + url + "\n[neutron]\nhttp_retries = 0\nendpoint_override = " + url)
	}
	answers := novatest.New(t, conf(broken.URL))
	silent := novatest.New(t, conf("http://127.0.0.1:1"))
	for _, test := range []struct{ request, failure, class string }{
		{"GET /images", "500", "glanceclient.exc.HTTPInternalServerError"},
		{"GET /images/" + novatest.Image, "502", "glanceclient.exc.HTTPBadGateway"},
		{"DELETE /images/" + novatest.Image, "418", "glanceclient.exc.HTTPException"},
		{"GET /images/" + novatest.Image, "503", "nova.exception.GlanceConnectionFailed"},
		{"GET /images", "", "nova.exception.GlanceConnectionFailed"},
		{"GET /os-security-groups", "500", "neutronclient.common.exceptions.InternalServerError"},
		{"GET /os-networks", "503", "neutronclient.common.exceptions.ServiceUnavailable"},
		{"GET /os-floating-ips", "418", "neutronclient.common.exceptions.NeutronClientException"},
		{"GET /os-floating-ips", "", "keystoneauth1.exceptions.connection.ConnectFailure"},
		{"GET /servers/VM/os-interface/" + novatest.Image, "500", "nova.exception.NovaException"},
	} {
		s := silent
		if test.failure != "" {
			s = answers
			n, err := strconv.Atoi(test.failure)
			if err != nil {
				t.Fatal(err)
			}
			status.Store(int64(n))
		}
		request := strings.Replace(test.request, "VM", s.Server(novatest.VM{Host: "compute-1"}).UUID, 1)
		s.As("admin").MV("2.1").Do(request).Expect(500).Fault("computeFault", novatest.Unexpected(test.class))
	}
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	defer untrusted.Close()
	for _, url := range []string{strings.Replace(broken.URL, "http:", "https:", 1), untrusted.URL} { // the first one does not speak TLS
		novatest.New(t, conf(url)).As("admin").MV("2.1").Do("GET /os-floating-ips").Expect(500).
			Fault("computeFault", novatest.Unexpected("keystoneauth1.exceptions.connection.SSLError"))
	}
	vm := answers.Server(novatest.VM{Host: "compute-1"}).UUID
	for _, request := range []string{"GET /os-networks", "GET /servers/" + vm + "/os-interface", "GET /servers/" + vm + "/os-interface/" + novatest.Image} {
		status.Store(403)
		answers.As("admin").MV("2.1").Do(request).Expect(403).Fault("forbidden", "<html>x</html>")
		status.Store(401)
		answers.As("admin").MV("2.1").Do(request).Expect(500).Fault("computeFault", novatest.Unexpected("nova.exception.NeutronAdminCredentialConfigurationInvalid"))
		answers.As("demo").MV("2.1").Do(request).Expect(401).Fault("unauthorized", webob.Explanation(401))
	}
}
