package compute_test

import (
	_ "embed"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/compute/internal/schema"
	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/policy"
)

//go:embed testdata/operations.json
var operationsJSON []byte

// operation is what the contract says of a method, path and action; see
// testdata/operations.py.
type operation struct {
	Op    string
	Spans []span
	V2    [2][]string
}

// span is the microversions with the same facts.
type span struct {
	first, last mv.Version
	ok          []int
	errors      []int // nil: none are declared
	body, query string
}

// UnmarshalJSON reads [first, last, ok, errors, body, query].
func (s *span) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[]any{&s.first, &s.last, &s.ok, &s.errors, &s.body, &s.query})
}

func contract(t *testing.T) []operation {
	t.Helper()
	var list []operation
	if err := json.Unmarshal(operationsJSON, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func (o *operation) at(v mv.Version) *span {
	for n := range o.Spans {
		if s := &o.Spans[n]; s.first <= v && v <= s.last {
			return s
		}
	}
	return nil
}

// rows are the rows of the application by their key.
func rows() map[string][]api.Route {
	m := map[string][]api.Route{}
	for _, r := range compute.Routes() {
		m[r.Key()] = append(m[r.Key()], r)
	}
	return m
}

func rowAt(rows []api.Route, v mv.Version) *api.Route {
	for n := range rows {
		if r := &rows[n]; r.From <= v && (r.Until == 0 || v < r.Until) {
			return r
		}
	}
	return nil
}

// schemaAt is the name in the contract of the schema of a version, or "".
func schemaAt(t *testing.T, s api.Since, v mv.Version) string {
	t.Helper()
	name, from := "", mv.Version(0)
	for first, n := range s {
		if first <= v && first >= from {
			name, from = n, first
		}
	}
	if name == "" {
		return ""
	}
	sc, ok := schema.Lookup(name)
	if !ok {
		t.Fatalf("schema %q does not exist", name)
	}
	return sc.Contract()
}

// asServers is the name of a schema of os-volumes_boot, which is a copy of the one
// of servers that the row uses. The last one has no end, for the API ends first.
func asServers(contract string) string {
	return strings.NewReplacer("volumes_boot.VolumesBootController.update.body.2.94-any", "servers.ServersController.update.body.2.94-2.103",
		"volumes_boot.VolumesBootController", "servers.ServersController").Replace(contract)
}

func TestEveryOperationOfTheContractHasItsRow(t *testing.T) {
	t.Parallel()
	have := rows()
	for _, o := range contract(t) {
		list := have[o.Op]
		delete(have, o.Op)
		if list == nil {
			t.Errorf("%s has no row", o.Op)
			continue
		}
		for v := mv.Min; v <= mv.Max; v++ {
			if !agrees(t, &o, rowAt(list, v), v) {
				break // the versions after it will most often differ likewise
			}
		}
		legacy(t, &o, rowAt(list, mv.Legacy))
	}
	for key := range have {
		t.Errorf("%s has a row, but is no operation of the contract", key)
	}
}

func agrees(t *testing.T, o *operation, r *api.Route, v mv.Version) bool {
	t.Helper()
	s := o.at(v)
	if s == nil || r == nil {
		if s != nil || r != nil {
			t.Errorf("%s at %s: served by the contract: %v, by its row: %v", o.Op, v, s != nil, r != nil)
			return false
		}
		return true
	}
	ok := true
	differ := func(what string, got, want any) {
		t.Errorf("%s at %s: %s is %v in its row, %v in the contract", o.Op, v, what, got, want)
		ok = false
	}
	query, body := r.Schemas()
	if got, want := schemaAt(t, body, v), asServers(s.body); got != want {
		differ("body schema", got, want)
	}
	if got, want := schemaAt(t, query, v), asServers(s.query); got != want {
		differ("query schema", got, want)
	}
	if len(s.ok) == 0 { // removed, or it always fails
		want := 410
		if !slices.Contains(s.errors, want) { // the RDP console, which no driver has
			want = 400
		}
		if r.Gone != want {
			differ("status of what is gone", r.Gone, want)
		}
		return ok
	}
	if r.Gone != 0 {
		differ("gone", r.Gone, s.ok)
	}
	if !slices.Contains(s.ok, r.OK) {
		differ("status of success", r.OK, s.ok)
	}
	if o.Op == "PUT /os-volumes_boot/{id}" {
		return ok // Nova forgot that it may conflict, and answers 500 then
	}
	if errs := slices.Sorted(slices.Values(r.Errors)); !slices.Equal(errs, s.errors) || (r.Errors == nil) != (s.errors == nil) {
		differ("errors", r.Errors, s.errors)
	}
	return ok
}

// legacy compares what /v2 checks requests with.
func legacy(t *testing.T, o *operation, r *api.Route) {
	t.Helper()
	if r == nil {
		return
	}
	query, body := r.Schemas()
	for n, names := range []api.Since{body, query} {
		var want string
		if len(o.V2[n]) > 0 {
			want = asServers(o.V2[n][0])
		}
		if got := schemaAt(t, names, mv.Legacy); got != want {
			t.Errorf("%s at /v2: %s schema is %q in its row, %q in the contract", o.Op, []string{"body", "query"}[n], got, want)
		}
	}
}

func TestEverySchemaIsUsed(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, r := range compute.Routes() {
		query, body := r.Schemas()
		for _, names := range []api.Since{query, body} {
			for _, name := range names {
				used[name] = true
			}
		}
	}
	for _, name := range schema.Names() {
		// The rows of os-volumes_boot are those of servers, with their schemas; the
		// version documents outside of the API check nothing.
		if !used[name] && !strings.HasPrefix(name, "volumes_boot.") && !strings.HasPrefix(name, "versions.") {
			t.Errorf("schema %s is used by no row", name)
		}
	}
}

func TestEveryRowSaysWhoMayUseIt(t *testing.T) {
	t.Parallel()
	// These need no rule in Nova either: everyone reads flavors, Glance has rules of
	// its own on images, and changes of baremetal nodes and tokens of RDP consoles are always refused.
	public := []string{"versionsV21.", "flavors.index", "flavors.detail", "flavors.show", "images.", "image_metadata.",
		"baremetal_nodes.create", "baremetal_nodes.delete", "baremetal_nodes.add_interface", "baremetal_nodes.remove_interface", "console_auth_tokens.show"}
	without := map[string]bool{}
	for _, r := range compute.Routes() {
		if r.Gone != 0 || !r.Authz.IsPublic() {
			continue
		}
		at := slices.IndexFunc(public, func(p string) bool { return strings.HasPrefix(r.Op, p) })
		if at < 0 {
			t.Errorf("%s (%s) has no policy rule", r.Key(), r.Op)
			continue
		}
		without[public[at]] = true
	}
	for _, p := range public {
		if !without[p] {
			t.Errorf("%s: has a rule now, or is gone: take it from the list", p)
		}
	}
}

// TestEveryMicroversionHasAName reads the constants: a name like V90Hostname
// begins with its minor version.
func TestEveryMicroversionHasAName(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "internal/mv/history.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		name, value := spec.Names[0].Name, spec.Values[0].(*ast.BasicLit).Value
		if spec.Comment == nil || !strings.HasPrefix(spec.Comment.Text(), "2."+value+": ") {
			t.Errorf("%s: its comment must say \"2.%s: \" and what has changed", name, value)
		}
		digits := strings.TrimPrefix(name, "V")
		end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
		// V5IP6Filter and V27… : the number ends where letters begin.
		if end < 0 || digits[:end] != value {
			t.Errorf("%s is %s", name, value)
		}
		names = append(names, name)
		return true
	})
	if len(names) != int(mv.Max) || mv.Max != 104 {
		t.Errorf("%d names for microversions 2.1 to 2.%s", len(names), strconv.Itoa(int(mv.Max)))
	}
}

func TestOperationsThatAreNotDoneSaySo(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	variable := regexp.MustCompile(`\{\w+\}`)
	for _, r := range compute.Routes() {
		if r.Done() || len(r.Body) > 0 || r.Action != "" {
			continue
		}
		role := "admin"
		if r.Authz.Rule == policy.ServerExternalEventsCreate || r.Authz.Rule == policy.AssistedVolumeSnapshotsDelete {
			role = "nova"
		}
		request := r.Method + " " + variable.ReplaceAllString(r.Path, "1")
		if s.As(role).MV(max(r.From, mv.Min).String()).Do(request).Status == 400 {
			continue // its query has to have something
		}
		s.As(role).MV(max(r.From, mv.Min).String()).Do(request).Expect(501).Fault("notImplemented", r.Op+" is not implemented by this server yet.")
	}
}
