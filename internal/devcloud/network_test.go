package devcloud_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/nova-go/nova/compute/devcloud"
)

// v2 is where the cloud's Neutron is.
const v2 = "/network/v2.0"

// neutron sends requests of one caller to the network service.
type neutron struct {
	*testing.T
	cloud *devcloud.Cloud
	token string
}

func (n neutron) do(method, path, body string, want int) map[string]any {
	n.Helper()
	out, _ := as(n.T, n.cloud, n.token, method, v2+path, body, want)
	return out
}

// make creates a resource: "subnet" in "subnets".
func (n neutron) make(kind, body string) map[string]any {
	n.Helper()
	return onlyOne(n.T, n.do("POST", "/"+strings.ReplaceAll(kind, "_", "-")+"s", `{"`+kind+`": `+body+`}`, 201), kind)
}

// named is the id of a network.
func (n neutron) named(name string) string {
	n.Helper()
	return ids(n.do("GET", "/networks?name="+name, "", 200), "networks")[0]
}

// server boots one on a network, and answers its id.
func (n neutron) server(network string) string {
	n.Helper()
	out, _ := as(n.T, n.cloud, n.token, "POST", "/v2.1/servers", fmt.Sprintf(`{"server": {"name": "web", "flavorRef": "1", "imageRef": "70a599e0-31e7-49b7-b260-868f441e862b", "networks": [{"uuid": %q}]}}`, network), 202)
	n.cloud.Settle()
	return onlyOne(n.T, out, "server")["id"].(string)
}

func (n neutron) addresses(server string) string {
	n.Helper()
	n.cloud.Settle()
	_, text := send(n.T, n.cloud, n.token, "GET", "/v2.1/servers/"+server, "", 200)
	return string(text)
}

func network(t *testing.T) neutron {
	c := start(t, "")
	t.Cleanup(func() { _ = c.Close() })
	return neutron{t, c, logIn(t, c, "demo", "secret", "demo", 201)}
}

func TestAFloatingAddressIsSeenAtOnceAndGivenBack(t *testing.T) {
	t.Parallel()
	n := network(t)
	mine := n.make("network", `{"name": "mine"}`)["id"].(string)
	subnet := n.make("subnet", fmt.Sprintf(`{"network_id": %q, "cidr": "10.7.0.0/24", "ip_version": 4}`, mine))["id"].(string)
	router := n.make("router", fmt.Sprintf(`{"name": "r", "external_gateway_info": {"network_id": %q}}`, n.named("public")))
	n.do("PUT", "/routers/"+router["id"].(string)+"/add_router_interface", fmt.Sprintf(`{"subnet_id": %q}`, subnet), 200)
	server := n.server(mine)
	port := ids(n.do("GET", "/ports?device_id="+server, "", 200), "ports")[0]
	body := fmt.Sprintf(`{"floating_network_id": %q, "port_id": %q}`, n.named("public"), port)
	f := n.make("floatingip", body)
	if f["router_id"] != router["id"] || onlyOne(t, f, "port_details")["device_id"] != server {
		t.Errorf("made %v", f)
	}
	if text := n.addresses(server); !strings.Contains(text, f["floating_ip_address"].(string)) {
		t.Errorf("the server has no %s: %s", f["floating_ip_address"], text)
	}
	n.do("POST", "/floatingips", `{"floatingip": `+body+`}`, 409)
	id := f["id"].(string)
	n.do("DELETE", "/floatingips/"+id, "", 204)
	if text := n.addresses(server); strings.Contains(text, f["floating_ip_address"].(string)) {
		t.Errorf("the server keeps %s: %s", f["floating_ip_address"], text)
	}
	if again := n.make("floatingip", body); again["floating_ip_address"] != f["floating_ip_address"] {
		t.Errorf("%s is not given back: %v", f["floating_ip_address"], again)
	}
}

