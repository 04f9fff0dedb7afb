package cell_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/novatest/testproc"
)

// recorder keeps the texts of queries for lists.
type recorder struct {
	mu    sync.Mutex
	texts []string
}

func (r *recorder) BeforeQuery(ctx context.Context, e *bun.QueryEvent) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	if strings.HasPrefix(e.Query, "SELECT i.") || strings.HasPrefix(e.Query, "(SELECT i.") {
		r.texts = append(r.texts, e.Query)
	}
	return ctx
}

func (r *recorder) AfterQuery(context.Context, *bun.QueryEvent) {}

// take returns the texts since the last call.
func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	texts := r.texts
	r.texts = nil
	return texts
}

// plan returns how the database runs a query: the text of EXPLAIN.
func plan(t *testing.T, d *db.DB, query string) string {
	t.Helper()
	explain := "EXPLAIN "
	if d.Kind() == "sqlite" {
		explain = "EXPLAIN QUERY PLAN "
	}
	var lines []string
	err := d.Each(t.Context(), func(r *sql.Rows) error {
		names, err := r.Columns()
		if err != nil {
			return err
		}
		values, dest := make([]sql.NullString, len(names)), make([]any, len(names))
		for n := range values {
			dest[n] = &values[n]
		}
		err = r.Scan(dest...)
		line := ""
		for n, v := range values {
			line += fmt.Sprintf(" %s=%s", names[n], v.String)
		}
		lines = append(lines, line)
		return err
	}, explain+query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return strings.Join(lines, "\n")
}

// filledCell returns a cell with 4000 instances, and a recorder of its queries.
func filledCell(t *testing.T) (*db.Cell, *recorder) {
	t.Helper()
	s := novatest.New(t, novatest.Unstarted())
	const rows = 4000
	var insert strings.Builder
	insert.WriteString("INSERT INTO instances (uuid, project_id, created_at, updated_at, deleted, hidden, vm_state, display_name, host) VALUES ")
	for n := range rows {
		if n > 0 {
			insert.WriteString(", ")
		}
		fmt.Fprintf(&insert, "('%s', 'p%d', '2026-05-01 %02d:%02d:00.000000', '2026-05-02 %02d:%02d:00.000000', 0, FALSE, 'active', 'vm-%d', 'host-%d')",
			uuid.NewString(), n%200, n/60%24, n%60, n/60%24, n%60, n, n%100)
	}
	s.Exec("cell1", insert.String())
	d, err := db.Open(s.Connection("nova_cell1"), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	analyze := "ANALYZE"
	if d.Kind() == "mysql" {
		analyze = "ANALYZE TABLE instances"
	}
	if _, err := d.ExecContext(t.Context(), analyze); err != nil {
		t.Fatal(err)
	}
	asked := &recorder{}
	d.DB = d.WithQueryHook(asked)
	return &db.Cell{DB: d}, asked
}

// TestListsUseIndexes wants no sort and no scan of the table for a page that an index has in its
// order.
func TestListsUseIndexes(t *testing.T) {
	t.Parallel()
	c, asked := filledCell(t)
	live := false
	created, updated := cell.SortKey{Column: "created_at", Desc: true}, cell.SortKey{Column: "updated_at"}
	id := cell.SortKey{Column: "uuid"}
	for name, q := range map[string]cell.InstanceQuery{
		"newest":              {Deleted: &live, Sort: []cell.SortKey{created, id}},
		"oldest":              {Deleted: &live, Sort: []cell.SortKey{{Column: "created_at"}, id}},
		"next page":           {Deleted: &live, Sort: []cell.SortKey{created, id}, After: []any{"2026-05-01 12:00:00.000000", uuid.NewString()}},
		"next page, oldest":   {Deleted: &live, Sort: []cell.SortKey{{Column: "created_at"}, id}, After: []any{"2026-05-01 12:00:00.000000", uuid.NewString()}},
		"by name":             {Deleted: &live, Sort: []cell.SortKey{created, id}, Filters: map[string]any{"display_name": "vm"}},
		"of a state":          {Deleted: &live, Sort: []cell.SortKey{created, id}, Filters: map[string]any{"vm_state": []string{"active"}}},
		"by change":           {Deleted: &live, Sort: []cell.SortKey{updated, id}},
		"by change, deleted":  {Sort: []cell.SortKey{updated, id}},
		"by change, next":     {Sort: []cell.SortKey{updated, id}, After: []any{"2026-05-02 12:00:00.000000", uuid.NewString()}},
		"of a project, sorts": {Deleted: &live, Sort: []cell.SortKey{created, id}, Filters: map[string]any{"project_id": "p7"}},
		"on a host, sorts":    {Deleted: &live, Sort: []cell.SortKey{created, id}, Filters: map[string]any{"host": "host-7"}},
	} {
		t.Run(name, func(t *testing.T) {
			q.Limit, q.Load = 20, cell.Load{Brief: true}
			list, err := cell.List(t.Context(), c, q)
			if err != nil || len(list) == 0 {
				t.Fatal(list, err)
			}
			for _, text := range asked.take() {
				p := plan(t, c.DB, text)
				sorts := strings.Contains(p, "filesort") || strings.Contains(p, "Sort Key") || strings.Contains(p, "TEMP B-TREE")
				scans := strings.Contains(p, "type=ALL") || strings.Contains(p, "Seq Scan") || strings.Contains(p, "SCAN i") && !strings.Contains(p, "USING INDEX")
				if ofAll := !strings.Contains(name, "sorts") && !strings.Contains(text, "i.created_at = ") && !strings.Contains(text, "i.updated_at = "); scans || sorts && ofAll {
					t.Errorf("%s\n%s", text, p)
				}
			}
		})
	}
}

// TestListsWithoutAnIndexReadTheTable: on MySQL, while most instances are not deleted.
func TestListsWithoutAnIndexReadTheTable(t *testing.T) {
	t.Parallel()
	c, asked := filledCell(t)
	if c.DB.Kind() != "mysql" {
		t.Skip("other databases choose so by themselves; NOVATEST_CELL names no MySQL")
	}
	live := false
	sorted := []cell.SortKey{{Column: "display_name"}, {Column: "uuid"}}
	reads := func(scans *cell.Scans, q cell.InstanceQuery) string {
		q.Limit, q.Load, q.Scans = 20, cell.Load{Brief: true}, scans
		if _, err := cell.List(t.Context(), c, q); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.Join(asked.take(), "\n"), " USE INDEX () ") {
			return "the table"
		}
		return "an index"
	}
	byName := cell.InstanceQuery{Deleted: &live, Sort: sorted}
	var scans cell.Scans
	testproc.Eventually(t, "the table is read", func() bool { return reads(&scans, byName) == "the table" })
	first := time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC)
	last := time.Date(2026, 5, 2, 23, 58, 0, 0, time.UTC)
	for _, k := range []struct {
		query cell.InstanceQuery
		want  string
	}{
		{cell.InstanceQuery{Sort: sorted, ChangesSince: &first}, "the table"},
		{cell.InstanceQuery{Sort: sorted, ChangesSince: &last}, "an index"},
		{cell.InstanceQuery{Deleted: &live, Sort: sorted, Filters: map[string]any{"host": "host-7"}}, "an index"},
		{cell.InstanceQuery{Deleted: &live, Sort: []cell.SortKey{{Column: "created_at"}, {Column: "uuid"}}}, "an index"},
	} {
		if got := reads(&scans, k.query); got != k.want {
			t.Errorf("%+v reads %s, want %s", k.query, got, k.want)
		}
	}
	if _, err := db.Exec(t.Context(), c.DB, "UPDATE instances SET deleted = id WHERE id > 500"); err != nil {
		t.Fatal(err)
	}
	var later cell.Scans
	for range 20 {
		if reads(&later, byName) != "an index" {
			t.Fatal("the table is read for the few instances that are not deleted")
		}
	}
}

