package schema_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nova-go/nova/compute/internal/schema"
)

// nova is a request and what Nova's own validators said of it; testdata/oracle.py
// writes such lines.
type nova struct {
	Schema string `json:"schema"`
	// Release, Operation and Version replace Schema where an older release answered.
	Release   int    `json:"release"`
	Operation string `json:"operation"`
	Version   int    `json:"version"`

	Relaxed bool      `json:"relaxed"`
	Body    *string   `json:"body"`
	Query   *string   `json:"query"`
	Error   *string   `json:"error"`
	After   *string   `json:"after"`
	Kept    *[]string `json:"kept"`
}

// byContract finds schemas by the long name that the oracle uses.
func byContract(t testing.TB) map[string]*schema.Schema {
	t.Helper()
	m := map[string]*schema.Schema{}
	for _, name := range schema.Names() {
		s, ok := schema.Lookup(name)
		if !ok {
			t.Fatalf("%s is listed but not found", name)
		}
		m[s.Contract()] = s
	}
	return m
}

// ofRelease finds the schema of an operation at a microversion of a release.
func ofRelease(operation string, version, major int) *schema.Schema {
	var found *schema.Schema
	if spans, ok := schema.History(operation, major); ok {
		for _, s := range spans {
			if s.From <= version {
				found = s.Schema
			}
		}
		return found
	}
	for _, name := range schema.Names() {
		s, _ := schema.Lookup(name)
		if s.Operation() != operation {
			continue
		}
		span := s.Contract()[len(s.Contract())-len(schemaSpan.FindString(s.Contract())):]
		first, last, _ := strings.Cut(span, "-")
		if minor(first, 0) <= version && version <= minor(last, 1000) {
			found = s.For(major)
		}
	}
	return found
}

var schemaSpan = regexp.MustCompile(`(any|2\.\d+)-(any|2\.\d+)$`)

func minor(version string, none int) int {
	if n, err := strconv.Atoi(strings.TrimPrefix(version, "2.")); err == nil {
		return n
	}
	return none
}

// compare runs all lines of r and returns how many there were.
func compare(t *testing.T, r io.Reader) int {
	t.Helper()
	all := byContract(t)
	in := bufio.NewScanner(r)
	in.Buffer(nil, 1<<20)
	n := 0
	for in.Scan() {
		n++
		var want nova
		if err := json.Unmarshal(in.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		s := all[want.Schema]
		if want.Release != 0 {
			s = ofRelease(want.Operation, want.Version, want.Release)
			want.Schema = fmt.Sprintf("%s at 2.%d of Nova %d", want.Operation, want.Version, want.Release)
		}
		if s == nil {
			t.Errorf("no schema %s", want.Schema)
			continue
		}
		mode := schema.Strict
		if want.Relaxed {
			mode = schema.Relaxed
		}
		var err error
		var after any
		if want.Body != nil {
			if after, err = schema.Decode([]byte(*want.Body)); err != nil {
				t.Errorf("%s: %q: %v", want.Schema, *want.Body, err)
				continue
			}
			err = s.CheckBody(after, mode)
		} else {
			q, qerr := s.CheckQuery(*want.Query, mode)
			err = qerr
			if err == nil && want.Error == nil && want.Kept != nil {
				got := []string{}
				for k := range q {
					got = append(got, k)
				}
				slices.Sort(got)
				slices.Sort(*want.Kept)
				if !slices.Equal(got, *want.Kept) {
					t.Errorf("%s: %q keeps %q, Nova %q", want.Schema, *want.Query, got, *want.Kept)
				}
			}
		}
		if !sameError(err, want.Error) {
			t.Errorf("%s relaxed=%v\n body %s\n query %s\n ours %v\n nova %s", want.Schema, want.Relaxed,
				show(want.Body), show(want.Query), err, show(want.Error))
		}
		if want.After != nil && (want.Error == nil || *want.Error != "*") {
			exp, err := schema.Decode([]byte(*want.After))
			if err != nil {
				t.Fatal(err)
			}
			if got, exp := marshal(after), marshal(exp); got != exp {
				t.Errorf("%s: relaxed %s\n leaves %s\n nova   %s", want.Schema, *want.Body, got, exp)
			}
		}
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

// sameError compares with Nova's message. Where Nova stumbles ("*") anything
// goes. Where its words come from a set, their order is left open.
func sameError(got error, want *string) bool {
	if want == nil {
		return got == nil
	}
	if *want == "*" {
		return true
	}
	var e *schema.Error
	if !errors.As(got, &e) {
		return false
	}
	// The test's own reader turns a lone surrogate of the message into U+FFFD.
	msg := strings.ToValidUTF8(e.Message, "\ufffd")
	if msg == *want {
		return true
	}
	const set = "Additional properties are not allowed ("
	return strings.Contains(msg, set) && sorted(msg) == sorted(*want)
}

func sorted(s string) string {
	words := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" ,()", r) })
	slices.Sort(words)
	return strings.Join(words, " ")
}

func show(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}

// marshal writes a value; NaN and infinities, which JSON lacks, as they are.
func marshal(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "not JSON"
	}
	return string(b)
}

// TestAsOlderReleases has the schemas that differ from those of the newest release.
func TestAsOlderReleases(t *testing.T) {
	f, err := os.Open("testdata/releases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n := compare(t, f); n < 300 {
		t.Errorf("only %d samples", n)
	}
}

func TestAsNova(t *testing.T) {
	f, err := os.Open("testdata/nova.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n := compare(t, f); n < 300 {
		t.Errorf("only %d samples", n)
	}
}
