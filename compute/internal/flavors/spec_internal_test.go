package flavors

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
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
		if err := validateSpec(fact[0], fact[1]); err != nil {
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

func FuzzValidateSpec(f *testing.F) {
	f.Add("hw:numa_cpus.0", "0-3,^2")
	f.Add("quota:cpu_shares", "1_0")
	f.Fuzz(func(_ *testing.T, key, value string) { _ = validateSpec(key, value) })
}

func BenchmarkValidateSpec(b *testing.B) {
	for b.Loop() {
		_ = validateSpec("trait:HW_CPU_X86_AVX2", "required")
		_ = validateSpec("hw:numa_cpus.0", "0-3")
	}
}
