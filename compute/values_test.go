package compute_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

// Nova's schemas accept integers that are written as floats or as text, and its code
// makes something else of them in each operation. The expectations are answers of Nova
// 34.0.0 on MariaDB.

const unexpected = "Unexpected API Error. Please contact the administrator\n<class '%'>"

func raised(class string) string { return strings.Replace(unexpected, "%", class, 1) }

func TestFlavorValues(t *testing.T) {
	s := novatest.New(t)
	admin := s.As("admin").MV("2.55")
	invalid := raised("nova.exception.InvalidInput")
	for _, c := range []struct {
		member, value string
		status        int
		want          string // of the flavor, or a message
	}{
		{"ram", `"1\n"`, 200, `{"ram": 1}`},
		{"ram", `"01"`, 200, `{"ram": 1}`},
		{"ram", `2147483647`, 200, `{"ram": 2147483647}`},
		{"ram", `1.0`, 500, invalid},
		{"ram", `1e0`, 500, invalid},
		{"ram", `2147483647.0`, 500, invalid},
		{"ram", `2147483648`, 400, "*2147483648 is greater than the maximum of 2147483647"},
		{"ram", `9223372036854775808`, 400, "*9223372036854775808 is greater than the maximum of 2147483647"},
		{"ram", `" 1"`, 400, "*' 1' does not match '^[0-9]+$'"},
		{"ram", `"1_0"`, 400, "*'1_0' does not match '^[0-9]+$'"},
		{"ram", `"\u0661"`, 400, "*'١' does not match '^[0-9]+$'"},
		{"ram", `true`, 400, "*True is not of type 'integer', 'string'"},
		{"vcpus", `2.0`, 500, invalid},
		{"disk", `-0.0`, 500, invalid},
		{"OS-FLV-EXT-DATA:ephemeral", `1.0`, 500, invalid},
		{"swap", `1.0`, 500, invalid},
		{"swap", `"5\n"`, 200, `{"swap": 5}`},
		{"id", `7.0`, 200, `{"id": "7.0"}`},
		{"id", `1e22`, 200, `{"id": "1e+22"}`},
		{"id", `"x\n"`, 200, `{"id": "x\n"}`},
		{"rxtx_factor", `"1.5\n"`, 200, `{"rxtx_factor": 1.5}`},
		{"rxtx_factor", `"00.5"`, 200, `{"rxtx_factor": 0.5}`},
		{"rxtx_factor", `"0.0"`, 500, invalid},
		{"os-flavor-access:is_public", `"OFF"`, 200, `{"os-flavor-access:is_public": false}`},
		{"os-flavor-access:is_public", `"t"`, 400, "*'t' is not one of *"},
	} {
		t.Run(c.member+"="+c.value, func(t *testing.T) {
			s := s.In(t)
			members := map[string]string{"name": `"new"`, "ram": "1", "vcpus": "1", "disk": "1"}
			members[c.member] = c.value
			var text []string
			for name, value := range members {
				text = append(text, `"`+name+`": `+value)
			}
			create := func() *novatest.Response {
				return admin.In(t).Do("POST /flavors", `{"flavor": {`+strings.Join(text, ", ")+`}}`).Expect(c.status)
			}
			if c.status != 200 {
				s.Changes(func() { create().Fault(kindOf(c.status), c.want) }).Expect()
				return
			}
			made := create().Has(`{"flavor": ` + c.want + `}`)
			s.Exec("api", "DELETE FROM flavors WHERE flavorid = ?", made.At("flavor", "id"))
		})
	}
	// What Python takes for false is no id.
	for _, id := range []string{"0", "-0.0", "null"} {
		made := admin.Do("POST /flavors", `{"flavor": {"name": "none", "ram": 1, "vcpus": 1, "disk": 1, "id": `+id+`}}`).Expect(200).At("flavor", "id")
		if len(made) != 36 {
			t.Errorf("the id %s makes a flavor with the id %s", id, made)
		}
		admin.Do("DELETE /flavors/" + made).Expect(202)
	}
}

func kindOf(status int) string {
	switch status {
	case 400:
		return "badRequest"
	case 404:
		return "itemNotFound"
	case 409:
		return "conflictingRequest"
	}
	return "computeFault"
}

