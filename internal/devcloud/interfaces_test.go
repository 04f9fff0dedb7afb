package devcloud_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/compute/devcloud"
	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/devcloud/guests"
	"github.com/nova-go/nova/metadata"
)

// nova sends requests of one caller to Nova at a microversion.
type nova struct {
	*testing.T
	cloud *devcloud.Cloud
	token string
}

func (n nova) do(version, method, path, body string, want int) map[string]any {
	n.Helper()
	_, text := send(n.T, n.cloud, n.token, method, "/v2.1"+path, body, want, "OpenStack-API-Version: compute "+version)
	var out map[string]any
	if len(text) > 0 {
		if err := json.Unmarshal(text, &out); err != nil {
			n.Fatal(err)
		}
	}
	return out
}

// boot creates a server, and answers its id. more are further members of the request.
func (n nova) boot(version, more string) string {
	n.Helper()
	out := n.do(version, "POST", "/servers", `{"server": {"name": "web", "flavorRef": "1", `+more+`}}`, 202)
	n.cloud.Settle()
	return onlyOne(n.T, out, "server")["id"].(string)
}

const fromCirros = `"imageRef": "70a599e0-31e7-49b7-b260-868f441e862b", `

// refused wants an error with a status and a message.
func (n nova) refused(version, method, path, body string, status int, message string) {
	n.Helper()
	for _, fault := range n.do(version, method, path, body, status) {
		if text := fault.(map[string]any)["message"].(string); !regexp.MustCompile("^" + message + "$").MatchString(text) {
			n.Errorf("%s %s %s: %q, want %q", method, path, body, text, message)
		}
	}
}

func TestInterfacesHaveTheOrderAndTheTagsOfTheRequest(t *testing.T) {
	t.Parallel()
	net := network(t)
	demo := nova{t, net.cloud, net.token}
	shared, private := net.named("shared"), net.named("private")
	port := net.make("port", fmt.Sprintf(`{"network_id": %q}`, private))["id"].(string)
	server := demo.boot("2.42", fromCirros+fmt.Sprintf(`"networks": [{"uuid": %q, "tag": "first"}, {"port": %q, "tag": "second"}]`, shared, port))
	path := "/servers/" + server
	for range 2 {
		_, text := send(t, net.cloud, net.token, "GET", "/v2.1"+path+"/ips", "", 200)
		if at := strings.Index(string(text), `"shared"`); at < 0 || at > strings.Index(string(text), `"private"`) {
			t.Errorf("the addresses are not in the order of the request: %s", text)
		}
		net.do("PUT", "/ports/"+port, `{"port": {"name": "changed"}}`, 200) // the info cache is refreshed
	}
	demo.do("2.49", "POST", path+"/os-interface", fmt.Sprintf(`{"interfaceAttachment": {"net_id": %q, "tag": "third"}}`, private), 200)
	tags := map[string]bool{}
	for _, i := range demo.do("2.70", "GET", path+"/os-interface", "", 200)["interfaceAttachments"].([]any) {
		tags[i.(map[string]any)["tag"].(string)] = true
	}
	if !tags["first"] || !tags["second"] || !tags["third"] {
		t.Errorf("tags %v", tags)
	}
}

func TestRefusedInterfaces(t *testing.T) {
	t.Parallel()
	net := network(t)
	demo := nova{t, net.cloud, net.token}
	private, shared, public := net.named("private"), net.named("shared"), net.named("public")
	server := demo.boot("2.96", fromCirros+fmt.Sprintf(`"networks": [{"uuid": %q}]`, private))
	path := "/servers/" + server + "/os-interface"
	port := net.do("GET", "/ports?device_id="+server, "", 200)["ports"].([]any)[0].(map[string]any)
	address := port["fixed_ips"].([]any)[0].(map[string]any)["ip_address"]
	const nothing = "00000000-0000-4000-8000-00000000dead"
	for _, r := range []struct {
		body    string
		status  int
		message string
	}{
		{`{}`, 400, "Multiple possible networks found, use a Network ID to be more specific."},
		{fmt.Sprintf(`{"net_id": %q, "fixed_ips": [{"ip_address": %q}]}`, private, address), 409, fmt.Sprintf("Fixed IP %s is already in use.", address)},
		{fmt.Sprintf(`{"net_id": %q, "fixed_ips": [{"ip_address": "192.0.2.1"}]}`, private), 500, "(?s)Unexpected API Error.*InvalidInput_Remote'>"},
		{fmt.Sprintf(`{"net_id": %q, "fixed_ips": [{"ip_address": "192.168.232.9"}]}`, shared), 403, `(?s)\(\(rule:create_port and .* is disallowed by policy.*`},
		{fmt.Sprintf(`{"port_id": %q}`, port["id"]), 409, fmt.Sprintf("Port %s is still in use.", port["id"])},
		{fmt.Sprintf(`{"port_id": %q}`, nothing), 404, "Port id " + nothing + " could not be found."},
		{fmt.Sprintf(`{"net_id": %q}`, nothing), 500, "(?s)Unexpected API Error.*RemoteError'>"},
		{fmt.Sprintf(`{"net_id": %q}`, public), 403, "It is not allowed to create an interface on external network " + public},
	} {
		demo.refused("2.70", "POST", path, `{"interfaceAttachment": `+r.body+`}`, r.status, r.message)
	}
	foreign := neutron{t, net.cloud, logIn(t, net.cloud, "admin", "secret", "admin", 201)}.make("network", `{"name": "foreign"}`)["id"]
	for network, status := range map[any]int{public: 403, foreign: 404, shared: 201} {
		net.do("POST", "/ports", fmt.Sprintf(`{"port": {"network_id": %q}}`, network), status)
	}
	if list := demo.do("2.70", "GET", path, "", 200)["interfaceAttachments"].([]any); len(list) != 1 {
		t.Errorf("a refused interface is left: %v", list)
	}
	actions := demo.do("2.84", "GET", "/servers/"+server+"/os-instance-actions", "", 200)["instanceActions"].([]any)
	newest := actions[0].(map[string]any)
	if newest["action"] != "attach_interface" || newest["message"] != "Error" {
		t.Errorf("the newest action is %v", newest)
	}

	admin := nova{t, net.cloud, logIn(t, net.cloud, "admin", "secret", "demo", 201)}
	admin.do("2.70", "POST", path, fmt.Sprintf(`{"interfaceAttachment": {"net_id": %q}}`, public), 200)
}

