//go:build lab

package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// staleness is a change, and how long another nova-api may not show it.
type staleness struct {
	name   string
	change string // "METHOD SERVICE /path", with $value for a value that is new each time
	body   string
	read   string // a path of nova-api whose answer contains shows after the change
	shows  string
	undo   string        // as change; "": nothing
	most   time.Duration // 0: the first answer after the change shows it
}

// TestLabAges changes something through one process, and reads it through another one, which has read it before.
// docs/reliability.md has the table.
func TestLabAges(t *testing.T) {
	l := clusters(t)
	sides, err := l.sides(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ours := sides[0]
	server := ours.servers[0]
	c, err := l.login(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var ports struct {
		InterfaceAttachments []struct {
			PortID string `json:"port_id"`
		}
	}
	if err := c.do(t.Context(), http.MethodGet, l.URL("ours-1")+"/v2.1/servers/"+server+"/os-interface", nil, &ports); err != nil {
		t.Fatal(err)
	}
	port := ports.InterfaceAttachments[0].PortID
	var group struct {
		SecurityGroup struct{ ID string } `json:"security_group"`
	}
	name := fmt.Sprintf("ages-%d", time.Now().Unix())
	err = c.do(t.Context(), http.MethodPost, l.URL("neutron")+"/v2.0/security-groups", map[string]any{
		"security_group": map[string]any{"name": name}}, &group)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []staleness{
		{name: "flavors", change: "POST ours-1 /v2.1/flavors", body: `{"flavor": {"id": "$value", "name": "$value", "ram": 64, "vcpus": 1, "disk": 0}}`,
			read: "/flavors?limit=1000", shows: "$value", undo: "DELETE ours-1 /v2.1/flavors/$value"},
		{name: "extra specs of flavors", change: "POST ours-1 /v2.1/flavors/42/os-extra_specs", body: `{"extra_specs": {"ages:$value": "x"}}`,
			read: "/flavors/42/os-extra_specs", shows: "$value", undo: "DELETE ours-1 /v2.1/flavors/42/os-extra_specs/ages:$value"},
		{name: "quotas", change: "PUT ours-1 /v2.1/os-quota-sets/" + ours.project, body: `{"quota_set": {"metadata_items": $number}}`,
			read: "/os-quota-sets/" + ours.project, shows: `"metadata_items":$number`, undo: "DELETE ours-1 /v2.1/os-quota-sets/" + ours.project},
		{name: "metadata of servers", change: "POST ours-1 /v2.1/servers/" + server + "/metadata", body: `{"metadata": {"ages": "$value"}}`,
			read: "/servers/" + server, shows: "$value"},
		{name: "names of servers", change: "PUT ours-1 /v2.1/servers/" + server, body: `{"server": {"name": "$value"}}`,
			read: "/servers?limit=1000", shows: "$value"},
		{name: "key pairs", change: "POST ours-1 /v2.1/os-keypairs", body: `{"keypair": {"name": "$value"}}`,
			read: "/os-keypairs?limit=1000", shows: "$value", undo: "DELETE ours-1 /v2.1/os-keypairs/$value"},
		{name: "aggregates", change: "POST ours-1 /v2.1/os-aggregates", body: `{"aggregate": {"name": "$value"}}`,
			read: "/os-aggregates", shows: "$value"},
		{name: "security groups of a server, changed in Neutron", change: "PUT neutron /v2.0/ports/" + port,
			body: `{"port": {"security_groups": ["` + group.SecurityGroup.ID + `"]}}`, read: "/servers/" + server, shows: name, most: 3 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			fill := strings.NewReplacer("$value", fmt.Sprintf("ages-%d", time.Now().UnixNano()), "$number", fmt.Sprint(200+time.Now().Unix()%1000)).Replace
			seen := func() bool {
				status := ours.at(t.Context(), l, "ours-2", fill(row.read))
				return strings.Contains(status, fill(row.shows))
			}
			if seen() {
				t.Fatal("it is there before the change")
			}
			if err := ours.change(t.Context(), l, fill(row.change), fill(row.body)); err != nil {
				t.Fatal(err)
			}
			changed := time.Now()
			for first := true; !seen(); first = false {
				if age := time.Since(changed); first && row.most == 0 || age > row.most {
					t.Errorf("it is not seen after %s", age)
					break
				}
			}
			t.Logf("%s: seen after %.1f s", row.name, time.Since(changed).Seconds())
			if row.undo != "" {
				if err := ours.change(t.Context(), l, fill(row.undo), ""); err != nil {
					t.Error(err)
				}
			}
		})
	}
	if err := ours.change(t.Context(), l, "PUT ours-1 /v2.1/servers/"+server, `{"server": {"name": "ha-ours-0"}}`); err != nil {
		t.Error(err)
	}
}

// at returns the answer of one process to a GET.
func (s *side) at(ctx context.Context, l *Lab, process, path string) string {
	return s.ages(ctx, l, http.MethodGet, l.URL(process)+"/v2.1"+path, "")
}

// change sends "METHOD SERVICE /path".
func (s *side) change(ctx context.Context, l *Lab, do, body string) error {
	method, rest, _ := strings.Cut(do, " ")
	service, path, _ := strings.Cut(rest, " ")
	s.done = nil
	answer := s.ages(ctx, l, method, l.URL(service)+path, body)
	if s.done[0].failed() {
		return fmt.Errorf("%s: %d %s", do, s.done[0].status, answer)
	}
	return nil
}

// ages sends a request and returns the answer.
func (s *side) ages(ctx context.Context, l *Lab, method, address, body string) string {
	c, err := l.login(ctx)
	if err != nil {
		return err.Error()
	}
	s.done = nil
	s.send("ages", method, address, body, apiHeader(c.provider.Token(), "2.60"))
	return s.done[0].message
}