// Extra specs are answered as they came, with numbers as Python writes them, and kept as
// Python's str shows them.
func TestExtraSpecValues(t *testing.T) {
	s := novatest.New(t)
	admin := s.As("admin")
	for _, c := range []struct{ value, answered, kept string }{
		{`1`, `1`, "1"},
		{`1.0`, `1.0`, "1.0"},
		{`1.10`, `1.1`, "1.1"},
		{`1E5`, `100000.0`, "100000.0"},
		{`1e16`, `1e+16`, "1e+16"},
		{`1e-7`, `1e-07`, "1e-07"},
		{`NaN`, `NaN`, "nan"},
		{`1e400`, `Infinity`, "inf"},
		{`123456789012345678901234567890`, `123456789012345678901234567890`, "123456789012345678901234567890"},
		{`"1\n"`, `"1\n"`, "1\n"},
	} {
		for _, request := range []struct{ line, before, after string }{{"POST /flavors/1/os-extra_specs", `{"extra_specs":`, `}`}, {"PUT /flavors/1/os-extra_specs/a", "", ""}} {
			r := admin.Do(request.line, request.before+`{"a":`+c.value+`}`+request.after).Expect(200)
			if want := request.before + `{"a":` + c.answered + `}` + request.after; string(r.Body) != want {
				t.Errorf("%s %s: %s, want %s", request.line, c.value, r.Body, want)
			}
			if kept := s.Value("api", "SELECT value FROM flavor_extra_specs WHERE flavor_id = (SELECT id FROM flavors WHERE flavorid = '1')"); kept != c.kept {
				t.Errorf("%s %s: the row has %q, want %q", request.line, c.value, kept, c.kept)
			}
		}
	}
	admin.MV("2.86").Do("PUT /flavors/1/os-extra_specs/hw:cpu_cores", `{"hw:cpu_cores": 1.0}`).Expect(400).Fault("badRequest", "Validation failed; '1.0' is not a valid integer value.")
}

func TestQuotaValues(t *testing.T) {
	s := novatest.New(t)
	admin := s.As("admin")
	project := novatest.NameID("project", "demo")
	for _, c := range []struct {
		value  string
		status int
		limit  string
	}{
		{`25.0`, 200, "25"}, {`2.5e1`, 200, "25"}, {`"25\n"`, 200, "25"}, {`"-1\n"`, 200, "-1"}, {`-1.0`, 200, "-1"},
		{`2147483647.0`, 200, "2147483647"}, {`2147483648`, 400, ""}, {`25.5`, 400, ""}, {`" 25"`, 400, ""}, {`"2_5"`, 400, ""}, {`true`, 400, ""}, {`null`, 400, ""},
	} {
		for path, member := range map[string]string{"/os-quota-sets/" + project: "quota_set", "/os-quota-class-sets/cls": "quota_class_set"} {
			t.Run(path+" "+c.value, func(t *testing.T) {
				s.Exec("api", "DELETE FROM quotas")
				s.Exec("api", "DELETE FROM quota_classes")
				r := admin.In(t).Do("PUT "+path, `{"`+member+`": {"cores": `+c.value+`}}`).Expect(c.status)
				if c.status != 200 {
					return
				}
				r.Has(`{"` + member + `": {"cores": ` + c.limit + `}}`)
				table := map[string]string{"quota_set": "quotas", "quota_class_set": "quota_classes"}[member]
				if got := s.Value("api", "SELECT hard_limit FROM "+table); got != c.limit {
					t.Errorf("the row has %s, want %s", got, c.limit)
				}
			})
		}
	}
	s.Exec("api", "DELETE FROM quotas")
	s.Server(novatest.VM{})
	admin.Do("PUT /os-quota-sets/"+project, `{"quota_set": {"cores": 0, "force": "ON"}}`).Expect(200)
	admin.Do("PUT /os-quota-sets/"+project, `{"quota_set": {"cores": 0, "force": "OFF"}}`).Expect(400)
	admin.Do("PUT /os-quota-sets/"+project, `{"quota_set": {"cores": 0, "force": "t"}}`).Expect(400)
}

func TestGroupRuleValues(t *testing.T) {
	s := novatest.New(t)
	demo := s.As("demo").MV("2.64")
	s.Service("compute-1", "nova-compute")
	for _, c := range []struct {
		value  string
		status int
		want   string // of the rule, or a message
		kept   string
	}{
		{`2`, 200, `2`, `2`},
		{`"2\n"`, 200, `2`, `2\n`},
		{`9223372036854775808`, 200, `9223372036854775808`, `9223372036854775808`},
		{`1.0`, 500, raised("ValueError"), `1.0`}, // Nova makes the group, and fails to show it
		{`"\n"`, 500, raised("ValueError"), ""},
		{`0`, 400, "*", ""},
		{`true`, 400, "*", ""},
	} {
		t.Run(c.value, func(t *testing.T) {
			changes := s.In(t).Changes(func() {
				r := demo.In(t).Do("POST /os-server-groups", `{"server_group": {"name": "g", "policy": "anti-affinity", "rules": {"max_server_per_host": `+c.value+`}}}`).Expect(c.status)
				if c.status == 200 {
					r.Has(`{"server_group": {"rules": {"max_server_per_host": ` + c.want + `}}}`)
				} else {
					r.Fault(kindOf(c.status), c.want)
				}
			})
			if c.kept == "" {
				changes.Expect()
				return
			}
			changes.Expect(`api INSERT instance_group_policy * rules={"max_server_per_host": "`+c.kept+`"}`, "api INSERT instance_groups *")
		})
	}
}

