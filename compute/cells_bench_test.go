package compute_test

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest"
)

// BenchmarkCells is the cost of lists and of single servers with many cells and servers, in SQLite. NOVA_BENCH_CELLS
// ("CELLS*SERVERS,…", servers of each cell) replaces the sizes; 100*10000 is a million servers and takes 4 GB in the
// temporary directory. NOVA_BENCH_LATENCY ("1ms") is added to each statement, as on a network.
func BenchmarkCells(b *testing.B) {
	novatest.OnSQLite(b)
	for _, size := range cloudSizes(b, "3*1000,20*150,20*600,40*75,100*30") {
		benchmarkCells(b, size)
	}
}

// cloudSize is the size of a simulated cloud.
type cloudSize struct {
	cells, servers int // servers of each cell
	latency        time.Duration
}

// cloudSizes returns the sizes of NOVA_BENCH_CELLS, or those of the other text if it is not set.
func cloudSizes(b *testing.B, other string) []cloudSize {
	var latency time.Duration
	if text := os.Getenv("NOVA_BENCH_LATENCY"); text != "" {
		var err error
		if latency, err = time.ParseDuration(text); err != nil {
			b.Fatalf("NOVA_BENCH_LATENCY: %v", err)
		}
	}
	var list []cloudSize
	for size := range strings.SplitSeq(cmp.Or(os.Getenv("NOVA_BENCH_CELLS"), other), ",") {
		cells, servers, _ := strings.Cut(size, "*")
		list = append(list, cloudSize{number(b, cells), number(b, servers), latency})
	}
	return list
}

func number(b *testing.B, text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatalf("NOVA_BENCH_CELLS: %v", err)
	}
	return n
}

func benchmarkCells(b *testing.B, size cloudSize) {
	s := novatest.New(b, novatest.Cells(size.cells), novatest.Latency(size.latency))
	var last string
	for n := 1; n < size.cells; n++ {
		last = fillCell(s, n, size.servers)
	}
	admin := s.As("admin").MV("2.96")
	for _, request := range []struct{ name, path string }{
		{"index", "/servers?all_tenants=1&limit=1000"},
		{"next-page", "/servers?all_tenants=1&limit=1000&marker=" + last},
		{"detail", "/servers/detail?all_tenants=1&limit=1000"},
		{"limit-1", "/servers?all_tenants=1&limit=1"},
		{"by-name", "/servers?all_tenants=1&limit=100&sort_key=display_name&sort_dir=asc"},
		{"named", "/servers?all_tenants=1&name=copy-1-17"},
		{"changes-since", "/servers?all_tenants=1&limit=100&changes-since=2026-01-01T00:00:00Z"},
		{"server", "/servers/" + last},
		{"usage", "/os-simple-tenant-usage?start=2026-01-01T00:00:00"},
	} {
		b.Run(fmt.Sprintf("%s/cells=%d/servers=%d", request.name, size.cells, size.servers*(size.cells-1)), func(b *testing.B) {
			client := admin.In(b)
			client.Do("GET " + request.path).Expect(200)
			for b.Loop() {
				client.Do("GET " + request.path).Expect(200)
			}
		})
	}
}

// fillCell writes servers to a cell. All but the first are copies, which one statement for each table makes. It returns the UUID of
// one in the middle.
func fillCell(s *novatest.Stack, cell, servers int) string {
	name := fmt.Sprintf("cell%d", cell)
	first := s.Server(novatest.VM{Cell: name, Host: "compute-1"}).UUID
	uuid := fmt.Sprintf("printf('%08x-0000-4000-8000-%%012x', n.i)", cell)
	for _, table := range []struct{ database, name, key, changed string }{
		{name, "instances", "uuid", "uuid=" + uuid + fmt.Sprintf(";display_name='copy-%d-' || n.i;created_at=datetime(created_at, '-' || n.i || ' minutes')", cell)},
		{name, "instance_extra", "instance_uuid", "instance_uuid=" + uuid},
		{name, "instance_info_caches", "instance_uuid", "instance_uuid=" + uuid},
		{"api", "instance_mappings", "instance_uuid", "instance_uuid=" + uuid},
		{"api", "request_specs", "instance_uuid", "instance_uuid=" + uuid},
	} {
		columns := strings.Split(s.Value(table.database, "SELECT group_concat(name) FROM pragma_table_info('"+table.name+"') WHERE name <> 'id'"), ",")
		values := slices.Clone(columns)
		for change := range strings.SplitSeq(table.changed, ";") {
			column, value, _ := strings.Cut(change, "=")
			values[slices.Index(columns, column)] = value
		}
		for n := range columns {
			columns[n] = `"` + columns[n] + `"`
		}
		s.Exec(table.database, "INSERT INTO "+table.name+" ("+strings.Join(columns, ", ")+") "+
			"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT "+strings.Join(values, ", ")+
			" FROM n, "+table.name+" WHERE "+table.key+" = ?", servers-1, first)
	}
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", cell, servers/2)
}
