//go:build lab

package compute_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// outage is a service that goes away under those who use it.
type outage struct {
	service string
	absent  time.Duration
	frozen  bool // it accepts and does not answer
}

var outages = []outage{
	{service: "rabbitmq", absent: 20 * time.Second}, {service: "rabbitmq", absent: 90 * time.Second}, {service: "mariadb", absent: 2 * time.Second},
	{service: "keystone", absent: 20 * time.Second, frozen: true}, {service: "memcached", absent: 20 * time.Second, frozen: true},
}

// outageOperations are done to a server each while the service is away.
var outageOperations = []chapter{
	{name: "stop", do: "POST /action", body: `{"os-stop": null}`},
	{name: "delete", do: "DELETE "},
	{name: "shelve", do: "POST /action", body: `{"shelve": null}`},
	{name: "hard reboot", do: "POST /action", body: `{"reboot": {"type": "HARD"}}`},
	{name: "resize", do: "POST /action", body: `{"resize": {"flavorRef": "84"}}`},
	{name: "pause", do: "POST /action", body: `{"pause": null}`},
	{name: "suspend", do: "POST /action", body: `{"suspend": null}`},
	{name: "rebuild", do: "POST /action", body: `{"rebuild": {"imageRef": "{image}"}}`},
	{name: "create image", do: "POST /action", body: `{"createImage": {"name": "lab-outage-image"}}`},
	{name: "attach interface", do: "POST /os-interface", body: `{"interfaceAttachment": {"net_id": "{net}"}}`},
	{name: "lock", do: "POST /action", body: `{"lock": null}`},
}

// TestLabOutage takes services away from the real service and ours under load: the broker
// for longer than clients wait, the database while it is started anew, Keystone and
// memcached so that they accept and do not answer. What is then done to servers leaves
// them in the states in which the real service leaves its own. Requests wait or fail with
// a status of Nova; then everything works again without a restart, and every server can
// be deleted to its last row.
//
// LAB_CONTROL is a command that takes "stop NAME", "start NAME" and "status". It disturbs
// all who use the lab.
func TestLabOutage(t *testing.T) {
	control := os.Getenv("LAB_CONTROL")
	if control == "" {
		t.Skip(`LAB_CONTROL names no command that takes "stop NAME", "start NAME" and "status" for services of the lab`)
	}
	real, ours := labSides(t)
	rows := openRows(t)
	defer labRoom(t, ours)()
	placement, network := labEndpoint(t, ours.token, "placement"), labEndpoint(t, ours.token, "network")
	for _, o := range outages {
		t.Run(fmt.Sprint(o.service, " ", o.absent), func(t *testing.T) {
			names := map[*side]string{real: "lab-outage-real-" + o.service, ours: "lab-outage-ours-" + o.service}
			loads := map[*side]*outageLoad{real: newOutageLoad(real), ours: newOutageLoad(ours)}
			servers := outageServers(t, names, rows)
			over := make(chan struct{})
			var load, clients sync.WaitGroup
			for s, name := range names {
				for n := range 2 {
					load.Go(func() { loads[s].run(fmt.Sprintf("%s-load-%d", name, n), over) })
				}
			}
			time.Sleep(5 * time.Second)
			back := o.begin(t, control)
			answers := map[*side][]int{}
			for s, of := range servers {
				answers[s] = make([]int, len(of))
				impatient := newOutageLoad(s)
				impatient.client.Timeout = 15 * time.Second
				for n, c := range outageOperations {
					clients.Go(func() {
						method, path, _ := strings.Cut(c.do, " ")
						answers[s][n], _ = impatient.ask(method, "/servers/"+of[n]+path, c.body)
					})
				}
			}
			time.Sleep(o.absent)
			back()
			clients.Wait()
			close(over)
			load.Wait()

			states := map[*side][]string{}
			// An operation of either side may wait for services that are behind for minutes.
			for end := time.Now().Add(6 * time.Minute); time.Now().Before(end); time.Sleep(2 * time.Second) {
				for s := range names {
					states[s] = outageStates(t, rows, servers[s])
				}
				if underWay := func(state string) bool { return !strings.Contains(state, "task NULL") }; slices.Equal(states[real], states[ours]) &&
					!slices.ContainsFunc(states[real], underWay) {
					break
				}
			}
			alike := 0
			for n, c := range outageOperations {
				t.Logf("%s: real %d %s; ours %d %s", c.name, answers[real][n], states[real][n], answers[ours][n], states[ours][n])
				if states[real][n] != states[ours][n] {
					t.Errorf("%s leaves a server of ours %s, one of the real service %s", c.name, states[ours][n], states[real][n])
					continue
				}
				alike++
			}
			t.Logf("%d of %d operations leave the same", alike, len(outageOperations))

			t.Logf("load: real %s; ours %s", loads[real], loads[ours])
			loads[ours].check(t, loads[real])
			again := newOutageLoad(ours)
			for end := time.Now().Add(2 * time.Minute); again.life("lab-outage-again") != nil; time.Sleep(time.Second) {
				if time.Now().After(end) {
					t.Fatalf("the service does not come back: %s", again)
				}
			}
			for s, load := range loads {
				for _, server := range load.clean(t, names[s]) {
					if left := load.gone(t, rows, placement, network, server); len(left) > 0 {
						t.Errorf("%s: server %s leaves %v", names[s], server, left)
					}
				}
			}
		})
	}
}