// TestPagesOfLargeProjects are read in the order of the creation of all instances, without a sort, and have the same instances.
func TestPagesOfLargeProjects(t *testing.T) {
	t.Parallel()
	c, asked := filledCell(t)
	if _, err := db.Exec(t.Context(), c.DB, "UPDATE instances SET project_id = 'large' WHERE id % 3 = 0"); err != nil {
		t.Fatal(err)
	}
	live := false
	page := func(scans *cell.Scans, project string, after []any) (uuids []string, texts string) {
		list, err := cell.List(t.Context(), c, cell.InstanceQuery{
			Deleted: &live, Sort: []cell.SortKey{{Column: "created_at", Desc: true}, {Column: "uuid"}}, After: after,
			Filters: map[string]any{"project_id": project}, Limit: 20, Load: cell.Load{Brief: true}, Scans: scans,
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range list {
			uuids = append(uuids, i.UUID)
		}
		return uuids, strings.Join(asked.take(), "\n")
	}
	var scans cell.Scans
	testproc.Eventually(t, "all instances are passed", func() bool {
		_, text := page(&scans, "large", nil)
		return strings.Contains(text, "COALESCE")
	})
	for _, after := range [][]any{nil, {"2026-05-01 12:00:00.000000", uuid.NewString()}, {"2026-05-01 18:30:00.000000", uuid.NewString()}} {
		want, _ := page(nil, "large", after)
		got, text := page(&scans, "large", after)
		if !slices.Equal(got, want) {
			t.Errorf("after %v: %d instances %v, want %d %v", after, len(got), got, len(want), want)
		}
		first, _, _ := strings.Cut(text, "\n")
		if p := plan(t, c.DB, first); strings.Contains(p, "filesort") || strings.Contains(p, "Sort Key") || strings.Contains(p, "TEMP B-TREE") {
			t.Errorf("%s\n%s", first, p)
		}
	}
	if _, err := db.Exec(t.Context(), c.DB, "UPDATE instances SET project_id = NULL WHERE id % 50 = 1"); err != nil {
		t.Fatal(err)
	}
	if got, text := page(&scans, "", nil); len(got) > 0 || strings.Contains(text, "COALESCE") {
		t.Errorf("%d instances without a project are those of the project \"\": %s", len(got), text)
	}
	for range 20 {
		if _, text := page(&scans, "p7", nil); strings.Contains(text, "COALESCE") {
			t.Fatal("all instances are passed for the few of a small project")
		}
	}
}
