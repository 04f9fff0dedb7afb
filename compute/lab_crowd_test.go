//go:build lab

package compute_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// TestLabCrowd makes many servers at once (LAB_CROWD of them; 30) and deletes them,
// half of them while they are being built. Nothing of them is left in the databases,
// in Placement and in Neutron.
func TestLabCrowd(t *testing.T) {
	_, ours := labSides(t)
	rows := openRows(t)
	crowd := 30
	if n, err := strconv.Atoi(os.Getenv("LAB_CROWD")); err == nil {
		crowd = n
	}
	defer labRoom(t, ours)()
	servers := make([]string, crowd)
	var group sync.WaitGroup
	for n := range crowd {
		group.Go(func() {
			s := &side{t, ours.url, ours.token, map[string]string{"image": ours.variables["image"], "flavor": "42", "net": ours.variables["net"]}}
			r := s.send(chapter{name: "create", do: "POST /servers", save: "server=server.id",
				body: fmt.Sprintf(`{"server": {"name": "lab-crowd-%d", "imageRef": "{image}", "flavorRef": "{flavor}", "networks": [{"uuid": "{net}"}]}}`, n)})
			if r.status != http.StatusAccepted {
				t.Errorf("create answers %d: %s", r.status, r.body)
				return
			}
			servers[n] = s.variables["server"]
			if n%2 == 0 {
				for end := time.Now().Add(5 * time.Minute); time.Now().Before(end); time.Sleep(time.Second) {
					if r := s.send(chapter{do: "GET /servers/{server}"}); !bytes.Contains(r.body, []byte(`"status": "BUILD"`)) {
						break
					}
				}
			}
			if r := s.send(chapter{name: "delete", do: "DELETE /servers/{server}"}); r.status != http.StatusNoContent {
				t.Errorf("delete answers %d: %s", r.status, r.body)
			}
		})
	}
	group.Wait()

	placement, network := labEndpoint(t, ours.token, "placement"), labEndpoint(t, ours.token, "network")
	for _, server := range servers {
		if server == "" {
			continue
		}
		left := []string{"?"}
		for end := time.Now().Add(2 * time.Minute); len(left) > 0 && time.Now().Before(end); {
			left = remains(t, rows, ours.token, placement, network, server)
			if len(left) > 0 {
				time.Sleep(time.Second)
			}
		}
		if len(left) > 0 {
			t.Errorf("server %s leaves %v", server, left)
		}
	}
}

// labRoom lifts the quota of the project; what it answers sets it back.
func labRoom(t *testing.T, s *side) func() {
	t.Helper()
	var projects struct{ Projects []struct{ ID, Name string } }
	labGet(t, s.token, os.Getenv("OS_AUTH_URL")+"/auth/projects", &projects)
	for _, p := range projects.Projects {
		if p.Name != os.Getenv("OS_PROJECT_NAME") {
			continue
		}
		path := "/os-quota-sets/" + p.ID
		if r := s.send(chapter{do: "PUT " + path, body: `{"quota_set": {"instances": -1, "cores": -1, "ram": -1}}`}); r.status != http.StatusOK {
			t.Fatalf("the quota is not lifted: %d %s", r.status, r.body)
		}
		return func() { s.send(chapter{do: "DELETE " + path}) }
	}
	t.Fatal("OS_PROJECT_NAME is none of the user's projects")
	return nil
}

// remains names what there is of a server that should be gone.
func remains(t *testing.T, rows *rowReader, token, placement, network, server string) []string {
	t.Helper()
	var left []string
	count := func(what string, in *rowReader, query string) {
		d := in.cell
		if what == "build_requests" || what == "request_specs" || what == "instance_mappings" {
			d = in.api
		}
		err := d.Each(context.Background(), func(r *sql.Rows) error { left = append(left, what); return nil }, query, server)
		if err != nil {
			t.Fatal(err)
		}
	}
	count("instances", rows, "SELECT uuid FROM instances WHERE uuid = ? AND deleted = 0")
	count("block_device_mapping", rows, "SELECT id FROM block_device_mapping WHERE instance_uuid = ? AND deleted = 0")
	count("build_requests", rows, "SELECT id FROM build_requests WHERE instance_uuid = ?")
	count("instance_mappings", rows, "SELECT id FROM instance_mappings WHERE instance_uuid = ? AND queued_for_delete = 0")
	var allocations struct{ Allocations map[string]any }
	labGet(t, token, placement+"/allocations/"+server, &allocations)
	if len(allocations.Allocations) > 0 {
		left = append(left, "allocations")
	}
	var ports struct{ Ports []any }
	labGet(t, token, network+"/v2.0/ports?device_id="+server, &ports)
	if len(ports.Ports) > 0 {
		left = append(left, "ports")
	}
	return left
}
