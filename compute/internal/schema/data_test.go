package schema_test

import (
	"strings"
	"testing"

	"github.com/nova-go/nova/compute/internal/schema"
)

func TestCatalog(t *testing.T) {
	names := schema.Names()
	if len(names) != 406 {
		t.Errorf("%d schemas, Nova has 406", len(names))
	}
	for _, name := range names {
		s, ok := schema.Lookup(name)
		if !ok {
			t.Errorf("%s is not found", name)
			continue
		}
		if err := s.Compile(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if s.Name() != name || strings.Count(s.Contract(), ".") < 4 {
			t.Errorf("%s: name %q, contract %q", name, s.Name(), s.Contract())
		}
	}
	if _, ok := schema.Lookup("servers.create"); ok {
		t.Error("a name that does not exist is found")
	}
}

// TestMessages pins what the sampled requests may miss.
func TestMessages(t *testing.T) {
	for _, c := range []struct {
		schema, body, want string
		mode               schema.Mode
	}{
		{"flavors.create.body.2.55", `{"flavor":{"name":" x","ram":1,"vcpus":1,"disk":1}}`,
			"An invalid 'name' value was provided. The name must be: printable characters. " +
				"Can not start or end with whitespace.", schema.Strict},
		{"flavors.create.body.2.55", `{"flavor":{"name":"x","ram":1,"vcpus":0,"disk":1}}`,
			"Invalid input for field/attribute vcpus. Value: 0. 0 is less than the minimum of 1", schema.Strict},
		{"flavors.create.body.2.55", `{}`, "'flavor' is a required property", schema.Strict},
		{"flavors.create.body.2.55", `{"flavor":{"name":"x","ram":1,"vcpus":1,"disk":1,"swop":"it's"}}`,
			"Invalid input for field/attribute flavor. Value: {'name': 'x', 'ram': 1, 'vcpus': 1, 'disk': 1, " +
				`'swop': "it's"}. Additional properties are not allowed ('swop' was unexpected)`, schema.Strict},
		{"flavors.create.body.2.0", `{"flavor":{"name":"x","ram":1,"vcpus":1,"disk":1,"swop":1}}`, "", schema.Relaxed},
	} {
		s, ok := schema.Lookup(c.schema)
		if !ok {
			t.Fatalf("no %s", c.schema)
		}
		v, err := schema.Decode([]byte(c.body))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := s.CheckBody(v, c.mode); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s %s:\n got  %s\n want %s", c.schema, c.body, got, c.want)
		}
	}
}

const createBody = `{"server":{"name":"one","imageRef":"70a599e0-31e7-49b7-b260-868f441e862b","flavorRef":"1",
"networks":[{"uuid":"ff608d40-75e9-48cb-b745-77bb55b5eaf2"}],"metadata":{"a":"b"},"user_data":"QUJD",
"security_groups":[{"name":"default"}],"description":"a server"}}`

func BenchmarkCheckBody(b *testing.B) {
	s, _ := schema.Lookup("servers.create.body.2.94")
	v, err := schema.Decode([]byte(createBody))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := s.CheckBody(v, schema.Strict); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := schema.Decode([]byte(createBody)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheckQuery(b *testing.B) {
	s, _ := schema.Lookup("servers.detail.query.2.75")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.CheckQuery("limit=100&name=web.*&sort_key=created_at&sort_dir=asc", schema.Strict); err != nil {
			b.Fatal(err)
		}
	}
}
