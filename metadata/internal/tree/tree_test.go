package tree_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/versioned"
	"github.com/nova-go/nova/metadata/internal/tree"
)

// fakeSource answers without a database; errors come from fail.
type fakeSource struct{ fail error }

func (f fakeSource) EC2(context.Context, *objects.Guest) (*objects.GuestEC2, error) {
	return &objects.GuestEC2{InstanceID: "i-0000002a", AMI: new("ami-00000001"), AKI: new("aki-00000002"), ARI: new("ari-00000003"), FlavorName: "m1.tiny"}, f.fail
}

func (f fakeSource) System(context.Context, *objects.Guest) (objects.GuestSystem, error) {
	return objects.GuestSystem{}, f.fail
}

func (f fakeSource) SecurityGroups(context.Context, string) ([]string, error) {
	return []string{"default", "web"}, f.fail
}

type fakeVendor struct{}

func (fakeVendor) Static() ([]byte, bool, error) { return []byte("{}"), true, nil }
func (fakeVendor) All(context.Context, *objects.Guest, func(context.Context) (string, error)) ([]byte, error) {
	return []byte(`{"static": {}}`), nil
}

// guest has all that the contract's instance has: keys, user data, devices of
// each kind, a network that is injected, a kernel and a ramdisk.
func guest(t *testing.T) *objects.Guest {
	t.Helper()
	devices, err := versioned.ParseDeviceMetadata(read(t, "devices.json"))
	if err != nil {
		t.Fatal(err)
	}
	return &objects.Guest{
		Instance: &objects.Instance{
			ID: 42, UUID: "54f136b8-57f2-4859-8960-fc617f348486", ProjectID: "p1", ImageRef: "image",
			Hostname: new("vm"), DisplayName: new("VM é"), LaunchIndex: new(int64(0)), AvailabilityZone: new("nova"),
			KernelID: new("k"), RamdiskID: new("r"), ReservationID: new("r-1"), RootDeviceName: new("/dev/vda"),
			KeyName: new("key"), KeyData: new("ssh-rsa A"), Keypairs: []objects.Keypair{{Name: "key", Type: "ssh", PublicKey: "ssh-rsa A"}},
			UserData: new(base64.StdEncoding.EncodeToString([]byte("#!/bin/sh\n"))), Metadata: map[string]string{"role": "web"},
		},
		Interfaces: objects.NewNetworkInfo(read(t, "network_info.json")), Devices: devices, DedicatedCPUs: []int{0, 3},
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func newTree(g *objects.Guest) *tree.Instance {
	return tree.New(g, tree.Options{Release: release.Newest(), DHCPDomain: "novalocal", Template: true, Source: fakeSource{}, Vendor: fakeVendor{}})
}

func lookup(t *testing.T, i *tree.Instance, path string) (tree.Answer, string) {
	t.Helper()
	a, err := i.Lookup(t.Context(), path)
	if err != nil {
		t.Errorf("%s: %v", path, err)
	}
	return a, string(a.Body)
}

// contract is what Nova 34.0.0 was seen to answer.
type contract struct {
	OpenStack map[string]struct {
		Listing []string
		Keys    []string
		Devices map[string][]string
		Files   map[string]int
		Types   map[string]string
	}
	EC2 map[string]struct {
		Listing         []string
		MetaDataListing []string `json:"meta_data_listing"`
		Paths           []string
	}
	Root    []string
	Without struct {
		EC2Listing []string `json:"ec2_latest_listing"`
		EC2Paths   []string `json:"ec2_latest_paths"`
		Keys       []string `json:"meta_data_json_keys"`
		Listing    []string `json:"openstack_latest_listing"`
	}
	Versions []string `json:"openstack_versions"`
}

func nova(t *testing.T) contract {
	t.Helper()
	var c contract
	if err := json.Unmarshal(read(t, "contract.json"), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestOpenStackSide(t *testing.T) {
	c, i := nova(t), newTree(guest(t))
	if _, got := lookup(t, i, "/openstack"); got != strings.Join(append(c.Versions, "latest"), "\n") {
		t.Errorf("versions: %q", got)
	}
	for version, want := range c.OpenStack {
		if _, got := lookup(t, i, "/openstack/"+version+"/"); got != strings.Join(want.Listing, "\n") {
			t.Errorf("%s: %q", version, got)
		}
		for file, status := range want.Files {
			a, err := i.Lookup(t.Context(), "/openstack/"+version+"/"+file)
			switch {
			case errors.Is(err, tree.ErrNotFound) != (status == 404):
				t.Errorf("%s/%s: %v, want %d", version, file, err, status)
			case err == nil && !a.Password && !strings.HasPrefix(a.Type, want.Types[file]):
				t.Errorf("%s/%s is %s, want %s", version, file, a.Type, want.Types[file])
			case a.Password != (file == "password" && status == 200):
				t.Errorf("%s/%s: password %t", version, file, a.Password)
			}
		}
		checkMetaData(t, i, version, want.Keys, want.Devices)
	}
}

func checkMetaData(t *testing.T, i *tree.Instance, version string, keys []string, devices map[string][]string) {
	t.Helper()
	_, text := lookup(t, i, "/openstack/"+version+"/meta_data.json")
	var document map[string]any
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatalf("%s: %v in %s", version, err, text)
	}
	// "files" are those of the config drive alone: no instance has any here.
	want := slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return k == "files" })
	if got := slices.Sorted(maps.Keys(document)); !slices.Equal(got, want) {
		t.Errorf("%s: keys %q, want %q", version, got, want)
	}
	seen := map[string]map[string]bool{}
	list, _ := document["devices"].([]any)
	for _, d := range list {
		d := d.(map[string]any)
		kind := d["type"].(string)
		if seen[kind] == nil {
			seen[kind] = map[string]bool{}
		}
		for k := range d {
			seen[kind][k] = true
		}
	}
	for kind := range seen {
		if got := slices.Sorted(maps.Keys(seen[kind])); !slices.Equal(got, devices[kind]) {
			t.Errorf("%s: a %s has %q, want %q", version, kind, got, devices[kind])
		}
	}
	if len(seen) != len(devices) {
		t.Errorf("%s: kinds of devices %v, want %v", version, seen, devices)
	}
}

// walk follows the listings, as cloud-init does.
func walk(t *testing.T, i *tree.Instance, at string, found *[]string, base string) {
	t.Helper()
	_, text := lookup(t, i, at)
	for name := range strings.SplitSeq(text, "\n") {
		if number, _, key := strings.Cut(name, "="); key {
			name = number + "/"
		}
		*found = append(*found, strings.TrimPrefix(at+name, base))
		if strings.HasSuffix(name, "/") {
			walk(t, i, at+name, found, base)
		}
	}
}

func TestEC2Side(t *testing.T) {
	c, i := nova(t), newTree(guest(t))
	if _, got := lookup(t, i, "/"); got != strings.Join(c.Root, "\n") {
		t.Errorf("/: %q", got)
	}
	for version, want := range c.EC2 {
		var found []string
		walk(t, i, "/"+version+"/", &found, "/"+version+"/")
		slices.Sort(found)
		if !slices.Equal(found, want.Paths) {
			t.Errorf("%s: %q, want %q", version, found, want.Paths)
		}
		for path, listing := range map[string][]string{"": want.Listing, "/meta-data": want.MetaDataListing} {
			for _, before := range []string{"/", "/ec2/"} {
				if _, got := lookup(t, i, before+version+path); got != strings.Join(listing, "\n") {
					t.Errorf("%s%s%s: %q", before, version, path, got)
				}
			}
		}
	}
}

func TestWithoutKeysAndUserData(t *testing.T) {
	all, g := nova(t), guest(t)
	c := all.Without
	g.KeyName, g.UserData = nil, nil
	i := newTree(g)
	if _, got := lookup(t, i, "/latest"); got != strings.Join(c.EC2Listing, "\n") {
		t.Errorf("latest: %q", got)
	}
	if _, got := lookup(t, i, "/openstack/latest"); got != strings.Join(c.Listing, "\n") {
		t.Errorf("openstack/latest: %q", got)
	}
	checkMetaData(t, i, "latest", c.Keys, all.OpenStack["latest"].Devices)
}

func TestPaths(t *testing.T) {
	i := newTree(guest(t))
	for path, want := range map[string]string{
		"/latest/meta-data/ami-id":                      "ami-00000001",
		"/latest/meta-data/instance-id":                 "i-0000002a",
		"/latest/meta-data/instance-type":               "m1.tiny",
		"/latest/meta-data/kernel-id":                   "aki-00000002",
		"/latest/meta-data/hostname":                    "vm.novalocal",
		"latest/meta-data/../meta-data/hostname/":       "vm.novalocal",
		"/latest/meta-data/local-ipv4":                  "10.0.0.5",
		"/latest/meta-data/public-ipv4":                 "172.24.4.1",
		"/latest/meta-data/public-keys":                 "0=key",
		"/latest/meta-data/public-keys/0":               "openssh-key",
		"/latest/meta-data/public-keys/0/openssh-key":   "ssh-rsa A",
		"/latest/meta-data/security-groups":             "default\nweb",
		"/latest/meta-data/block-device-mapping":        "ami\nroot",
		"/latest/meta-data/placement/availability-zone": "nova",
		"/2008-09-01/meta-data/instance-action":         "none",
		"/latest/user-data":                             "#!/bin/sh\n",
		"/openstack/2012-08-10/user_data":               "#!/bin/sh\n",
		"/openstack/2012-08-10/version":                 "meta_data.json\nuser_data",
		"//openstack":                                   string(tree.Root().Body),
		"///openstack/2012-08-10":                       "meta_data.json\nuser_data",
		"/openstack/content/0000":                       string(read(t, "interfaces")),
		"/openstack/2012-08-10/network_data.json":       strings.TrimSuffix(string(read(t, "network_data.json")), "\n"),
		"/openstack/latest/vendor_data2.json":           `{"static": {}}`,
	} {
		if _, got := lookup(t, i, path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	for _, path := range []string{"/nope", "/latest/nope", "/1.0/meta-data/kernel-id", "/latest/meta-data/hostname/x", "/latest/meta-data/security-groups/default",
		"/latest/meta-data/public-keys/1", "/latest/user-data/x", "/openstack/2099-01-01", "/openstack/1.0", "/openstack/latest/x", "/openstack/latest/meta_data.json/x",
		"/openstack/content", "/openstack/content/0001", "/openstack/content/0000/x", "/openstack/latest/content", "/2013-04-04", "/LATEST"} {
		if a, err := i.Lookup(t.Context(), path); !errors.Is(err, tree.ErrNotFound) {
			t.Errorf("%s: %q, %v", path, a.Body, err)
		}
	}
}

// TestMetaData compares the whole document, byte for byte but for the seed.
func TestMetaData(t *testing.T) {
	a, text := lookup(t, newTree(guest(t)), "/openstack/latest/meta_data.json")
	if a.SeedAt == 0 || !strings.HasSuffix(text[:a.SeedAt], `"random_seed": "`) || text[a.SeedAt] != '"' {
		t.Fatalf("seed at %d of %s", a.SeedAt, text)
	}
	if want := strings.TrimSuffix(string(read(t, "meta_data.json")), "\n"); text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestBlockDevices(t *testing.T) {
	disk := func(name, source, destination, format string) objects.GuestDisk {
		return objects.GuestDisk{DeviceName: &name, SourceType: source, DestinationType: destination, GuestFormat: format}
	}
	g := guest(t)
	g.DefaultSwapDevice = new("/dev/old")
	s := withDisks{fakeSource{}, []objects.GuestDisk{disk("/dev/vda", "image", "local", ""), disk("/dev/vdc", "volume", "volume", ""), disk("/dev/vdb", "image", "volume", ""),
		{DestinationType: "volume"}, disk("/dev/vdd", "blank", "local", ""), disk("/dev/vde", "blank", "local", "swap"), disk("/dev/vdf", "blank", "local", "ext4")}}
	i := tree.New(g, tree.Options{Release: release.Newest(), Source: s, Vendor: fakeVendor{}})
	const at = "/latest/meta-data/block-device-mapping/"
	for name, want := range map[string]string{"": "ami\nebs0\nebs1\nebs2\nephemeral0\nephemeral1\nroot\nswap", "ami": "vda", "root": "/dev/vda",
		"ebs0": "None", "ebs1": "/dev/vdb", "ebs2": "/dev/vdc", "swap": "/dev/vde", "ephemeral0": "/dev/vdd", "ephemeral1": "/dev/vdf"} {
		if _, got := lookup(t, i, at+name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	g.RootDeviceName = nil
	if _, got := lookup(t, i, at); got != "ami\nephemeral0\nroot\nswap" {
		t.Errorf("without a root device: %q", got)
	}
}

type withDisks struct {
	fakeSource
	disks []objects.GuestDisk
}

func (w withDisks) EC2(context.Context, *objects.Guest) (*objects.GuestEC2, error) {
	return &objects.GuestEC2{Disks: w.disks}, nil
}

// TestSourceFails: what the source cannot tell does not keep the rest away.
func TestSourceFails(t *testing.T) {
	away := errors.New("away")
	i := tree.New(guest(t), tree.Options{Release: release.Newest(), Source: fakeSource{fail: away}, Vendor: fakeVendor{}})
	for _, path := range []string{"/latest/meta-data/ami-id", "/latest/meta-data/security-groups", "/latest/meta-data/block-device-mapping"} {
		if _, err := i.Lookup(t.Context(), path); !errors.Is(err, away) {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, path := range []string{"/latest/meta-data", "/latest/meta-data/hostname", "/openstack/latest/meta_data.json"} {
		lookup(t, i, path)
	}
}

func TestUserData(t *testing.T) {
	for stored, want := range map[string]string{"aGk=": "hi", " aG k=\n": "hi", "!!aGk=": "hi", "aGk=aGk=": "hi", "": ""} {
		g := guest(t)
		g.UserData = &stored
		if _, got := lookup(t, newTree(g), "/latest/user-data"); got != want {
			t.Errorf("%q: %q, want %q", stored, got, want)
		}
	}
	g := guest(t)
	g.UserData = new("aGk")
	if _, err := newTree(g).Lookup(t.Context(), "/openstack"); err == nil {
		t.Error("data without padding was taken")
	}
}
