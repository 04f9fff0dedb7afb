package devcloud_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// TestSchema validates a dump with resources of all kinds, and seed files, with GET /dev/schema.
func TestSchema(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	text := ask(t, c, "GET", "/schema", "", 200)
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	valid := func(of, text string, want bool) {
		t.Helper()
		schema, err := compiler.Compile("schema.json#/$defs/" + of)
		if err != nil {
			t.Fatal(err)
		}
		var value any
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		plain, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		if value, err = jsonschema.UnmarshalJSON(strings.NewReader(string(plain))); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); (err == nil) != want {
			t.Errorf("%.300s: %v", text, err)
		}
	}
	documented(t, "", document)

	const seed = `
servers:
- {name: web, count: 2, metadata: {role: web}, as: admin}
volumes:
- {name: data, size: 2}
requests:
- {do: "POST /volume/v3/types", as: admin, body: {volume_type: {name: fast}}}
- {do: "POST /share/v2/shares", body: {share: {share_proto: NFS, size: 1}}}
- {do: "POST /network/v2.0/routers", body: {router: {name: r}}}
- {do: "POST /network/v2.0/subnetpools", body: {subnetpool: {prefixes: [10.9.0.0/16]}}}
- {do: "POST /network/v2.0/address-scopes", body: {address_scope: {name: s}}}
- {do: "POST /network/v2.0/address-groups", body: {address_group: {name: g}}}
- {do: "POST /network/v2.0/qos/policies", as: admin, body: {policy: {name: q}}}
- {do: "POST /image/v2/images", body: {name: i}}
- {do: "POST /image/v2/metadefs/namespaces", as: admin, body: {namespace: n}}
- {do: "PUT /placement/traits/CUSTOM_A", as: admin}
- {do: "PUT /network/v2.0/quotas/x", as: admin, body: {quota: {port: 1}}}
`
	valid("seed", seed, true)
	ask(t, c, "POST", "/seed", seed, 204)
	c.Settle()
	valid("dump", ask(t, c, "GET", "/dump", "", 200), true)
	for _, bad := range []string{"serves: []", "servers:\n- {name: a, flavour: x}", "servers:\n- {name: a, count: -1}", "servers:\n- {name: a, count: many}",
		"volumes: {name: a}", "requests:\n- {as: demo}"} {
		valid("seed", bad, false)
		ask(t, c, "POST", "/seed", bad, 400)
	}
	valid("dump", `{"servers": [], "services": {"other": []}}`, false)
}

// documented confirms that each property has a description, except for the two lists of definitions.
func documented(t *testing.T, path string, v any) {
	t.Helper()
	object, ok := v.(map[string]any)
	if !ok {
		return
	}
	for name, one := range object {
		if properties, ok := one.(map[string]any); ok && name == "properties" {
			for property, schema := range properties {
				if s := schema.(map[string]any); s["description"] == nil {
					t.Errorf("%s/%s has no description", path, property)
				}
			}
		}
		documented(t, fmt.Sprintf("%s/%s", path, name), one)
	}
}
