package versioned_test

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/versioned"
)

// The request spec that Nova 34 wrote at a create and a resize is sent as it is, without what is
// about one request only, and stored again as it is.
func TestRequestSpecOfNova(t *testing.T) {
	text, err := os.ReadFile("testdata/requestspec.json")
	if err != nil {
		t.Fatal(err)
	}
	s, group, err := versioned.ParseRequestSpec(text)
	if err != nil || group != "" {
		t.Fatal(group, err)
	}
	s.ID = 1752
	want, err := versioned.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	delete(want.Data, "requested_destination")
	delete(want.Data, "requested_resources")
	want.Data["ignore_hosts"] = nil
	want.Changes = []string{"image", "limits", "pci_requests", "security_groups"}
	for what, got := range map[string]*versioned.Object{"sent": versioned.RequestSpec(s), "stored": versioned.StoredRequestSpec(s)} {
		a, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := json.Marshal(want); string(a) != string(b) {
			t.Errorf("%s is\n%s, want\n%s", what, a, b)
		}
	}

	s.Destination, s.IgnoreHosts = &objects.Destination{Host: "compute-2", HasNode: true}, []string{"compute-1"}
	s.Change("requested_destination", "ignore_hosts")
	sent := versioned.RequestSpec(s)
	if d := sent.Object("requested_destination"); d.Text("host") != "compute-2" || !d.Has("node") || d.Has("allow_cross_cell_move") {
		t.Errorf("the destination is %v", d.Data)
	}
	if !slices.Contains(sent.Changes, "ignore_hosts") || versioned.StoredRequestSpec(s).Has("requested_destination") {
		t.Errorf("changes %v", sent.Changes)
	}
}

// NUMA topologies are read as they are written, also those of a host, with pinned CPUs.
func TestNUMATopology(t *testing.T) {
	topology := &objects.NUMATopology{EmulatorThreadsPolicy: new("share"), InstanceUUID: "i", Cells: []objects.NUMACell{{ID: 1, CPUs: []int{},
		PinnedCPUs: []int{0, 1}, MemoryMB: 512, PageSizeKB: new(int64(2048)), CPUTopology: &objects.CPUTopology{Sockets: 1, Cores: 1, Threads: 2},
		Pinning: map[string]int64{"0": 4, "1": 5}, CPUPolicy: new("dedicated")}}}
	text, err := json.Marshal(versioned.NUMATopology(topology))
	if err != nil {
		t.Fatal(err)
	}
	read, err := versioned.ParseNUMATopology(text)
	if err != nil || !reflect.DeepEqual(read, topology) {
		t.Errorf("read as %+v, %v", read, err)
	}
	if got := read.Cells[0].Siblings(); len(got) != 1 || !slices.Equal(got[0], []int{0, 1}) {
		t.Errorf("siblings %v", got)
	}
	if none, err := versioned.ParseNUMATopology(nil); none != nil || err != nil {
		t.Errorf("no text is %v, %v", none, err)
	}
}

// Block devices of a build request are read as they are written.
func TestBlockDevices(t *testing.T) {
	d := &objects.BlockDevice{InstanceUUID: "i", SourceType: new("volume"), DestinationType: new("volume"), BootIndex: new(int64), VolumeID: new("v"),
		VolumeSize: new(int64(3)), DeleteOnTermination: true, Tag: new("t")}
	form := versioned.NewBlockDevices([]*objects.BlockDevice{d}, "i")
	text, err := form.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	read, err := versioned.ParseBlockDevices(text)
	if err != nil || len(read) != 1 || !reflect.DeepEqual(read[0], d) {
		t.Errorf("read as %+v, %v", read, err)
	}
	if one := form.Objects("objects")[0]; one.Has("attachment_id") || !one.Has("guest_format") {
		t.Errorf("a new one without an attachment has %v", one.Data)
	}
	if list, err := versioned.ParseBlockDevices(nil); list != nil || err != nil {
		t.Errorf("no text is %v, %v", list, err)
	}
}
