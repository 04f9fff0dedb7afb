package migrations_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest"
)

// TestMigrationsOfManyCells reads the migrations of several cells page by page. Each must be on one
// page, the newest first, with its own row. A migration between cells has a row in both, and the
// one that changed last is shown.
func TestMigrationsOfManyCells(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Cells(5))
	began := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	instances := map[string]novatest.VM{}
	for _, cell := range []string{"cell1", "cell2", "cell3", "cell4"} {
		instances[cell] = s.Server(novatest.VM{Cell: cell})
	}
	insert := func(cell, uuid, host string, created, updated time.Time) {
		s.Insert(cell, "migrations", map[string]any{"uuid": uuid, "instance_uuid": instances[cell].UUID, "source_compute": host, "dest_compute": "b", "status": "done",
			"migration_type": "migration", "hidden": false, "cross_cell_move": false, "deleted": 0, "created_at": created, "updated_at": updated})
	}
	rnd := rand.New(rand.NewPCG(7, 8))
	var want []string // from the oldest to the newest
	for n := range 50 {
		uuid := fmt.Sprintf("00000000-0000-4000-8000-%012d", rnd.IntN(1e9)*100+n)
		cell := fmt.Sprint("cell", 1+rnd.IntN(4))
		if n%2 == 0 {
			cell = "cell3"
		}
		created := began.Add(time.Duration(n) * time.Second)
		insert(cell, uuid, "host-"+uuid, created, created)
		want = append(want, uuid)
	}
	slices.Reverse(want)
	admin := s.As("admin").MV("2.80")
	for _, size := range []int{1, 4, 13, 1000} {
		var got []string
		for marker := ""; len(got) <= len(want); {
			page := admin.Do(fmt.Sprintf("GET /os-migrations?limit=%d%s", size, marker)).Expect(200)
			uuids, hosts := page.Each("migrations", "uuid"), page.Each("migrations", "source_compute")
			if len(uuids) == 0 {
				break
			}
			for n, uuid := range uuids {
				if hosts[n] != "host-"+uuid {
					t.Errorf("the source of %s is %s", uuid, hosts[n])
				}
			}
			got = append(got, uuids...)
			marker = "&marker=" + uuids[len(uuids)-1]
		}
		if !slices.Equal(got, want) {
			t.Errorf("in pages of %d:\n%v, want\n%v", size, got, want)
		}
	}
	both := "00000000-0000-4000-8000-999999999999"
	late := began.Add(time.Hour)
	insert("cell1", both, "former", late.Add(time.Second), late.Add(2*time.Second))
	insert("cell4", both, "latter", late, late.Add(3*time.Second))
	admin.Do("GET /os-migrations?limit=3").Expect(200).Has(`{"migrations": [{"uuid": "` + both + `", "source_compute": "latter"}, {"uuid": "` + want[0] + `"}]}`)
	if got := admin.Do("GET /os-migrations?source_compute=host-"+want[7]).Expect(200).Each("migrations", "uuid"); !slices.Equal(got, want[7:8]) {
		t.Errorf("of a host: %v", got)
	}
}