func TestSecurityGroupRuleValues(t *testing.T) {
	const group = "70a599e0-31e7-49b7-b260-868f441e862b"
	made := `{"security_group_rule": {"id": "r1", "security_group_id": "` + group + `", "direction": "ingress", "ethertype": "IPv4", "protocol": "tcp"}}`
	n := newNeighbour(t, map[string]string{
		"GET /v2.0/security-groups/" + group: `200 {"security_group": {"id": "` + group + `", "name": "g", "tenant_id": "p", "security_group_rules": []}}`,
		"POST /v2.0/security-group-rules":    "201 " + made,
	})
	s := novatest.New(t, novatest.Conf("[neutron]\nendpoint_override = "+n.URL))
	noNetwork := func(cidr string) string { return cidr + " is not a valid IP network." }
	for _, c := range []struct {
		members string
		status  int
		want    string // what Neutron is sent of the rule, or a message
	}{
		{`"ip_protocol": "tcp", "from_port": 1.9, "to_port": "1_0\n"`, 200, `{"port_range_min": 1, "port_range_max": 10}`},
		{`"ip_protocol": "tcp", "from_port": true, "to_port": " \u0661"`, 200, `{"port_range_min": 1, "port_range_max": 1}`},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": "1.0"`, 400, "Invalid input received: To and From ports must be integers"},
		{`"ip_protocol": "icmp", "from_port": "x", "to_port": 1`, 400, "Invalid input received: Type and Code must be integers for ICMP protocol type"},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": 9223372036854775808`, 400, "Invalid port range 1:9223372036854775808. Valid TCP ports should be between 1-65535"},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": []`, 500, raised("TypeError")},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": 1e400`, 500, raised("OverflowError")},
		{`"ip_protocol": 6, "from_port": 1, "to_port": 2`, 400, "Invalid IP protocol 6."},
		{`"ip_protocol": 6, "group_id": "` + group + `"`, 500, raised("AttributeError")},
		{`"ip_protocol": "udp", "group_id": "` + group + `"`, 200, `{"port_range_min": 1, "port_range_max": 65535, "remote_group_id": "` + group + `"}`},
		{`"ip_protocol": "", "from_port": 1, "to_port": 2`, 400, "Not enough parameters to build a valid rule."},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": 0`, 200, `{"remote_ip_prefix": "0.0.0.0/0"}`},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": 5`, 400, noNetwork("5")},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": [1]`, 400, noNetwork("[1]")},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": "10.0.0.0/8\n"`, 200, `{"remote_ip_prefix": "10.0.0.0/8\n"}`},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": "10.0.0.0/255.0.0.0"`, 200, `{"remote_ip_prefix": "10.0.0.0/255.0.0.0"}`},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": "10.0.0.0/255.0.255.0"`, 400, noNetwork("10.0.0.0/255.0.255.0")},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": "1.2.3.4/0.0.0.0"`, 400, "Bad prefix for network in cidr 1.2.3.4/0.0.0.0"},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": "10.0.0.0/8/9"`, 500, raised("ValueError")},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": "fe80::1%eth0/64"`, 400, noNetwork("fe80::1%eth0/64")},
	} {
		t.Run(c.members, func(t *testing.T) {
			r := s.In(t).As("demo").Do("POST /os-security-group-rules", `{"security_group_rule": {"parent_group_id": "`+group+`", `+c.members+`}}`).Expect(c.status)
			if c.status != 200 {
				r.Fault(kindOf(c.status), c.want)
				return
			}
			n.got(t, "POST /v2.0/security-group-rules", `{"security_group_rule": `+c.want+`}`)
		})
	}
}

