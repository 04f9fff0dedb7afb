package policy_test

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/release"
)

// TestDefaultsAreThoseOfThePackages compares the rules of each release with those of its package.
func TestDefaultsAreThoseOfThePackages(t *testing.T) {
	type former struct{ Name, Check, Since string }
	type rule struct {
		Name, Check string
		Scopes      []string
		Old         *former
		Removal     string
	}
	for _, r := range release.All() {
		text, err := os.ReadFile("../release/testdata/facts-" + r.ID + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var facts struct{ Policies []rule }
		if err := json.Unmarshal(text, &facts); err != nil {
			t.Fatal(err)
		}
		ours := map[string]rule{}
		for _, d := range policy.Defaults(r) {
			row := rule{Name: string(d.Name), Check: d.Check, Scopes: append([]string{}, d.Scopes...), Removal: d.RemovalSince}
			if d.Deprecated != nil {
				row.Old = &former{string(d.Deprecated.Name), d.Deprecated.Check, d.Deprecated.Since}
			}
			ours[row.Name] = row
		}
		if len(facts.Policies) < 200 {
			t.Errorf("%s: only %d rules", r, len(facts.Policies))
		}
		for _, want := range facts.Policies {
			if got, ok := ours[want.Name]; !ok {
				t.Errorf("%s: no rule %s", r, want.Name)
			} else if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %s\n  is %s\nwant %s", r, want.Name, shown(got), shown(want))
			}
			delete(ours, want.Name)
		}
		for name := range ours {
			t.Errorf("%s does not have the rule %s", r, name)
		}
	}
}

func shown(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
