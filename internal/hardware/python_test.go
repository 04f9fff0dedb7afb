package hardware_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/hardware"
	"github.com/nova-go/nova/internal/novatest/pytables"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pytext"
	"github.com/nova-go/nova/internal/release"
)

// values returns extra specs or properties with one value.
func values(name, value string) map[string]string { return map[string]string{name: value} }

// TestCPUsAsPython compares sets of CPUs with what Nova's parser returned for the same text.
func TestCPUsAsPython(t *testing.T) {
	t.Parallel()
	compareNearest(t, "cpus", func(in string) any {
		meta, err := hardware.ImageMeta(release.Newest(), pair{Properties: values("hw_numa_cpus.0", in)}.image())
		var domain *objects.Error
		if errors.As(err, &domain) {
			return map[string]any{"error": domain.Message}
		}
		if err != nil {
			return err
		}
		list := []any{}
		for _, n := range meta.Properties["hw_numa_cpus"].([][]int)[0] {
			list = append(list, int64(n))
		}
		return list
	})
}

// raised returns the class of an error as the tables have it.
func raised(err error) any {
	var domain *objects.Error
	if errors.As(err, &domain) {
		return map[string]any{"raises": strings.TrimPrefix(domain.Class.Name(), "builtins.")}
	}
	return err
}

// compareNearest is pytables.Compare for results with integers; those that do not fit into 64 bits are the nearest ones.
func compareNearest(t *testing.T, name string, result func(in string) any) {
	t.Helper()
	var nearest func(v any) any
	nearest = func(v any) any {
		switch v := v.(type) {
		case json.Number:
			n, err := pytext.Int64(string(v))
			if err != nil {
				t.Fatal(err)
			}
			return n
		case []any:
			for n := range v {
				v[n] = nearest(v[n])
			}
		}
		return v
	}
	pytables.Each(t, name, func(t *testing.T, in string, want any) {
		t.Helper()
		if got, want := result(in), nearest(want); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %.300q gives %v, in Nova %v", name, in, got, want)
		}
	})
}

// TestPageSizesAsPython does the same for page sizes.
func TestPageSizesAsPython(t *testing.T) {
	t.Parallel()
	compareNearest(t, "pagesize", func(in string) any {
		topology, err := hardware.Topology(release.Newest(), pair{VCPUs: 4, MemoryMB: 1024, Specs: values("hw:mem_page_size", in)}.flavor(), nil)
		switch {
		case err != nil:
			return raised(err)
		case topology == nil:
			return nil
		}
		return *topology.Cells[0].PageSizeKB
	})
}

// TestNodesAsPython does the same for numbers of NUMA nodes.
func TestNodesAsPython(t *testing.T) {
	t.Parallel()
	pytables.Each(t, "nodes", func(t *testing.T, in string, want any) {
		topology, err := hardware.Topology(release.Newest(), pair{VCPUs: 4, MemoryMB: 1024, Specs: values("hw:numa_nodes", in)}.flavor(), nil)
		got := raised(err)
		switch {
		case err == nil && topology == nil:
			got = "None"
		case err == nil:
			got = strconv.Itoa(len(topology.Cells))
		case !errors.Is(err, objects.ErrInvalidNUMANodesNumber): // a later check has refused the number
			return
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q gives %v, in Nova %v", in, got, want)
		}
	})
}

// TestAliasesAsPython does the same for names of PCI aliases with counts.
func TestAliasesAsPython(t *testing.T) {
	t.Parallel()
	spec := []map[string]string{{"vendor_id": "8086", "product_id": "0443"}}
	aliases := hardware.Aliases{"a": {NUMAPolicy: "legacy", Specs: spec}, "b": {NUMAPolicy: "legacy", Specs: spec}}
	compareNearest(t, "alias", func(in string) any {
		got, err := aliases.Devices(pair{Specs: values("pci_passthrough:alias", in)}.flavor(), nil, func() string { return "id" })
		if err != nil {
			return raised(err)
		}
		list := []any{}
		for _, r := range got.Requests {
			list = append(list, []any{*r.Alias, r.Count})
		}
		return list
	})
}
