//go:build unix

package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// run does an operation of the load. All but metadata, quota, create and aggregate only read.
func (s *side) run(operation, server, token string, n int) {
	switch operation {
	case "poll":
		s.ask(operation, token, http.MethodGet, "/servers/"+server, "")
	case "list":
		s.ask(operation, token, http.MethodGet, "/servers/detail?limit=20", "")
	case "interfaces": // asks Neutron
		s.ask(operation, token, http.MethodGet, "/servers/"+server+"/os-interface", "")
	case "volumes": // asks Cinder
		s.proxied(operation, token, "/os-volumes")
	case "image": // asks Glance
		s.proxied(operation, token, "/images/"+s.image)
	case "guest": // asks nova-metadata
		s.guest(operation, server)
	case "aggregate": // asks Placement
		s.changeAggregate(operation, token)
	case "metadata":
		s.writeMetadata(operation, server, token, n)
	case "group":
		s.createGroup(operation, token, n)
	case "quota":
		s.ask(operation, token, http.MethodPut, "/os-quota-sets/"+s.project, fmt.Sprintf(`{"quota_set": {"force": true, "cores": %d}}`, 100+n%50))
	case "create":
		name := fmt.Sprintf("ha-made-%s-%d-%d", s.name, time.Now().Unix(), n)
		status := s.ask(operation, token, http.MethodPost, "/servers", fmt.Sprintf(
			`{"server": {"name": "%s", "flavorRef": "42", "imageRef": "%s", "networks": "none"}}`, name, s.image))
		s.mu.Lock()
		defer s.mu.Unlock()
		s.created[name] = status == http.StatusAccepted
	}
}

// writeMetadata sets a key of the metadata of a server, and notes what is to be found there afterwards. Two
// writes to one key at the same time could be done in either order, so that it takes a key without one.
func (s *side) writeMetadata(operation, server, token string, n int) {
	var v *value
	var key string
	s.mu.Lock()
	for k := range loadKeys {
		key = fmt.Sprintf("k%d", (n+k)%loadKeys)
		if v = s.written[server+" "+key]; v == nil {
			v = &value{unknown: map[int]bool{}}
			s.written[server+" "+key] = v
		}
		if !v.writing {
			break
		}
		v = nil
	}
	if v != nil {
		v.writing = true
	}
	s.mu.Unlock()
	if v == nil { // all keys are being written
		return
	}
	status := s.ask(operation, token, http.MethodPost, "/servers/"+server+"/metadata", fmt.Sprintf(`{"metadata": {"%s": "%d"}}`, key, n))
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case status == http.StatusOK:
		v.acknowledged = max(v.acknowledged, n)
		v.writing = false
	case status == 0: // it may still be done, after later writes
		v.unknown[n] = true
	default:
		v.unknown[n] = true
		v.writing = false
	}
}

// createGroup creates a server group with a name of its own. Nova's database would take a second one.
func (s *side) createGroup(operation, token string, n int) {
	name := fmt.Sprintf("%s-%d-%d", s.groupPrefix(), time.Now().Unix(), n)
	status := s.ask(operation, token, http.MethodPost, "/os-server-groups",
		fmt.Sprintf(`{"server_group": {"name": "%s", "policy": "affinity"}}`, name))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups[name] = status == http.StatusOK
}

func (s *side) groupPrefix() string { return "ha-group-" + s.name }

// groupsLeft returns how many acknowledged server groups the database lacks, and how many it has twice, and
// deletes all of them.
func (s *side) groupsLeft(ctx context.Context, db *sql.DB) (lost, twice int, err error) {
	rows, err := db.QueryContext(ctx, "SELECT name, COUNT(*) FROM nova_api.instance_groups WHERE name LIKE ? GROUP BY name",
		s.groupPrefix()+"-%")
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	found := map[string]int{}
	for rows.Next() {
		var name string
		var count int
		if err := rows.Scan(&name, &count); err != nil {
			return 0, 0, err
		}
		found[name] = count
	}
	if err := rows.Err(); err != nil {
		return 0, 0, err
	}
	for name, acknowledged := range s.groups {
		if acknowledged && found[name] == 0 {
			lost++
		}
		if found[name] > 1 {
			twice++
		}
	}
	for _, of := range []string{"instance_group_policy WHERE group_id IN (SELECT id FROM nova_api.instance_groups WHERE name LIKE ?)",
		"instance_groups WHERE name LIKE ?"} {
		if _, err := db.ExecContext(ctx, "DELETE FROM nova_api."+of, s.groupPrefix()+"-%"); err != nil {
			return 0, 0, err
		}
	}
	return lost, twice, nil
}

// changeAggregate adds a host to an aggregate, or removes it. After a request that failed, it may already have
// been added or removed.
func (s *side) changeAggregate(operation, token string) {
	s.aggregating.Lock()
	defer s.aggregating.Unlock()
	do, already := "add_host", http.StatusConflict
	if s.inAggregate {
		do, already = "remove_host", http.StatusNotFound
	}
	status := s.send(operation, http.MethodPost, s.url+"/os-aggregates/"+s.aggregate+"/action",
		fmt.Sprintf(`{"%s": {"host": "%s"}}`, do, firstHost), apiHeader(token, "2.96"), already)
	if status == http.StatusOK || status == already {
		s.inAggregate = !s.inAggregate
	}
}

// guest reads the metadata of a server, as Neutron's proxy sends it for a guest.
func (s *side) guest(operation, server string) {
	sign := hmac.New(sha256.New, []byte(guestSecret))
	sign.Write([]byte(server))
	s.send(operation, http.MethodGet, s.guests+"/openstack/latest/meta_data.json", "", http.Header{"X-Instance-Id": {server},
		"X-Tenant-Id": {s.tenant}, "X-Instance-Id-Signature": {hex.EncodeToString(sign.Sum(nil))}, "X-Forwarded-For": {"10.0.0.9"}})
}

// proxied reads what Nova reads from another service, which it does for early microversions only.
func (s *side) proxied(operation, token, path string) {
	s.send(operation, http.MethodGet, s.url+path, "", apiHeader(token, "2.1"))
}

// ask sends a request to nova-api, records the answer, and returns its status; 0: none.
func (s *side) ask(operation, token, method, path, body string) int {
	return s.send(operation, method, s.url+path, body, apiHeader(token, "2.96"))
}

func apiHeader(token, version string) http.Header {
	return http.Header{"X-Auth-Token": {token}, "Content-Type": {"application/json"}, "Openstack-Api-Version": {"compute " + version}}
}

// do sends a request.
func (s *side) do(method, address, body string, header http.Header) (*http.Response, error) {
	q, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	q.Header = header
	return s.client.Do(q)
}

// send sends a request, records the answer, and returns its status; 0: none. The statuses fine are no failures.
func (s *side) send(operation, method, address, body string, header http.Header, fine ...int) int {
	r := request{operation: operation, began: time.Now()}
	resp, err := s.do(method, address, body, header)
	if err == nil {
		var answer []byte
		answer, err = io.ReadAll(resp.Body)
		resp.Body.Close()
		if err == nil {
			r.status, r.fine = resp.StatusCode, slices.Contains(fine, resp.StatusCode)
		}
		if r.failed() { // loads have up to a million requests
			r.message = string(answer)
		}
	}
	if err != nil {
		r.message = err.Error()
	}
	r.ended = time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = append(s.done, r)
	return r.status
}
