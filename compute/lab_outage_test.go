//go:build lab

package compute_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestLabOutage takes the message broker away for 20 seconds, and starts the database
// anew, while servers are made, stopped and deleted through the real service and ours.
// Requests wait or fail with a status of Nova; then everything works again without a
// restart, and every server can be deleted to its last row.
//
// LAB_CONTROL is a command that takes "stop NAME" and "start NAME". It disturbs all
// who use the lab.
func TestLabOutage(t *testing.T) {
	control := os.Getenv("LAB_CONTROL")
	if control == "" {
		t.Skip(`LAB_CONTROL names no command that takes "stop NAME" and "start NAME" for services of the lab`)
	}
	real, ours := labSides(t)
	rows := openRows(t)
	defer labRoom(t, ours)()
	placement, network := labEndpoint(t, ours.token, "placement"), labEndpoint(t, ours.token, "network")
	for service, absent := range map[string]time.Duration{"rabbitmq": 20 * time.Second, "mariadb": 0} {
		t.Run(service, func(t *testing.T) {
			loads := map[string]*outageLoad{"real": newOutageLoad(real), "ours": newOutageLoad(ours)}
			over := make(chan struct{})
			var group sync.WaitGroup
			for name, load := range loads {
				for n := range 4 {
					group.Go(func() { load.run(fmt.Sprintf("lab-outage-%s-%s-%d", name, service, n), over) })
				}
			}
			time.Sleep(10 * time.Second)
			labControl(t, control, "stop", service)
			time.Sleep(absent)
			labControl(t, control, "start", service)
			time.Sleep(40 * time.Second)
			close(over)
			group.Wait()

			for name, load := range loads {
				t.Logf("%s: %s", name, load)
			}
			loads["ours"].check(t)
			again := newOutageLoad(ours)
			for end := time.Now().Add(2 * time.Minute); again.life("lab-outage-again") != nil; time.Sleep(time.Second) {
				if time.Now().After(end) {
					t.Fatalf("the service does not come back: %s", again)
				}
			}
			for name, load := range loads {
				for _, server := range load.clean(t, "lab-outage-"+name) {
					if left := load.gone(t, rows, placement, network, server); len(left) > 0 {
						t.Errorf("%s: server %s leaves %v", name, server, left)
					}
				}
			}
		})
	}
}

// labControl stops or starts a service of the lab.
func labControl(t *testing.T, control, verb, service string) {
	t.Helper()
	fields := append(strings.Fields(control), verb, service)
	if out, err := exec.Command(fields[0], fields[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v: %s", verb, service, err, out)
	}
}

// outageLoad makes servers, stops and deletes them, and counts what it is answered.
type outageLoad struct {
	side    *side
	client  http.Client
	mutex   sync.Mutex
	answers map[string]int // "operation status" to how often
	worst   time.Duration
}

func newOutageLoad(s *side) *outageLoad {
	return &outageLoad{side: s, client: http.Client{Timeout: 2 * time.Minute}, answers: map[string]int{}}
}

// String is how often each operation was answered with each status.
func (l *outageLoad) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	var b strings.Builder
	for _, one := range slices.Sorted(maps.Keys(l.answers)) {
		fmt.Fprintf(&b, "%s: %d; ", one, l.answers[one])
	}
	fmt.Fprintf(&b, "longest %s", l.worst.Round(time.Millisecond))
	return b.String()
}

// check fails for answers that Nova does not give.
func (l *outageLoad) check(t *testing.T) {
	t.Helper()
	for one := range l.answers {
		status := one[strings.LastIndex(one, " ")+1:]
		if !slices.Contains([]string{"200", "202", "204", "404", "409", "500", "503"}, status) {
			t.Errorf("an answer that Nova does not give: %s", one)
		}
	}
}

// do is the answer to a request; status 0 is none.
func (l *outageLoad) do(what, method, path, body string) (int, []byte) {
	began := time.Now()
	status, answer := l.ask(method, path, body)
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.answers[fmt.Sprintf("%s %d", what, status)]++
	l.worst = max(l.worst, time.Since(began))
	return status, answer
}

