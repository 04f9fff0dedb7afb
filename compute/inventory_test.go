package compute_test

import (
	"maps"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/novatest/testproc"
)

// TestInventory sums the servers of all cells by project, with the quotas; they are metrics only if an option
// asks for them.
func TestInventory(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Cells(3), novatest.Conf("[wsgi]\ninventory_metrics = 1\ncell_mappings_life = 1\n[quota]\ncores = 7"))
	s.Server(novatest.VM{Project: "demo"})
	s.Server(novatest.VM{Project: "demo", Cell: "cell2"})
	gone := s.Server(novatest.VM{Project: "demo", Cell: "cell2", VMState: "soft-delete"})
	s.Server(novatest.VM{Project: "admin", VMState: "error"})
	s.As("admin").Do("PUT /os-quota-sets/"+novatest.NameID("project", "demo"), `{"quota_set": {"instances": 5}}`).Expect(200)
	s.Exec("cell2", "UPDATE instances SET vcpus = 3 WHERE uuid <> ?", gone.UUID)

	demo, admin := "{project="+novatest.NameID("project", "demo"), "{project="+novatest.NameID("project", "admin")
	want := map[string]float64{
		"nova_inventory_servers" + demo + ",state=active}":      2,
		"nova_inventory_servers" + demo + ",state=soft-delete}": 1,
		"nova_inventory_servers" + admin + ",state=error}":      1,
		"nova_inventory_used" + demo + ",resource=instances}":   2,
		"nova_inventory_limit" + demo + ",resource=instances}":  5,
		"nova_inventory_limit" + demo + ",resource=cores}":      7,
		"nova_inventory_limit" + admin + ",resource=instances}": 10,
	}
	testproc.Eventually(t, "the inventory is read", func() bool {
		got := seriesOf(t, s, "nova_inventory_")
		maps.DeleteFunc(got, func(name string, _ float64) bool { _, asked := want[name]; return !asked })
		return maps.Equal(got, want)
	})
	cores := seriesOf(t, s, "nova_inventory_used")["nova_inventory_used"+demo+",resource=cores}"]
	if cores != 4 {
		t.Errorf("%v cores", cores)
	}

	s.DownCell("cell9")
	before := seriesOf(t, s, "nova_inventory_servers")
	testproc.Eventually(t, "the inventory of a cell that is down stays, and ages", func() bool {
		return seriesOf(t, s, "nova_inventory_age_seconds")["nova_inventory_age_seconds{}"] > 1.5
	})
	if after := seriesOf(t, s, "nova_inventory_servers"); !maps.Equal(before, after) {
		t.Errorf("%v became %v", before, after)
	}

	s = novatest.New(t)
	s.Server(novatest.VM{Project: "demo"})
	if all := seriesOf(t, s, "nova_inventory_"); len(all) > 0 {
		t.Errorf("without the option: %v", all)
	}
}
