package versioned_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/versioned"
)

// spec is part of what Nova 34 wrote into request_specs.spec.
const spec = `{"nova_object.name": "RequestSpec", "nova_object.namespace": "nova", "nova_object.version": "1.15", "nova_object.data": {"num_instances": 1,
	"flavor": {"nova_object.name": "Flavor", "nova_object.namespace": "nova", "nova_object.version": "1.2", "nova_object.data": {"name": "m1.nano", "rxtx_factor": 1.0, "updated_at": null}},
	"security_groups": {"nova_object.name": "SecurityGroupList", "nova_object.namespace": "nova", "nova_object.version": "1.1", "nova_object.data": {"objects": [
		{"nova_object.name": "SecurityGroup", "nova_object.namespace": "nova", "nova_object.version": "1.2", "nova_object.data": {"name": "default"}, "nova_object.changes": ["name"]}]}, "nova_object.changes": ["objects"]},
	"scheduler_hints": {"group": ["g"]}}, "nova_object.changes": ["num_instances", "security_groups"]}`

func TestObjectRoundTrip(t *testing.T) {
	v, err := versioned.Parse([]byte(spec))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var want, got any
	if json.Unmarshal([]byte(spec), &want) != nil || json.Unmarshal(text, &got) != nil {
		t.Fatal("no JSON")
	}
	a, _ := json.Marshal(want)
	b, _ := json.Marshal(got)
	if string(a) != string(b) {
		t.Errorf("became %s", text)
	}
	if n, ok := v.Int("num_instances"); !ok || n != 1 || v.Object("flavor").Text("name") != "m1.nano" || len(v.Object("security_groups").Objects("objects")) != 1 {
		t.Errorf("read as %v", v.Data)
	}
}

func TestObjectChanges(t *testing.T) {
	v, err := versioned.Parse([]byte(spec))
	if err != nil {
		t.Fatal(err)
	}
	changes := func(v *versioned.Object) []string {
		t.Helper()
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var o struct {
			Changes []string `json:"nova_object.changes"`
		}
		if err := json.Unmarshal(text, &o); err != nil {
			t.Fatal(err)
		}
		return o.Changes
	}
	copied := v.Copy()
	v.Clean()
	if got := changes(v); got != nil {
		t.Errorf("a clean object has changes %v", got)
	}
	// What changes below an object counts as a change of it.
	v.Object("flavor").Set("name", "m1.tiny")
	if got := changes(v); !slices.Equal(got, []string{"flavor"}) {
		t.Errorf("changes are %v", got)
	}
	if copied.Object("flavor").Text("name") != "m1.nano" || !slices.Equal(changes(copied), []string{"num_instances", "security_groups"}) {
		t.Errorf("the copy changed, too: %v", copied.Data)
	}
}

func TestObjectValues(t *testing.T) {
	at := time.Date(2026, 11, 21, 14, 39, 18, 999, time.FixedZone("", 3600))
	text, err := json.Marshal(versioned.Loaded("Flavor", map[string]any{"at": &at, "never": (*time.Time)(nil), "f": versioned.Float(1), "g": versioned.Float(0.25)}))
	want := `{"nova_object.name":"Flavor","nova_object.namespace":"nova","nova_object.version":"1.2","nova_object.data":{"at":"2026-11-21T13:39:18Z","f":1.0,"g":0.25,"never":null}}`
	if err != nil || string(text) != want {
		t.Errorf("%s, %v", text, err)
	}
	for _, nothing := range []string{"", " ", "null"} {
		if v, err := versioned.Parse([]byte(nothing)); v != nil || err != nil {
			t.Errorf("%q is %v, %v", nothing, v, err)
		}
	}
	for _, bad := range []string{"{", "[]", `{"a": 1}`, `"x"`} {
		if v, err := versioned.Parse([]byte(bad)); err == nil {
			t.Errorf("%q is taken as %v", bad, v)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(spec))
	f.Add([]byte(`{"nova_object.name": "A", "nova_object.data": [], "nova_object.changes": [1]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := versioned.Parse(text)
		if err != nil || v == nil {
			return
		}
		out, err := json.Marshal(v.Copy())
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if again, err := versioned.Parse(out); err != nil || again.Name != v.Name {
			t.Fatalf("%q became %q: %v", text, out, err)
		}
	})
}
