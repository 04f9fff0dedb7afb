package novatest_test

import (
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

func TestTheWholeStackAnswers(t *testing.T) {
	s := novatest.New(t)
	vm := s.Server(novatest.VM{Name: "web", Addresses: []string{"10.0.0.7"}, Tags: []string{"blue"}})
	s.As("demo").MV("2.90").Do("GET /servers/" + vm.UUID).Expect(200).
		Has(`{"server": {"name": "web", "status": "ACTIVE", "tags": ["blue"], "addresses": {"private": [{"addr": "10.0.0.7"}]}}}`)
	s.As("none").Do("GET /servers").Expect(401)
}

func TestChanges(t *testing.T) {
	s := novatest.New(t)
	s.Changes(func() {
		s.Exec("api", "UPDATE flavors SET name = 'x' WHERE flavorid = '1'")
		s.Exec("api", "DELETE FROM flavors WHERE flavorid = '2'")
		s.Insert("cell1", "instance_id_mappings", map[string]any{"uuid": "u", "deleted": 0})
	}).Expect(
		"api UPDATE flavors id=3 name=m1.tiny→x",
		"api DELETE flavors id=4",
		"cell1 INSERT instance_id_mappings id=1 uuid=u deleted=0")
	s.Changes(func() {}).Expect()
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{{"a", "a", true}, {"a", "ab", false}, {"a*", "ab", true}, {"*b*", "abc", true}, {"a*c*", "abd", false}, {"*", "", true}, {"a*b*c", "axbxc", true}, {"a*a", "a", false}} {
		if novatest.Glob(c.pattern, c.text) != c.want {
			t.Errorf("%q, %q: not %v", c.pattern, c.text, c.want)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		got, want string
		part, ok  bool
	}{
		{`{"a": 1, "b": [1]}`, `{"a": 1, "b": [1]}`, false, true},
		{`{"a": 1, "b": [1]}`, `{"a": 1}`, false, false},
		{`{"a": 1, "b": [1]}`, `{"a": 1}`, true, true},
		{`{"b": [1, 2]}`, `{"b": [1]}`, true, false},
		{`{"a": 1}`, `{"a": "*"}`, false, true},
		{`{"a": "xyz"}`, `{"a": "x*z"}`, false, true},
		{`{"a": 1}`, `{"a": 1.0}`, false, false},
		{`{"a": null}`, `{"a": null}`, false, true},
	} {
		if p := novatest.Match([]byte(c.got), c.want, c.part); (p == "") != c.ok {
			t.Errorf("%s, %s: %q", c.got, c.want, p)
		}
	}
}
