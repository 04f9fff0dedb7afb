package quotas_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

const manyCells = 7

// usedServers returns the servers of an answer about usage.
func usedServers(t *testing.T, answer []byte) []string {
	t.Helper()
	type usage struct {
		Servers []struct {
			ID string `json:"instance_id"`
		} `json:"server_usages"`
	}
	var doc struct {
		All []usage `json:"tenant_usages"`
		One usage   `json:"tenant_usage"`
	}
	if err := json.Unmarshal(answer, &doc); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, u := range append(doc.All, doc.One) {
		for _, s := range u.Servers {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// TestUsageOfManyCells reads usages page by page. Each server must be on one page, in the order of
// cells, projects and UUIDs, wherever a page ends.
func TestUsageOfManyCells(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Cells(manyCells))
	rnd := rand.New(rand.NewPCG(5, 6))
	var all []novatest.VM
	for n := range 60 {
		vm := novatest.VM{Project: []string{"demo", "admin", "other"}[rnd.IntN(3)], Cell: []string{"cell1", "cell2", "cell5", "cell6"}[rnd.IntN(4)], Deleted: n%7 == 0}
		if n%2 == 0 {
			vm.Cell = "cell5"
		}
		all = append(all, s.Server(vm))
	}
	slices.SortFunc(all, func(a, b novatest.VM) int {
		return cmp.Or(cmp.Compare(a.Cell, b.Cell), cmp.Compare(novatest.NameID("project", a.Project), novatest.NameID("project", b.Project)), cmp.Compare(a.UUID, b.UUID))
	})
	for _, project := range []string{"", "demo"} {
		path := "/os-simple-tenant-usage"
		if project != "" {
			path += "/" + novatest.NameID("project", project)
		}
		var want []string
		for _, vm := range all {
			if project == "" || project == vm.Project {
				want = append(want, vm.UUID)
			}
		}
		for _, size := range []int{1, 4, 13, 1000} {
			var got []string
			for marker := ""; len(got) <= len(want); {
				page := usedServers(t, s.As("admin").MV("2.40").Do(fmt.Sprintf("GET %s?detailed=1&start=2026-05-01T00:00:00&limit=%d%s", path, size, marker)).Expect(200).Body)
				if len(page) == 0 {
					break
				}
				// An answer has the servers of a project together, which are in several cells.
				slices.SortFunc(page, func(a, b string) int { return cmp.Compare(slices.Index(want, a), slices.Index(want, b)) })
				got = append(got, page...)
				marker = "&marker=" + page[len(page)-1]
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s in pages of %d:\n%v, want\n%v", path, size, got, want)
			}
		}
	}
}

// queries returns the number of queries on a cell so far.
func queries(t *testing.T, s *novatest.Stack, cell string) (n uint64) {
	t.Helper()
	families, err := s.Metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "nova_database_query_duration_seconds" {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "cell_name" && l.GetValue() == cell {
					n += m.GetHistogram().GetSampleCount()
				}
			}
		}
	}
	return n
}

// TestUsageReadsTheCellsOfAPage: a page that the first cells fill reads no others, and a page that
// needs all cells reads each once.
func TestUsageReadsTheCellsOfAPage(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Cells(manyCells))
	for n := range 20 {
		s.Server(novatest.VM{Cell: fmt.Sprint("cell", 1+n%2)})
	}
	admin := s.As("admin").MV("2.40")
	for _, c := range []struct {
		limit int
		want  string // the number of queries on each cell from cell1 on
	}{
		{5, "1 0 0 0 0 0"}, {10, "1 0 0 0 0 0"}, {1000, "1 1 1 1 1 1"},
	} {
		var before, grown []uint64
		for n := 1; n < manyCells; n++ {
			before = append(before, queries(t, s, fmt.Sprint("cell", n)))
		}
		admin.Do(fmt.Sprint("GET /os-simple-tenant-usage?start=2026-05-01T00:00:00&limit=", c.limit)).Expect(200)
		for n, had := range before {
			grown = append(grown, queries(t, s, fmt.Sprint("cell", n+1))-had)
		}
		if got := strings.Trim(fmt.Sprint(grown), "[]"); got != c.want {
			t.Errorf("a page of %d makes %s queries on cell1 to cell6, want %s", c.limit, got, c.want)
		}
	}
}