func TestARoutersGatewayAndRoutes(t *testing.T) {
	t.Parallel()
	n := network(t)
	r := n.make("router", fmt.Sprintf(`{"name": "r", "external_gateway_info": {"network_id": %q}}`, n.named("public")))
	gateway := onlyOne(t, r, "external_gateway_info")
	if gateway["enable_snat"] != true || len(gateway["external_fixed_ips"].([]any)) != 1 {
		t.Errorf("gateway %v", gateway)
	}
	path := "/routers/" + r["id"].(string)
	same := onlyOne(t, n.do("PUT", path, fmt.Sprintf(`{"router": {"name": "s", "external_gateway_info": {"network_id": %q}}}`, n.named("public")), 200), "router")
	if fmt.Sprint(same["external_gateway_info"]) != fmt.Sprint(gateway) {
		t.Errorf("the gateway has become %v", same["external_gateway_info"])
	}
	// The addresses that are wanted are compared with those that are there; the port stays.
	ip := gateway["external_fixed_ips"].([]any)[0].(map[string]any)
	admin := neutron{t, n.cloud, logIn(t, n.cloud, "admin", "secret", "demo", 201)} // the port is nobody's
	port := func() string {
		return ids(admin.do("GET", "/ports?device_owner=network:router_gateway&device_id="+r["id"].(string), "", 200), "ports")[0]
	}
	first := port()
	for wanted, want := range map[string]string{
		fmt.Sprintf(`{"ip_address": %q, "subnet_id": %q}, {"subnet_id": %[2]q}`, ip["ip_address"], ip["subnet_id"]): fmt.Sprint(ip["ip_address"]),
		fmt.Sprintf(`{"ip_address": "172.24.4.99", "subnet_id": %q}`, ip["subnet_id"]):                              "172.24.4.99",
	} {
		for range 2 {
			d := onlyOne(t, n.do("PUT", path, fmt.Sprintf(`{"router": {"external_gateway_info": {"network_id": %q, "external_fixed_ips": [%s]}}}`, n.named("public"), wanted), 200), "router")
			if got := onlyOne(t, d, "external_gateway_info")["external_fixed_ips"].([]any); len(got) != 1 || got[0].(map[string]any)["ip_address"] != want || port() != first {
				t.Errorf("wanted %s, got %v at port %v", wanted, got, port())
			}
		}
		n.do("PUT", path, fmt.Sprintf(`{"router": {"external_gateway_info": {"network_id": %q, "external_fixed_ips": [{"ip_address": %q}]}}}`, n.named("public"), ip["ip_address"]), 200)
	}
	n.do("POST", "/routers", fmt.Sprintf(`{"router": {"external_gateway_info": {"network_id": %q}}}`, n.named("private")), 400)

	const route = `{"router": {"routes": [{"destination": "10.9.0.0/24", "nexthop": "10.7.0.9"}]}}`
	for range 2 {
		if d := onlyOne(t, n.do("PUT", path+"/add_extraroutes", route, 200), "router"); len(d["routes"].([]any)) != 1 {
			t.Errorf("routes %v", d["routes"])
		}
	}
	if d := onlyOne(t, n.do("PUT", path+"/remove_extraroutes", route, 200), "router"); len(d["routes"].([]any)) != 0 {
		t.Errorf("routes %v", d["routes"])
	}

	mine := n.make("network", `{"name": "mine"}`)["id"].(string)
	subnet := n.make("subnet", fmt.Sprintf(`{"network_id": %q, "cidr": "10.7.0.0/24"}`, mine))["id"].(string)
	body := fmt.Sprintf(`{"subnet_id": %q}`, subnet)
	n.do("PUT", path+"/add_router_interface", body, 200)
	n.do("PUT", path+"/add_router_interface", body, 400)
	n.do("DELETE", path, "", 409)
	n.do("PUT", path+"/remove_router_interface", body, 200)
	n.do("PUT", path, `{"router": {"external_gateway_info": null}}`, 200)
	n.do("DELETE", path, "", 204)
	n.do("DELETE", "/networks/"+mine, "", 204)
}

