package devcloud_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest/testproc"
)

// A server that could not be scheduled has changed when it failed, and not since.
func TestServersWithoutAHostAreFoundByTheirLastChange(t *testing.T) {
	t.Parallel()
	net := network(t)
	demo := nova{t, net.cloud, net.token}
	admin := nova{t, net.cloud, logIn(t, net.cloud, "admin", "secret", "admin", 201)}
	admin.do("2.1", "POST", "/flavors", `{"flavor": {"name": "huge", "id": "huge", "ram": 64, "vcpus": 1, "disk": 99999999}}`, 200)
	out := demo.do("2.96", "POST", "/servers", `{"server": {"name": "err", "flavorRef": "huge", `+fromCirros+`"networks": "none"}}`, 202)
	net.cloud.Settle()
	path := "/servers/" + onlyOne(t, out, "server")["id"].(string)
	var updated string
	testproc.Eventually(t, "the clock is two seconds after the change of the server", func() bool {
		s := onlyOne(t, demo.do("2.96", "GET", path, "", 200), "server")
		if updated == "" {
			updated = s["updated"].(string)
		}
		if s["status"] != "ERROR" || s["updated"] != updated {
			t.Fatalf("the server is %v, updated %v, after %s", s["status"], s["updated"], updated)
		}
		header, _ := send(t, net.cloud, net.token, "GET", "/v2.1"+path, "", 200)
		now, err := http.ParseTime(header.Get("Date"))
		changed, err2 := time.Parse(time.RFC3339, updated)
		return err == nil && err2 == nil && now.Sub(changed) > time.Second
	})
	for since, want := range map[string]int{"2016-01-01T00:00:00Z": 1, "2099-01-01T00:00:00Z": 0} {
		if list := demo.do("2.96", "GET", "/servers?status=ERROR&changes-since="+since, "", 200)["servers"].([]any); len(list) != want {
			t.Errorf("since %s: %v", since, list)
		}
	}
}

// Each protocol has types of its own.
func TestTypesOfConsoles(t *testing.T) {
	t.Parallel()
	net := network(t)
	demo := nova{t, net.cloud, net.token}
	path := "/servers/" + demo.boot("2.96", fromCirros+`"networks": "none"`) + "/remote-consoles"
	protocols := map[string][]string{"vnc": {"novnc"}, "spice": {"spice-html5"}, "serial": {"serial"}, "mks": {"webmks"}}
	for protocol := range protocols {
		for other, types := range protocols {
			body := fmt.Sprintf(`{"remote_console": {"protocol": %q, "type": %q}}`, protocol, types[0])
			if protocol == other {
				demo.do("2.8", "POST", path, body, 200)
			} else {
				demo.refused("2.8", "POST", path, body, 400, "Invalid console type "+types[0])
			}
		}
	}
}