func (l *outageLoad) ask(method, path, body string) (int, []byte) {
	q, err := http.NewRequest(method, l.side.url+path, strings.NewReader(l.side.fill(body)))
	if err != nil {
		return 0, nil
	}
	q.Header = http.Header{"X-Auth-Token": {l.side.token}, "Content-Type": {"application/json"}, "Openstack-Api-Version": {"compute 2.96"}}
	r, err := l.client.Do(q)
	if err != nil {
		return 0, nil
	}
	defer r.Body.Close()
	answer, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, nil
	}
	return r.StatusCode, answer
}

// run leads one server after the other through a life until over is closed.
func (l *outageLoad) run(name string, over <-chan struct{}) {
	for {
		select {
		case <-over:
			return
		default:
			if l.life(name) != nil {
				time.Sleep(500 * time.Millisecond)
			}
		}
	}
}

// life makes a server, stops it and deletes it. Its error says where that ended.
func (l *outageLoad) life(name string) error {
	status, body := l.do("create", http.MethodPost, "/servers", `{"server": {"name": "`+name+`", "imageRef": "{image}", "flavorRef": "42", "networks": [{"uuid": "{net}"}]}}`)
	var v struct{ Server struct{ ID, Status string } }
	if status != http.StatusAccepted || json.Unmarshal(body, &v) != nil {
		return fmt.Errorf("create: %d %s", status, body)
	}
	path := "/servers/" + v.Server.ID
	if err := l.await(path, "ACTIVE"); err != nil {
		return err
	}
	if status, body := l.do("stop", http.MethodPost, path+"/action", `{"os-stop": null}`); status != http.StatusAccepted {
		return fmt.Errorf("stop: %d %s", status, body)
	}
	if err := l.await(path, "SHUTOFF"); err != nil {
		return err
	}
	if status, body := l.do("delete", http.MethodDelete, path, ""); status != http.StatusNoContent {
		return fmt.Errorf("delete: %d %s", status, body)
	}
	return nil
}

// await waits until a server has a status, for as long as it takes without an outage.
func (l *outageLoad) await(path, want string) error {
	var v struct{ Server struct{ Status string } }
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(300 * time.Millisecond) {
		status, body := l.do("show", http.MethodGet, path, "")
		if status != http.StatusOK {
			return fmt.Errorf("show: %d %s", status, body)
		}
		if err := json.Unmarshal(body, &v); err != nil {
			return err
		}
		if v.Server.Status == want {
			return nil
		}
	}
	return fmt.Errorf("the server is %s, not %s", v.Server.Status, want)
}

// clean deletes all servers of a name, and says which there were.
func (l *outageLoad) clean(t *testing.T, name string) []string {
	t.Helper()
	status, body := l.ask(http.MethodGet, "/servers?limit=500&name="+name, "")
	var v struct{ Servers []struct{ ID string } }
	if err := json.Unmarshal(body, &v); err != nil || status != http.StatusOK {
		t.Fatalf("list: %d %s", status, body)
	}
	var servers []string
	for _, s := range v.Servers {
		servers = append(servers, s.ID)
		l.ask(http.MethodDelete, "/servers/"+s.ID, "")
	}
	return servers
}

// gone waits until nothing remains of a deleted server. A delete whose message was
// lost with the broker is said once more.
func (l *outageLoad) gone(t *testing.T, rows *rowReader, placement, network, server string) []string {
	t.Helper()
	var left []string
	for n := range 90 {
		if left = remains(t, rows, l.side.token, placement, network, server); len(left) == 0 {
			return nil
		}
		if n%30 == 29 {
			if status, body := l.ask(http.MethodDelete, "/servers/"+server, ""); status >= 500 {
				t.Errorf("delete answers %d: %s", status, bytes.TrimSpace(body))
			}
		}
		time.Sleep(time.Second)
	}
	return left
}