// A build without a network fails as on a host of Nova: the server is on no host, and its fault
// has the reason.
func TestServersWithoutTheirNetwork(t *testing.T) {
	t.Parallel()
	net := network(t)
	demo := nova{t, net.cloud, net.token}
	for networks, message := range map[string]string{
		fmt.Sprintf(`{"uuid": %q}`, net.named("public")): "Build of instance SERVER aborted: Failed to allocate the network(s), not rescheduling.",
		fmt.Sprintf(`{"uuid": %q, "fixed_ip": "192.0.2.1"}`, net.named("private")): "Build of instance SERVER aborted: Invalid input received: " +
			"Fixed IP 192.0.2.1 is not a valid ip address for network " + net.named("private") + ".",
		fmt.Sprintf(`{"uuid": %q, "fixed_ip": "192.168.232.9"}`, net.named("shared")): "Exceeded maximum number of retries. Exhausted all hosts " +
			"available for retrying build failures for instance SERVER.",
	} {
		server := demo.boot("2.96", fromCirros+`"networks": [`+networks+`]`)
		s := onlyOne(t, demo.do("2.96", "GET", "/servers/"+server, "", 200), "server")
		if s["status"] != "ERROR" || s["OS-EXT-AZ:availability_zone"] != "" {
			t.Errorf("on %s the server is %v in zone %q", networks, s["status"], s["OS-EXT-AZ:availability_zone"])
		}
		if fault := onlyOne(t, s, "fault"); fault["message"] != strings.ReplaceAll(message, "SERVER", server) {
			t.Errorf("on %s the fault is %v", networks, fault["message"])
		}
		if list := net.do("GET", "/ports?device_id="+server, "", 200)["ports"].([]any); len(list) != 0 {
			t.Errorf("ports are left: %v", list)
		}
	}
}

func TestIPv6AddressesInTheMetadata(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	c := start(t, state)
	defer c.Close()
	admin := neutron{t, c, logIn(t, c, "admin", "secret", "demo", 201)}
	shared := admin.named("shared")
	port := admin.make("port", fmt.Sprintf(`{"network_id": %q}`, shared))["id"]
	mine := admin.make("network", `{"name": "v6"}`)["id"].(string)
	admin.make("subnet", fmt.Sprintf(`{"network_id": %q, "cidr": "2001:db8:1::/64", "ip_version": 6, "ipv6_address_mode": "slaac", "ipv6_ra_mode": "slaac"}`, mine))
	server := nova{t, c, admin.token}.boot("2.96", fromCirros+fmt.Sprintf(`"networks": [{"uuid": %q}, {"port": %q}]`, mine, port))

	file, err := guests.ReadConfig(state, config.Sources{Prog: metadata.Prog})
	if err != nil {
		t.Fatal(err)
	}
	quiet := zerolog.Nop()
	app, err := metadata.New(t.Context(), metadata.Options{Config: file, Log: &quiet})
	if err != nil {
		t.Fatal(err)
	}
	h, err := guests.Handler(file, app)
	if err != nil {
		t.Fatal(err)
	}
	q := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/"+server+"/openstack/latest/network_data.json", nil)
	q.Host = "127.0.0.1"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, q)
	var data struct {
		Networks []map[string]any `json:"networks"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &data); err != nil || len(data.Networks) != 2 || data.Networks[1]["network_id"] != shared {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	if n := data.Networks[0]; n["type"] != "ipv6_slaac" || n["netmask"] != "ffff:ffff:ffff:ffff::" || !strings.HasPrefix(fmt.Sprint(n["ip_address"]), "2001:db8:1:0:f816:3eff:") {
		t.Errorf("network %v", n)
	}
}
