package devcloud_test

import (
	"strings"
	"testing"
)

// TestBadInputIsRefused sends the control interface what it cannot mean, and expects
// the names that exist.
func TestBadInputIsRefused(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	for _, bad := range []struct{ request, body, says string }{
		{"POST /faults", `{"mesage": "no luck"}`, `there is no member "mesage": there are method, server, message, delay, hang, times, request, status`},
		{"POST /faults", `{"method": "stop_server", "hang": true}`, "stop_instance"},
		{"POST /faults", `{"method": "get_host_uptime", "hang": true}`, "there is no method"},
		{"POST /faults", `{"method": "stop_instance"}`, "message, delay, hang"},
		{"POST /faults", `{"message": "x", "server": "web"}`, "UUID"},
		{"POST /faults", `{"delay": "-3s"}`, "delay"},
		{"POST /faults", `{"delay": "3"}`, "delay"},
		{"POST /faults", `{"hang": "yes"}`, "hang"},
		{"POST /faults", `{"message": "x", "times": 1.5}`, "times"},
		{"POST /faults", `{"request": "GET /v2.1/servers", "status": 9999}`, "9999"},
		{"POST /faults", `{"request": "GET /v2.1/servers", "status": 99}`, "99"},
		{"POST /faults", `{"request": "GET /v2.1/servers", "status": -1}`, "-1"},
		{"POST /faults", `{"request": "GET /v2.1/servers", "status": 200}`, "between 400 and 599"},
		{"POST /faults", `{"request": "GET /v2.1/servers"}`, "status"},
		{"POST /faults", `{"status": 503}`, "METHOD /PATH"},
		{"POST /faults", `{"request": "/v2.1/servers", "status": 503}`, "METHOD /PATH"},
		{"POST /faults", `{"request": "FETCH /v2.1/servers", "status": 503}`, "GET, HEAD, POST"},
		{"POST /faults", `{"request": "GET /v2.1/servers", "status": 503, "message": "x"}`, "no other members"},
		{"POST /faults", `[]`, "not an object"},
		{"POST /faults", `null`, "not an object"},
		{"POST /faults", ``, "not an object"},
		{"POST /faults", `{"message": "x"} {}`, "not an object"},
		{"POST /faults", `{"message": "` + strings.Repeat("x", 1<<20) + `"}`, "1048576"},
		{"PUT /hosts/compute-9", `{"up": false}`, "compute-1, compute-2"},
		{"PUT /hosts/compute-1", `{"down": true}`, "up"},
		{"PUT /hosts/compute-1", `{}`, "up"},
		{"PUT /hosts/compute-1", `{"up": "no"}`, "up"},
		{"PUT /hosts/compute-1", `{"up": null}`, "up"},
		{"PUT /cells/cell0", `{"up": false}`, "cell1"},
		{"PUT /cells/cell1", `{"Up": false}`, "up"},
		{"PUT /build-time", `{"time": "-1s"}`, "time"},
		{"PUT /build-time", `{"time": 3}`, "time"},
		{"PUT /build-time", `{"seconds": 3}`, "time"},
		{"PUT /build-time", `{}`, "time"},
		{"GET /requests?after=x", "", "after"},
		{"GET /state?after=-1", "", "after"},
		{"POST /seed", "volums:\n- {name: data}\n", "requests, servers, volumes"},
		{"POST /seed", "volumes:\n- {name: data}\nservers:\n- {name: a}\n- {name: b, flavour: m1.tiny}\n", "servers[1]: there is no \"flavour\": there are name, flavor"},
		{"POST /seed", "servers:\n- {name: a, count: -1}\n", "count"},
		{"POST /seed", "servers:\n- {name: a, count: many}\n", "int"},
		{"POST /seed", "volumes:\n- {name: a, size: -1}\n", "size"},
		{"POST /seed", "servers:\n- {name: a, flavor: m1.huge}\n", "m1.tiny"},
		{"POST /seed", "servers:\n- {name: a, image: none}\n", "cirros"},
		{"POST /seed", "servers:\n- {name: a, network: none}\n", "private"},
		{"POST /seed", "servers:\n- {name: a, as: nobody}\n", "admin"},
		{"POST /seed", "requests:\n- {do: GET}\n", "METHOD /PATH"},
		{"POST /seed", "requests:\n- {do: \"GET /v2.1/%zz\"}\n", "METHOD /PATH"},
		{"POST /seed", "requests:\n- {do: \"GÉT /v2.1\"}\n", "METHOD /PATH"},
		{"POST /seed", "- a\n", "cannot unmarshal"},
		{"PUT /clock", `{}`, "stopped or advance"},
		{"PUT /clock", `{"advance": "-1h"}`, "advance"},
		{"PUT /clock", `{"advance": "1d"}`, "advance"},
		{"PUT /clock", `{"advance": "90000h"}`, "87840h"},
		{"PUT /clock", `{"stopped": 1}`, "stopped"},
		{"GET /state?since=1", "", "there is no parameter \"since\": there are after"},
		{"GET /faults?after=1", "", "the request has none"},
		{"POST /reset", `{"all": true}`, "has no body"},
		{"DELETE /faults", "all", "has no body"},
	} {
		method, path, _ := strings.Cut(bad.request, " ")
		if text := ask(t, c, method, path, bad.body, 400); !strings.Contains(strings.ReplaceAll(text, `\"`, `"`), bad.says) {
			t.Errorf("%s %.60s: no %q in %s", bad.request, bad.body, bad.says, text)
		}
	}
	if dump := ask(t, c, "GET", "/dump", "", 200); strings.Contains(dump, `"name":"data"`) {
		t.Errorf("half of a seed file has been made: %s", dump)
	}
	if faults := ask(t, c, "GET", "/faults", "", 200); strings.TrimSpace(faults) != "[]" {
		t.Errorf("faults are planned: %s", faults)
	}
}
