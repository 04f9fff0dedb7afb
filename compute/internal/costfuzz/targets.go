//go:build unix

package costfuzz

import (
	"bufio"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/compute/internal/schema"
)

// target is an operation with bodies and query strings that its schema accepts.
type target struct {
	row     api.Route
	path    string
	version mv.Version
	bodies  []string
}

// filters are parameters of lists, besides those in samples.
var filters = []string{"sort_key", "sort_dir", "limit", "marker", "name", "ip", "ip6", "tags", "tags-any", "not-tags", "not-tags-any",
	"status", "changes-since", "changes-before", "all_tenants", "image", "flavor", "host",
	"hostname", "locked", "deleted", "project_id", "user_id", "uuid", "task_state", "vm_state", "power_state", "description", "key_name",
	"availability_zone", "created_at", "launched_at", "display_name", "config_drive", "binary",
	"instance_uuid", "migration_type", "hypervisor_hostname_pattern", "with_servers", "detailed", "start", "end", "is_public", "minDisk",
	"offset", "server", "type", "reverse", "metadata", "%6eame"}

// samples returns bodies and query keys by the contract's name of their schema.
func samples(t testing.TB) (bodies map[string][]string, keys []string) {
	t.Helper()
	// go test runs the tests of compute in the directory of compute.
	file, err := os.Open("internal/schema/testdata/nova.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	bodies = map[string][]string{}
	seen := map[string]bool{}
	in := bufio.NewScanner(file)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var line struct {
			Schema             string
			Body, Query, Error *string
		}
		if err := json.Unmarshal(in.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		switch {
		case line.Error != nil:
		case line.Body != nil && strings.HasPrefix(*line.Body, "{"):
			bodies[line.Schema] = append(bodies[line.Schema], *line.Body)
		case line.Query != nil:
			for part := range strings.SplitSeq(*line.Query, "&") {
				key, _, _ := strings.Cut(part, "=")
				if key != "" && len(key) < 40 && !seen[key] {
					seen[key] = true
					keys = append(keys, key)
				}
			}
		}
	}
	return bodies, append(keys, filters...)
}

// completeBodies are complete bodies, with which an operation succeeds up to its last step.
var completeBodies = map[string][]string{
	"POST /servers": {`{"server":{"name":"x","flavorRef":"1","imageRef":"IMAGE","networks":[{"uuid":"NETWORK"}],"metadata":{"a":"b"},"tags":["t"],"personality":[],"security_groups":[{"name":"default"}],"user_data":"QUFB","availability_zone":"nova","description":"d","hostname":"h"},"os:scheduler_hints":{"group":"2b6e0dd0-0d2c-4f3e-8d43-fbd4d2a5a2f1","query":"[\"=\",\"$a\",1]"}}`,
		`{"server":{"name":"x","flavorRef":"1","imageRef":"IMAGE","networks":"none","block_device_mapping_v2":[{"boot_index":0,"uuid":"IMAGE","source_type":"image","destination_type":"volume","volume_size":1,"delete_on_termination":true}]}}`},
	"POST /servers/{server_id}/metadata":                     {`{"metadata":{"a":"b"}}`},
	"PUT /servers/{server_id}/tags":                          {`{"tags":["a","b"]}`},
	"PUT /servers/{id}":                                      {`{"server":{"name":"new","description":"d"}}`},
	"POST /servers/{id}/action createImage":                  {`{"createImage":{"name":"i","metadata":{"a":"b"}}}`},
	"POST /servers/{id}/action rebuild":                      {`{"rebuild":{"imageRef":"IMAGE","metadata":{"a":"b"},"name":"n","user_data":"QUFB","description":"d"}}`},
	"POST /flavors":                                          {`{"flavor":{"name":"f","ram":1,"vcpus":1,"disk":1,"id":"auto","description":"d"}}`},
	"POST /flavors/{flavor_id}/os-extra_specs":               {`{"extra_specs":{"hw:cpu_policy":"shared","a:b":"c"}}`},
	"POST /os-keypairs":                                      {`{"keypair":{"name":"k","type":"ssh","public_key":"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAYQCgZJ0lV7fr"}}`, `{"keypair":{"name":"k","type":"x509","public_key":"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"}}`},
	"POST /os-server-groups":                                 {`{"server_group":{"name":"g","policy":"anti-affinity","rules":{"max_server_per_host":1}}}`},
	"POST /os-server-external-events":                        {`{"events":[{"name":"network-changed","server_uuid":"SERVER","tag":"x","status":"completed"}]}`},
	"POST /os-aggregates":                                    {`{"aggregate":{"name":"a","availability_zone":"z"}}`},
	"POST /os-aggregates/{aggregate_id}/action set_metadata": {`{"set_metadata":{"metadata":{"a":"b"}}}`},
}

var variable = regexp.MustCompile(`\{[a-z_]+\}`)

// targets returns the operations of the application.
func targets(t testing.TB, rows []api.Route, things *strings.Replacer) (list []target, keys []string) {
	t.Helper()
	bodies, keys := samples(t)
	for _, row := range rows {
		if row.Do == nil {
			continue
		}
		v := mv.Max
		if row.Until != 0 {
			v = row.Until - 1
		}
		at := target{row: row, version: max(v, mv.Min)}
		n := 0
		at.path = variable.ReplaceAllStringFunc(row.Path, func(string) string {
			if n++; n == 1 && strings.HasPrefix(row.Path, "/servers/") {
				return things.Replace("SERVER")
			}
			return "1"
		})
		for _, b := range completeBodies[row.Key()] {
			at.bodies = append(at.bodies, things.Replace(b))
		}
		for _, name := range slices.Sorted(maps.Values(row.Body)) {
			if s, ok := schema.Lookup(name); ok {
				at.bodies = append(at.bodies, bodies[s.Contract()]...)
			}
		}
		if row.Action != "" {
			at.bodies = append(at.bodies, `{"`+row.Action+`":{"a":"b"}}`)
		}
		list = append(list, at)
	}
	return list, keys
}

// request returns a request for a target, unchanged or through legacy v2.
func (at target) request(r *rand.Rand) request {
	q := request{Name: at.row.Op, Method: at.row.Method, Path: "/v2.1" + at.path, Version: at.version.String()}
	if r.IntN(4) == 0 {
		q.Path, q.Version = "/v2"+at.path, ""
	}
	if len(at.bodies) > 0 {
		q.Body = pick(r, at.bodies)
	}
	return q
}

// random returns a random request that may be expensive.
func random(r *rand.Rand, list []target, keys []string) request {
	at := pick(r, list)
	q := at.request(r)
	part := r.IntN(20)
	switch {
	case q.Body != "" && part < 17:
		q = withGrownBody(r, q, maxBody-16)
		if part == 0 {
			q = withLongHeaders(r, q)
		}
	case part < 15:
		q = withLongQuery(r, q, keys)
	case part < 18:
		q = withLongHeaders(r, q)
	default:
		q = withLongPath(r, q)
	}
	return q
}