func TestVolumeProxyValues(t *testing.T) {
	n := newNeighbour(t, map[string]string{
		"POST /v3/volumes":   `202 {"volume": {"id": "v2", "status": "creating", "size": 3, "attachments": []}}`,
		"POST /v3/snapshots": `400 {"badRequest": {"message": "no UUID", "code": 400}}`,
	})
	s := novatest.New(t, novatest.Conf("[cinder]\nendpoint_template = "+n.URL+"/v3"))
	demo := s.As("demo")
	for value, sent := range map[string]string{`3`: `3`, `3.0`: `3.0`, `"3\n"`: `"3\n"`, `9223372036854775808`: `9223372036854775808`} {
		demo.Do("POST /os-volumes", `{"volume": {"size": `+value+`, "metadata": {"a": 1.0}}}`).Expect(200)
		n.got(t, "POST /v3/volumes", `{"volume": {"size": `+sent+`, "metadata": {"a": 1.0}}}`)
	}
	n.answers["POST /v3/volumes"] = `404 {"itemNotFound": {"message": "Volume type with name x could not be found.", "code": 404}}`
	demo.Do("POST /os-volumes", `{"volume": {"size": 1, "volume_type": "x"}}`).Expect(500).Fault("computeFault", raised("nova.exception.NotFound"))
	n.answers["POST /v3/volumes"] = `400 {"badRequest": {"message": "no", "code": 400}}`
	demo.Do("POST /os-volumes", `{"volume": {"size": 1}}`).Expect(400).Fault("badRequest", "Invalid input received: no (HTTP 400)")
	demo.Do("POST /os-volumes", `{"volume": {"size": true}}`).Expect(400)
	demo.Do("POST /os-snapshots", `{"snapshot": {"volume_id": "x"}}`).Expect(500).Fault("computeFault", raised("nova.exception.InvalidInput"))
	for force, sent := range map[string]string{`true`: "true", `"on"`: "true", `"0"`: "false", `"NO"`: "false"} {
		demo.Do("POST /os-snapshots", `{"snapshot": {"volume_id": "x", "force": `+force+`}}`).Expect(500)
		n.got(t, "POST /v3/snapshots", `{"snapshot": {"volume_id": "x", "force": `+sent+`}}`)
	}
	for _, force := range []string{`1`, `"t"`, `"true\n"`, `null`} {
		demo.Do("POST /os-snapshots", `{"snapshot": {"volume_id": "x", "force": `+force+`}}`).Expect(400)
	}
	delete(n.answers, "POST /v3/snapshots")
	demo.Do("POST /os-snapshots", `{"snapshot": {"volume_id": "gone"}}`).Expect(500).Fault("computeFault", raised("nova.exception.VolumeNotFound"))
	admin := s.As("nova")
	for info, want := range map[string]string{
		`[]`: raised("TypeError"), `"x"`: raised("TypeError"), `null`: raised("TypeError"), `NaN`: raised("TypeError"),
		`{}`: "'volume_id'", `{"volume_id":"x"} y`: "Extra data: line 1 column 19 (char 18)", ``: "Expecting value: line 1 column 1 (char 0)",
		`{'a':1}`: "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)", `{"a":1 "b":2}`: "Expecting ',' delimiter: line 1 column 8 (char 7)",
		`{"volume_id":5}`: "No volume Block Device Mapping with id 5.",
	} {
		status := 400
		if strings.HasPrefix(want, "Unexpected") {
			status = 500
		}
		admin.Do("DELETE /os-assisted-volume-snapshots/s?delete_info="+url.QueryEscape(info)).Expect(status).Fault(kindOf(status), want)
	}
}

