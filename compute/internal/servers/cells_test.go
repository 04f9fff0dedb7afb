package servers_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest"
)

const manyCells = 7

// TestPagesOfManyCells reads lists page by page. Most servers of a page are in one cell, and many
// have equal keys or none: each must be on one page, in the order of the whole list.
func TestPagesOfManyCells(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Cells(manyCells))
	rnd := rand.New(rand.NewPCG(3, 4))
	began := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	var all []novatest.VM
	for n := range 90 {
		vm := novatest.VM{Name: fmt.Sprintf("vm-%02d", rnd.IntN(40)), Project: []string{"demo", "admin"}[n%2],
			Cell: fmt.Sprintf("cell%d", rnd.IntN(manyCells)), Created: began.Add(time.Duration(rnd.IntN(20)) * time.Second)}
		if n%3 == 0 { // these are the first ones, all in one cell, and some of them were created in one second
			vm.Cell, vm.Created = "cell4", began.Add(time.Minute+time.Duration(n/12)*time.Second)
		}
		if n%4 == 0 {
			vm.KeyName, vm.TaskState = "key", []string{"deleting", "rebooting"}[n%8/4]
		}
		vm.Deleted = n%10 == 9
		vm.Updated = vm.Created.Add(time.Duration(rnd.IntN(3)) * time.Hour)
		all = append(all, s.Server(vm))
	}
	byUUID := func(a, b novatest.VM) int { return cmp.Compare(a.UUID, b.UUID) }
	live := func(vm novatest.VM) bool { return !vm.Deleted }
	newest := func(a, b novatest.VM) int { return cmp.Or(b.Created.Compare(a.Created), byUUID(a, b)) }
	for _, c := range []struct {
		query  string
		shown  func(novatest.VM) bool
		before func(a, b novatest.VM) int
	}{
		{"", live, newest},
		{"&sort_dir=asc", live, func(a, b novatest.VM) int { return cmp.Or(a.Created.Compare(b.Created), byUUID(a, b)) }},
		{"&sort_key=updated_at", live, func(a, b novatest.VM) int { return cmp.Or(b.Updated.Compare(a.Updated), byUUID(a, b)) }},
		{"&sort_key=display_name&sort_dir=asc", live, func(a, b novatest.VM) int { return cmp.Or(cmp.Compare(a.Name, b.Name), byUUID(a, b)) }},
		{"&sort_key=display_name&sort_key=created_at&sort_dir=desc&sort_dir=asc", live,
			func(a, b novatest.VM) int {
				return cmp.Or(cmp.Compare(b.Name, a.Name), a.Created.Compare(b.Created), byUUID(a, b))
			}},
		{"&sort_key=task_state&sort_dir=asc", live, func(a, b novatest.VM) int { return cmp.Or(cmp.Compare(a.TaskState, b.TaskState), byUUID(a, b)) }},
		{"&sort_key=key_name&sort_dir=desc", live, func(a, b novatest.VM) int { return cmp.Or(cmp.Compare(b.KeyName, a.KeyName), byUUID(a, b)) }},
		{"&name=vm-1", func(vm novatest.VM) bool { return live(vm) && strings.HasPrefix(vm.Name, "vm-1") }, newest},
		{"&project_id=" + novatest.NameID("project", "admin"), func(vm novatest.VM) bool { return live(vm) && vm.Project == "admin" }, newest},
		{"&deleted=1", func(vm novatest.VM) bool { return vm.Deleted }, newest},
		{"&changes-since=2026-05-01T12:30:00Z", func(vm novatest.VM) bool { return vm.Updated.After(began.Add(30 * time.Minute)) }, newest},
	} {
		t.Run(c.query, func(t *testing.T) {
			want := slices.Clone(all)
			want = slices.DeleteFunc(want, func(vm novatest.VM) bool { return !c.shown(vm) })
			slices.SortFunc(want, c.before)
			admin := s.As("admin").MV("2.47").In(t)
			for _, size := range []int{1, 4, 13, 1000} {
				if size == 1 && c.query != "" {
					continue
				}
				for _, path := range []string{"/servers", "/servers/detail"} {
					var got []string
					for marker := ""; len(got) <= len(want); {
						page := admin.Do(fmt.Sprintf("GET %s?all_tenants=1&limit=%d%s%s", path, size, c.query, marker)).Expect(200)
						ids := page.Each("servers", "id")
						if len(ids) == 0 {
							break
						}
						got = append(got, ids...)
						marker = "&marker=" + ids[len(ids)-1]
					}
					for n, vm := range want {
						if n >= len(got) || got[n] != vm.UUID {
							t.Fatalf("%s in pages of %d: %d servers, of which number %d is not %s (%s)", path, size, len(got), n, vm.UUID, vm.Name)
						}
					}
					if len(got) != len(want) {
						t.Errorf("%s in pages of %d: %d servers, want %d", path, size, len(got), len(want))
					}
				}
			}
		})
	}
}

// TestVolumesOfSeveralServers lists servers that share a volume: each has its volumes in the order in which they were attached to it.
func TestVolumesOfSeveralServers(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Cells(4)) // rows of a page are read apart from their keys with more than two cells
	for name, volumes := range map[string][]string{"first": {"shared", "b"}, "last": {"c", "shared"}} {
		s.Server(novatest.VM{Name: name, Volumes: volumes})
	}
	list := s.As("demo").Do("GET /servers/detail?sort_key=display_name&sort_dir=asc").Expect(200)
	for n, want := range []string{"shared b", "c shared"} {
		var got []string
		for i := range 2 {
			got = append(got, list.At("servers", strconv.Itoa(n), "os-extended-volumes:volumes_attached", strconv.Itoa(i), "id"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("server %d: %v", n, got)
		}
	}
}