func TestAPortsAddressesChange(t *testing.T) {
	t.Parallel()
	n := network(t)
	mine := n.make("network", `{"name": "mine"}`)["id"].(string)
	subnet := n.make("subnet", fmt.Sprintf(`{"network_id": %q, "cidr": "10.7.0.0/24"}`, mine))["id"].(string)
	p := n.make("port", fmt.Sprintf(`{"network_id": %q, "fixed_ips": [{"ip_address": "10.7.0.50"}], "allowed_address_pairs": [{"ip_address": "10.7.0.60"}]}`, mine))
	if pairs := fmt.Sprint(p["allowed_address_pairs"]); !strings.Contains(pairs, p["mac_address"].(string)) {
		t.Errorf("pairs without a MAC address: %s", pairs)
	}
	path := "/ports/" + p["id"].(string)
	for body, want := range map[string]string{
		fmt.Sprintf(`[{"subnet_id": %q}]`, subnet):                                   "10.7.0.50",
		fmt.Sprintf(`[{"subnet_id": %q, "ip_address": "10.7.0.50"}]`, subnet):        "10.7.0.50",
		fmt.Sprintf(`[{"subnet_id": %q}, {"ip_address": "10.7.0.77"}]`, subnet):      "10.7.0.50 10.7.0.77",
		fmt.Sprintf(`[{"ip_address": "10.7.0.50"}, {"subnet_id": %q}]`, "elsewhere"): "",
	} {
		status := 200
		if want == "" {
			status = 409
		}
		out := n.do("PUT", path, `{"port": {"fixed_ips": `+body+`}}`, status)
		var got []string
		if status == 200 {
			for _, ip := range onlyOne(t, out, "port")["fixed_ips"].([]any) {
				got = append(got, ip.(map[string]any)["ip_address"].(string))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v", body, got)
		}
		n.do("PUT", path, `{"port": {"fixed_ips": [{"ip_address": "10.7.0.50"}]}}`, 200)
	}
}

func TestAddressesOfMACs(t *testing.T) {
	t.Parallel()
	n := network(t)
	mine := n.make("network", `{"name": "mine"}`)["id"].(string)
	n.make("subnet", fmt.Sprintf(`{"network_id": %q, "cidr": "fd00:77::/64", "ip_version": 6, "ipv6_address_mode": "slaac", "ipv6_ra_mode": "slaac"}`, mine))
	p := n.make("port", fmt.Sprintf(`{"network_id": %q, "mac_address": "fa:16:3e:12:34:56"}`, mine))
	if ips := fmt.Sprint(p["fixed_ips"]); !strings.Contains(ips, "fd00:77::f816:3eff:fe12:3456 ") {
		t.Errorf("addresses %s", ips)
	}
}

func TestNovaSeesANetworksNewName(t *testing.T) {
	t.Parallel()
	n := network(t)
	mine := n.make("network", `{"name": "mine"}`)["id"].(string)
	n.make("subnet", fmt.Sprintf(`{"network_id": %q, "cidr": "10.7.0.0/24"}`, mine))
	server := n.server(mine)
	n.do("PUT", "/networks/"+mine, `{"network": {"name": "ours"}}`, 200)
	if text := n.addresses(server); !strings.Contains(text, `"addresses":{"ours":`) && !strings.Contains(text, `"addresses": {"ours":`) {
		t.Errorf("addresses: %s", text)
	}
}

func TestTagsAndRevisionsOfNetworks(t *testing.T) {
	t.Parallel()
	n := network(t)
	a, b := n.make("network", `{"name": "a"}`)["id"].(string), n.make("network", `{"name": "b"}`)["id"].(string)
	n.do("PUT", "/networks/"+a+"/tags", `{"tags": ["red", "blue"]}`, 200)
	n.do("PUT", "/networks/"+b+"/tags/red", "", 201)
	n.do("GET", "/networks/"+b+"/tags/red", "", 204)
	n.do("GET", "/networks/"+b+"/tags/blue", "", 404)
	for query, want := range map[string]int{"tags=red": 2, "tags=red,blue": 1, "tags-any=blue,green": 1, "not-tags=red,blue": 1, "not-tags-any=blue": 1} {
		key, value, _ := strings.Cut(query, "=")
		if out := n.do("GET", "/networks?shared=false&router:external=false&name=a&name=b&"+url.Values{key: {value}}.Encode(), "", 200); len(out["networks"].([]any)) != want {
			t.Errorf("%s: %v", query, out)
		}
	}
	n.do("DELETE", "/networks/"+b+"/tags/red", "", 204)
	n.do("DELETE", "/networks/"+b+"/tags/red", "", 404)

	// If-Match
	d := onlyOne(t, n.do("GET", "/networks/"+a, "", 200), "network")
	for revision, want := range map[string]int{"99": 412, fmt.Sprint(d["revision_number"]): 200} {
		send(t, n.cloud, n.token, "PUT", v2+"/networks/"+a, `{"network": {"description": "d"}}`, want, "If-Match: revision_number="+revision)
	}
}

func TestZonesAvailabilityAndQuotasOfNetworks(t *testing.T) {
	t.Parallel()
	n := network(t)
	if out := n.do("GET", "/availability_zones", "", 200); len(out["availability_zones"].([]any)) != 2 {
		t.Errorf("zones %v", out)
	}
	n.do("GET", "/network-ip-availabilities", "", 403)
	admin := neutron{t, n.cloud, logIn(t, n.cloud, "admin", "secret", "admin", 201)}
	d := onlyOne(t, admin.do("GET", "/network-ip-availabilities/"+n.named("private"), "", 200), "network_ip_availability")
	if d["total_ips"] != 1021.0 || d["used_ips"] != 0.0 {
		t.Errorf("available: %v", d)
	}
	admin.do("PUT", "/quotas/p", `{"quota": {"network": 4, "port": 40}}`, 200)
	if q := onlyOne(t, admin.do("PUT", "/quotas/p", `{"quota": {"network": 5}}`, 200), "quota"); q["network"] != 5.0 || q["port"] != 40.0 {
		t.Errorf("the quota is %v", q)
	}
	if out := admin.do("GET", "/quotas", "", 200); len(out["quotas"].([]any)) != 1 {
		t.Errorf("quotas %v", out)
	}
}
