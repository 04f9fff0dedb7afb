package policy_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
)

// token is a token as testdata/oracle.py describes it.
type token struct {
	UserID           string   `json:"user_id"`
	ProjectID        string   `json:"project_id"`
	DomainID         string   `json:"domain_id"`
	UserDomainID     string   `json:"user_domain_id"`
	SystemScope      string   `json:"system_scope"`
	Roles            []string `json:"roles"`
	ServiceRoles     []string `json:"service_roles"`
	ServiceProjectID string   `json:"service_project_id"`
	Admin            bool     `json:"admin"`
	IsAdminProject   *bool    `json:"is_admin_project"`
}

func (t token) context() *reqctx.Caller {
	return &reqctx.Caller{UserID: t.UserID, ProjectID: t.ProjectID, DomainID: t.DomainID,
		UserDomainID: t.UserDomainID, SystemScope: t.SystemScope, Roles: t.Roles, ServiceRoles: t.ServiceRoles,
		ServiceProjectID: t.ServiceProjectID, IsAdmin: t.Admin,
		IsAdminProject: t.IsAdminProject == nil || *t.IsAdminProject}
}

// line is any line of the oracle.
type line struct {
	Text      *string
	Canonical string

	Files   map[string]string
	Tokens  []token
	Targets []map[string]string

	File          string
	New           bool
	Token, Target int
	Allowed       string
}

// compare holds our decisions against the oracle's lines. It returns how many
// decisions there were.
func compare(t *testing.T, r io.Reader) int {
	t.Helper()
	in := bufio.NewScanner(r)
	in.Buffer(nil, 1<<20)
	var world line
	names := novaOrder(t)
	enforcers := map[string]*policy.Enforcer{}
	dir := t.TempDir()
	n := 0
	for in.Scan() {
		var l line
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		if l.Text != nil {
			if got := policy.Canonical(*l.Text); got != l.Canonical {
				t.Errorf("rule %q: %s, Nova has %s", *l.Text, got, l.Canonical)
			}
			continue
		}
		if l.Files != nil {
			world = l
			continue
		}
		if len(l.Allowed) != len(names) {
			t.Fatalf("%d decisions for %d rules", len(l.Allowed), len(names))
		}
		key := l.File
		if l.New {
			key += " new"
		}
		e := enforcers[key]
		if e == nil {
			path := filepath.Join(dir, l.File+".yaml")
			if err := os.WriteFile(path, []byte(world.Files[l.File]), 0o600); err != nil {
				t.Fatal(err)
			}
			var err error
			e, err = policy.New(policy.Options{Release: release.Newest(), File: path, EnforceScope: true, EnforceNewDefaults: l.New})
			if err != nil {
				t.Fatal(err)
			}
			enforcers[key] = e
		}
		c := world.Tokens[l.Token].context()
		target := policy.Own(c)
		if m := world.Targets[l.Target]; m != nil {
			target = policy.Target{ProjectID: m["project_id"], UserID: m["user_id"], Extra: m}
		}
		for i, name := range names {
			n++
			if l.Allowed[i] == 'x' {
				continue // Nova answers 500
			}
			if got := e.Allowed(c, name, target); got != (l.Allowed[i] == '1') {
				t.Errorf("file %s, new defaults %v, token %+v, target %v: %s is %v", l.File, l.New,
					world.Tokens[l.Token], world.Targets[l.Target], name, got)
			}
		}
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

// novaOrder lists the rules as Nova does, in whose order the oracle answers.
func novaOrder(t *testing.T) []policy.Rule {
	t.Helper()
	f, err := os.Open("testdata/contract.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var names []policy.Rule
	for in := bufio.NewScanner(f); in.Scan(); {
		var r struct{ Name policy.Rule }
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		names = append(names, r.Name)
	}
	return names
}

func TestAsNova(t *testing.T) {
	f, err := os.Open("testdata/nova.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n := compare(t, f); n < 50000 {
		t.Errorf("only %d decisions", n)
	}
}

func TestDefaults(t *testing.T) {
	f, err := os.Open("testdata/contract.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	have := map[policy.Rule]policy.Default{}
	for _, d := range policy.Defaults(release.Newest()) {
		if _, twice := have[d.Name]; twice {
			t.Errorf("%s is there twice", d.Name)
		}
		have[d.Name] = d
	}
	in := bufio.NewScanner(f)
	n := 0
	for ; in.Scan(); n++ {
		var want struct {
			Name, Check, Removal string
			Scopes, Deprecated   []string
		}
		if err := json.Unmarshal(in.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		d, ok := have[policy.Rule(want.Name)]
		if !ok {
			t.Errorf("%s is missing", want.Name)
			continue
		}
		var old []string
		if d.Deprecated != nil {
			old = []string{string(d.Deprecated.Name), d.Deprecated.Check, d.Deprecated.Since}
		}
		if d.Check != want.Check || d.RemovalSince != want.Removal || !slices.Equal(d.Scopes, want.Scopes) ||
			!slices.Equal(old, want.Deprecated) {
			t.Errorf("%+v, not %+v", d, want)
		}
	}
	if n != 214 || len(have) != n {
		t.Errorf("%d rules, %d in the contract, 214 in Nova", len(have), n)
	}
}
