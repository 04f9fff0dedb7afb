package flavors

import (
	"bufio"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/release"
)

// TestValidateSpec compares with what Nova 34.0.0 says of every extra spec it
// knows and of many it does not: a line of testdata is the name, the value, and
// the message, empty where Nova takes it.
func TestValidateSpec(t *testing.T) {
	f, err := os.Open("testdata/extraspecs.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for lines := bufio.NewScanner(f); lines.Scan(); n++ {
		var fact [3]string
		if err := json.Unmarshal(lines.Bytes(), &fact); err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := validateSpec(release.Newest(), fact[0], fact[1]); err != nil {
			got = err.Error()
		}
		if got != fact[2] {
			t.Errorf("%q = %q\n got %q\nwant %q", fact[0], fact[1], got, fact[2])
		}
	}
	if n < 1000 {
		t.Errorf("only %d facts", n)
	}
}

// TestExtraSpecsOfReleases compares the extra specs of each release, and what they accept, with
// those of its package.
func TestExtraSpecsOfReleases(t *testing.T) {
	all := map[string]bool{}
	for name := range namedSpecs {
		all[name] = true
	}
	for name := range formerSpecs {
		all[name] = true
	}
	for _, r := range release.All() {
		text, err := os.ReadFile("../../../internal/release/testdata/facts-" + r.ID + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var facts struct {
			Specs map[string]struct {
				Type, Pattern string
				Enum          []string
				Min, Max      *int64
			} `json:"extra_specs"`
		}
		if err := json.Unmarshal(text, &facts); err != nil {
			t.Fatal(err)
		}
		if len(facts.Specs) < 75 {
			t.Errorf("%s: only %d extra specs", r, len(facts.Specs))
		}
		for name := range all {
			_, has := facts.Specs[name]
			if _, ours := namedSpec(r, name); ours != has {
				t.Errorf("%s: %s is known: %v, in Nova: %v", r, name, ours, has)
			}
		}
		for name, spec := range facts.Specs {
			if strings.Contains(name, "{") { // a name with a parameter
				continue
			}
			got, _ := namedSpec(r, name)
			var want valueRule = anyRule{}
			switch {
			case spec.Type == "int":
				want = integerRule{spec.Min, spec.Max}
			case spec.Type == "bool":
				want = booleanRule{}
			case spec.Enum != nil:
				want = oneOfRule(spec.Enum)
			case spec.Pattern != "":
				want = newPattern(spec.Pattern)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %s has the rule %#v, Nova's is %#v", r, name, got, want)
			}
		}
	}
}

func FuzzValidateSpec(f *testing.F) {
	f.Add("hw:numa_cpus.0", "0-3,^2")
	f.Add("quota:cpu_shares", "1_0")
	f.Fuzz(func(_ *testing.T, key, value string) { _ = validateSpec(release.Newest(), key, value) })
}

func BenchmarkValidateSpec(b *testing.B) {
	for b.Loop() {
		_ = validateSpec(release.Newest(), "trait:HW_CPU_X86_AVX2", "required")
		_ = validateSpec(release.Newest(), "hw:numa_cpus.0", "0-3")
	}
}