// Numbers in queries and paths are read as Python's int reads them.
func TestNumbersInQueries(t *testing.T) {
	s := novatest.New(t)
	for _, c := range []struct {
		request string
		status  int
		want    string
	}{
		{"GET /flavors?minRam=2_048%0A", 200, "m1.small m1.medium m1.large"},
		{"GET /flavors?minRam=%D9%A2%D9%A0%D9%A4%D9%A8", 200, "m1.small m1.medium m1.large"},
		{"GET /flavors?minRam=9223372036854775808", 200, ""},
		{"GET /flavors?minDisk=-9223372036854775809&limit=1%0A", 200, "m1.tiny"},
		{"GET /flavors?minRam=1.0", 400, "Invalid minRam filter [1.0]"},
		{"GET /flavors?limit=%0A", 400, "Invalid input received: limit must be an integer"},
		{"GET /flavors?limit=2147483648", 200, "m1.tiny m1.small m1.medium m1.large m1.nano m1.micro"},
		{"GET /os-aggregates/1_0", 404, "Aggregate 1_0 could not be found."},
		{"GET /os-aggregates/1.0", 400, "Invalid input received: id must be an integer"},
		{"GET /os-aggregates/9223372036854775808", 404, "Aggregate 9223372036854775808 could not be found."},
		{"GET /os-hypervisors/" + strings.Repeat("x", 60000) + "/search", 404, "No hypervisor matching *"},
	} {
		t.Run(c.request[:min(60, len(c.request))], func(t *testing.T) {
			r := s.In(t).As("admin").Do(c.request).Expect(c.status)
			if c.status != 200 {
				r.Fault(kindOf(c.status), c.want)
			} else if got := r.Names("flavors"); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	if next := s.As("admin").Do("GET /flavors?limit=1%0A").Expect(200).At("flavors_links", "0", "href"); !strings.HasSuffix(next, "/flavors?limit=1%0A&marker=1") {
		t.Errorf("the next page is %s", next)
	}
}

// Dates may be shortened to their year or month where Nova reads ISO 8601; usages take
// what Python's strptime reads.
func TestDatesInQueries(t *testing.T) {
	s := novatest.New(t)
	for date, status := range map[string]int{
		"2016": 200, "2016-01": 200, "2016-1-1": 200, "20160101": 200, "2016-01-01T00": 200, "2016-01-01T0000": 200, "2016-01-01T00:00:00,5+01": 200,
		"201601": 400, "2016-13": 400, "2016-01-01T24:00": 400, " 2016": 400, "2016-01-01t00:00:00": 400,
	} {
		for _, request := range []struct{ version, path string }{
			{"2.1", "/servers?changes-since="}, {"2.66", "/servers/detail?changes-before="}, {"2.59", "/os-migrations?changes-since="}, {"2.66", "/os-migrations?changes-before="},
		} {
			s.As("admin").MV(request.version).Do("GET " + request.path + url.QueryEscape(date)).Expect(status)
		}
	}
	for date, status := range map[string]int{
		"2016-01-01T00:00:00": 200, "2016-1-1t0:0:0.5": 200, "2016-01- 1T00:00:00": 200, "٢٠١٦-01-01T٠:00:00": 200, "2016-01-01\u00a000:00:00.0": 200,
		"2016": 400, "2016-01-01T00:00:00Z": 400, "2016-01-01 00:00:00": 400, "2016-02-30T00:00:00": 400, "2016-01-01T23:59:60": 400, "2016-01-01T٠٠:00:00": 400,
	} {
		s.As("admin").Do("GET /os-simple-tenant-usage?start=" + url.QueryEscape(date)).Expect(status)
	}
}

func TestAcceptOfAnswers(t *testing.T) {
	s := novatest.New(t)
	const vendor = "application/vnd.openstack.compute+json"
	for _, c := range []struct{ path, accept, kind string }{
		{"/flavors", vendor, vendor},
		{"/flavors", vendor + ", application/json", "application/json"},
		{"/flavors", "*/*, " + vendor, vendor},
		{"/flavors", "application/json;q=0.5, " + vendor + ";q=0.9", vendor},
		{"/flavors", "application/*;q=0.95, " + vendor + `;q="0.9"`, "application/json"},
		{"/flavors", "APPLICATION/VND.openstack.compute+json", "application/json"},
		{"/", "application/atom+xml", "application/atom+xml"},
		{"/flavors", "application/atom+xml", "application/json"},
		{"/nope", "application/json; charset=utf-8", "text/plain; charset=UTF-8"},
		{"/nope", "application/json, text/html;level=1", "application/json"},
		{"/nope", "text/html;q=0.1234, application/json", "text/html; charset=UTF-8"},
	} {
		s.As("demo").Header("Accept", c.accept).Do("GET "+c.path).HasHeader("Content-Type", c.kind)
	}
}

// Nova's router does not see one newline at the end of a path.
func TestNewlinesInPaths(t *testing.T) {
	s := novatest.New(t)
	demo := s.As("demo")
	demo.Do("GET /flavors%0A").Expect(200)
	demo.Do("GET /flavors/1%0A").Expect(200).Has(`{"flavor": {"id": "1"}}`)
	demo.Do("GET /" + novatest.NameID("project", "demo") + "/flavors/detail%0A").Expect(200)
	demo.Do("GET /flavors/x%0A%0A").Expect(404).Fault("itemNotFound", "Flavor x\n could not be found.")
	demo.Do("GET /flavors/%0A").Expect(404).Fault("itemNotFound", "Flavor \n could not be found.")
	demo.Do("GET /flavors%0A/1").Expect(404)
	demo.At("").Do("GET /%C3%A9%20%25").Expect(300).Has(`{"choices": [{"links": [{"href": "` + s.URL + `/v2/%C3%A9%20%25"}]}, {"id": "v2.1"}]}`)
}
