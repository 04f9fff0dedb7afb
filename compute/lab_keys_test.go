//go:build lab

package compute_test

import (
	"context"
	"database/sql"
	"os"
	"slices"
	"sync"
	"testing"
)

// keysOf returns the ids of all servers whose names begin with a text, and those of their keys.
func (r *rowReader) keysOf(t *testing.T, name string) (servers, keys []string) {
	t.Helper()
	err := r.cell.Each(context.Background(), func(rows *sql.Rows) error {
		var server string
		var key sql.NullString
		if err := rows.Scan(&server, &key); err != nil {
			return err
		}
		servers, keys = append(servers, server), append(keys, key.String)
		return nil
	}, "SELECT uuid, ephemeral_key_uuid FROM instances WHERE display_name LIKE ?", name+"%")
	if err != nil {
		t.Fatal(err)
	}
	return servers, keys
}

// TestLabKeys creates servers whose local disks are encrypted with keys of a real Barbican: nova.conf has
// [ephemeral_storage_encryption] enabled. With LAB_CONTROL it stops Barbican as well.
func TestLabKeys(t *testing.T) {
	n := labNeighbourhood(t, "key-manager")
	create := func(name, more string) labStep {
		return labStep{chapter: chapter{name: "create " + name, do: "POST /servers", save: "server=server.id", until: "ACTIVE", body: `{"server": {"name": "` + name +
			`-{side}", "imageRef": "{image}", "flavorRef": "{flavor}", "networks": [{"uuid": "{net}"}]` + more + `}}`}}
	}
	refused := func(name string) labStep {
		o := create(name, "")
		o.save, o.until, o.breaks = "", "", true
		return o
	}
	demo := func(o labStep) labStep { o.as = "demo"; o.name += " as demo"; return o }
	on := func(name, do, body string) labStep {
		return labStep{chapter: chapter{name: name, do: do, body: body}, on: "key-manager"}
	}
	action := func(name, body, until string) labStep {
		return labStep{chapter: chapter{name: name, do: "action", body: body, until: until}}
	}
	// keys makes the ids of the keys of the servers with a name variables, and those of the servers for their removal.
	keys := func(name string, count int) {
		t.Helper()
		for _, s := range n.sides {
			servers, found := n.rows.keysOf(t, name+"-"+s.variables["side"])
			for _, id := range servers {
				if id != s.variables["server"] { // two names of one id would be shown at random
					s.variables["server2"] = id
				}
			}
			if slices.Sort(found); len(found) != count || len(slices.Compact(found)) != count || found[0] == "" {
				t.Fatalf("%s of %s: the keys %q, not %d", name, s.url, found, count)
			}
			s.variables["key"] = found[0]
			if count > 1 {
				s.variables["key2"] = found[1]
			}
		}
	}
	secret := func(when string) []labStep {
		return []labStep{on("secret "+when, "GET /v1/secrets/{key}", ""), on("metadata of the secret "+when, "GET /v1/secrets/{key}/metadata", ""),
			on("access to the secret "+when, "GET /v1/secrets/{key}/acl", "")}
	}
	// An order is deleted when its key is there; those that failed remain.
	orders := func(name, save, reach string) labStep {
		return labStep{chapter: chapter{name: name, do: "GET /v1/orders?limit=1", save: save}, on: "key-manager", reach: reach, quiet: true}
	}
	before, after := orders("orders", "orders=total", ""), orders("no order remains", "", "total={orders}")
	project := labStep{chapter: chapter{name: "the project", do: "GET /servers/{server}", save: "project=server.tenant_id"}, quiet: true}

	end := func(name string) labStep {
		return labStep{chapter: chapter{name: name, do: "DELETE /servers/{server}", until: "gone"}}
	}
	n.run(t, []labStep{before, create("lab-keys", "")})
	keys("lab-keys", 1)
	n.run(t, append(secret("after the creation"), after, project,
		// Barbican refuses if the project may have no orders.
		on("forbid orders", "PUT /v1/project-quotas/{project}", `{"project_quotas": {"orders": 0}}`), refused("lab-keys-quota"),
		labStep{chapter: chapter{name: "no server without a key", do: "GET /servers?name=lab-keys-quota-{side}"}},
		on("permit orders", "PUT /v1/project-quotas/{project}", `{"project_quotas": {"orders": -1}}`)))
	if control := os.Getenv("LAB_CONTROL"); control != "" {
		labControl(t, control, "stop", "barbican")
		start := sync.OnceFunc(func() { labControl(t, control, "start", "barbican") })
		t.Cleanup(start)
		n.run(t, []labStep{refused("lab-keys-outage"), demo(refused("lab-keys-outage")),
			labStep{chapter: chapter{name: "no server of the outage", do: "GET /servers?name=lab-keys-outage-{side}"}}})
		start()
	} else {
		t.Log(`Barbican is not stopped: LAB_CONTROL names no command that takes "stop NAME" and "start NAME"`)
	}
	n.run(t, []labStep{action("stop", `{"os-stop": null}`, "SHUTOFF"), action("rebuild", `{"rebuild": {"imageRef": "{image}"}}`, "SHUTOFF"),
		action("start", `{"os-start": null}`, "ACTIVE"), action("resize", `{"resize": {"flavorRef": "{flavor_alt}"}}`, "VERIFY_RESIZE"),
		action("revert the resize", `{"revertResize": null}`, "ACTIVE"), end("delete")})
	keys("lab-keys", 1)
	n.run(t, append(secret("after the deletion"), demo(before), demo(create("lab-keys-demo", ""))))
	keys("lab-keys-demo", 1)
	as := secret("of a member")
	for k := range as {
		as[k] = demo(as[k])
	}
	n.run(t, append(as, demo(after),
		end("delete the server of a member"), create("lab-keys-many", `, "min_count": 2, "max_count": 2`)))
	keys("lab-keys-many", 2)
	n.run(t, append(secret("of one of two servers"), on("secret of the other server", "GET /v1/secrets/{key2}", ""), end("delete one of two")))
}
