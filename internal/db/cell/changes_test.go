package cell_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/internal/objects"
)

// TestPagesOfChanges reads all pages of lists of changes, whose instances that are not deleted come from
// an index and whose deleted ones are read apart, and compares them with all instances sorted at once.
func TestPagesOfChanges(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Unstarted())
	const rows = 400
	random := rand.New(rand.NewPCG(1, 2))
	var insert strings.Builder
	insert.WriteString("INSERT INTO instances (id, uuid, created_at, updated_at, deleted, hidden, vm_state) VALUES ")
	for n := 1; n <= rows; n++ {
		created, deleted, state := "NULL", 0, "active"
		if k := random.IntN(20); k > 0 { // few different times: pages end among equal ones
			created = fmt.Sprintf("'2026-05-01 00:%02d:00.000000'", k)
		}
		if random.IntN(3) == 0 {
			deleted, state = n, "deleted"
		}
		if n > 1 {
			insert.WriteString(", ")
		}
		fmt.Fprintf(&insert, "(%d, '%s', %s, '2026-05-02 00:00:%02d.000000', %d, FALSE, '%s')", n, uuid.NewString(), created, n%60, deleted, state)
	}
	s.Exec("cell1", insert.String())
	d, err := db.Open(s.Connection("nova_cell1"), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	asked := &recorder{}
	d.DB = d.WithQueryHook(asked)
	c := &db.Cell{DB: d}

	since := time.Date(2026, 5, 2, 0, 0, 20, 0, time.UTC)
	var scans cell.Scans
	for _, desc := range []bool{true, false} {
		for _, filters := range []map[string]any{nil, {"vm_state": []string{"active"}}} {
			q := cell.InstanceQuery{
				ChangesSince: &since, Filters: filters, Scans: &scans, Load: cell.Load{Brief: true},
				Sort: []cell.SortKey{{Column: "created_at", Desc: desc}, {Column: "uuid"}},
			}
			q.Limit = -1
			all, err := cell.List(t.Context(), c, q)
			if err != nil || len(all) < 100 {
				t.Fatal(len(all), err)
			}
			want := uuidsOf(all)
			q.Limit = 1
			testproc.Eventually(t, "instances that are not deleted are read apart", func() bool {
				_, err := cell.List(t.Context(), c, q)
				return err != nil || strings.Contains(strings.Join(asked.take(), "\n"), "i.deleted > 0")
			})
			for _, size := range []int{1, 7, 60, 1000} {
				q.Limit, q.After = size, nil
				var got []string
				for len(got) <= len(want) {
					page, err := cell.List(t.Context(), c, q)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, uuidsOf(page)...)
					if len(page) < size {
						break
					}
					q.After = cell.Keys(page[len(page)-1], q.Sort)
				}
				if !slices.Equal(got, want) {
					t.Errorf("descending %v, filters %v, %d a page: %d instances, want %d, or in another order", desc, filters, size, len(got), len(want))
				}
			}
		}
	}
}

func uuidsOf(list []*objects.Instance) []string {
	uuids := make([]string, len(list))
	for n, i := range list {
		uuids[n] = i.UUID
	}
	return uuids
}