// begin takes the service away. It returns once that is done; what it answers brings the
// service back.
func (o outage) begin(t *testing.T, control string) func() {
	t.Helper()
	if !o.frozen {
		labControl(t, control, "stop", o.service)
		return func() { labControl(t, control, "start", o.service) }
	}
	fields := append(strings.Fields(control), "status")
	out, err := exec.Command(fields[0], fields[1:]...).Output()
	found := regexp.MustCompile(`(?m)^` + o.service + `\s+up\D+(\d+)`).FindSubmatch(out)
	if found == nil {
		t.Fatalf("status names no process of %s: %v", o.service, err)
	}
	pid, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(-pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	awake := func() { _ = syscall.Kill(-pid, syscall.SIGCONT) }
	t.Cleanup(awake)
	return awake
}

// outageServers makes a server for each of the operations on each of the sides, and waits
// until all run.
func outageServers(t *testing.T, names map[*side]string, rows *rowReader) map[*side][]string {
	t.Helper()
	for s, name := range names {
		body := fmt.Sprintf(`{"server": {"name": "%s-state", "min_count": %d, "imageRef": "{image}", "flavorRef": "42", "networks": [{"uuid": "{net}"}]}}`, name, len(outageOperations))
		if status, body := newOutageLoad(s).ask(http.MethodPost, "/servers", body); status != http.StatusAccepted {
			t.Fatalf("create: %d %s", status, body)
		}
	}
	servers := map[*side][]string{}
	for s, name := range names {
		for end := time.Now().Add(5 * time.Minute); len(servers[s]) < len(outageOperations); time.Sleep(time.Second) {
			var running []string
			err := rows.cell.Each(t.Context(), func(r *sql.Rows) error {
				running = append(running, "")
				return r.Scan(&running[len(running)-1])
			}, "SELECT uuid FROM instances WHERE deleted = 0 AND vm_state = 'active' AND task_state IS NULL AND display_name LIKE ? ORDER BY display_name", name+"-state%")
			if err != nil || time.Now().After(end) {
				t.Fatalf("%d servers run: %v", len(running), err)
			}
			servers[s] = running
		}
	}
	return servers
}

// outageStates is what each of the servers is left in, and the actions it has seen.
func outageStates(t *testing.T, rows *rowReader, servers []string) []string {
	t.Helper()
	states := make([]string, len(servers))
	for n, server := range servers {
		err := rows.cell.Each(t.Context(), func(r *sql.Rows) error {
			return r.Scan(&states[n])
		}, `SELECT CONCAT_WS(' ', IF(i.deleted = 0, 'there,', 'gone,'), 'vm', IFNULL(i.vm_state, 'NULL'), 'task', IF(i.deleted = 0, IFNULL(i.task_state, 'NULL'), 'NULL'),
			'power', i.power_state, IF(i.locked, 'locked', ''), 'flavor', i.instance_type_id,
			(SELECT GROUP_CONCAT(a.action, ' ', IFNULL(a.message, 'done') ORDER BY a.id) FROM instance_actions a WHERE a.instance_uuid = i.uuid),
			(SELECT COUNT(*) FROM virtual_interfaces v WHERE v.instance_uuid = i.uuid AND v.deleted = 0), 'ports')
			FROM instances i WHERE i.uuid = ?`, server)
		if err != nil {
			t.Fatal(err)
		}
	}
	return states
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

// check fails for answers that Nova does not give. None at all, within two minutes, is
// one if the real service gave none either.
func (l *outageLoad) check(t *testing.T, real *outageLoad) {
	t.Helper()
	for one := range l.answers {
		status := one[strings.LastIndex(one, " ")+1:]
		if status == "0" && real.answers[one] > 0 {
			continue
		}
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
