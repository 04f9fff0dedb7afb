package tree

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-go/nova/internal/objects"
)

// The versions of the EC2 tree, as indexes of ec2Versions.
const (
	ec2v10 = iota
	ec2v20070119
	ec2v20070301
	ec2v20070829
	ec2v20071010
	ec2v20071215
	ec2v20080201
	ec2v20080901
	ec2v20090404
)

var ec2Versions = []string{
	ec2v10:       "1.0",
	ec2v20070119: "2007-01-19",
	ec2v20070301: "2007-03-01",
	ec2v20070829: "2007-08-29",
	ec2v20071010: "2007-10-10",
	ec2v20071215: "2007-12-15",
	ec2v20080201: "2008-02-01",
	ec2v20080901: "2008-09-01",
	ec2v20090404: "2009-04-04",
}

// node is a directory or a value of the EC2 tree.
type node struct {
	children func(context.Context) ([]directoryEntry, error) // nil: a value
	text     func(context.Context) (string, error)
}

type directoryEntry struct {
	name string
	// shown is the name in the listing, if that is neither name nor name and a slash. Hidden
	// entries can be read, but are not listed.
	shown  string
	hidden bool
	*node
}

// ec2Leaf is an entry of meta-data.
type ec2Leaf struct {
	name  string
	since int
	// node returns the value of an instance; nil means that the instance has none.
	node func(*Instance) *node
}

// ec2Leaves are the entries of meta-data in the order of the listing.
var ec2Leaves = []ec2Leaf{
	{"ami-id", ec2v10, ec2Value(func(e *objects.GuestEC2) string { return orNone(e.AMI) })},
	{"ami-launch-index", ec2v10, valueNode(func(i *Instance) string { return number(i.guest.LaunchIndex) })},
	{"ami-manifest-path", ec2v10, valueNode(func(*Instance) string { return "FIXME" })},
	{"block-device-mapping", ec2v20071215, blockDevices},
	{"hostname", ec2v10, valueNode((*Instance).hostname)},
	{"instance-action", ec2v20080901, valueNode(func(*Instance) string { return "none" })},
	{"instance-id", ec2v10, ec2Value(func(e *objects.GuestEC2) string { return e.InstanceID })},
	{"instance-type", ec2v20070829, ec2Value(func(e *objects.GuestEC2) string { return e.FlavorName })},
	{"kernel-id", ec2v20071215, imageNode(func(i *Instance) *string { return i.guest.KernelID },
		func(e *objects.GuestEC2) *string { return e.AKI })},
	{"local-hostname", ec2v20070119, valueNode((*Instance).hostname)},
	{"local-ipv4", ec2v10, addressNode((*Instance).localIPv4)},
	{"placement", ec2v20080201, func(i *Instance) *node {
		return directoryNode(directoryEntry{name: "availability-zone", node: textNode(orNone(i.guest.AvailabilityZone))})
	}},
	{"public-hostname", ec2v20070119, valueNode((*Instance).hostname)},
	{"public-ipv4", ec2v20070119, addressNode((*Instance).publicIPv4)},
	{"public-keys", ec2v10, publicKeys},
	{"ramdisk-id", ec2v20071215, imageNode(func(i *Instance) *string { return i.guest.RamdiskID },
		func(e *objects.GuestEC2) *string { return e.ARI })},
	{"reservation-id", ec2v10, valueNode(func(i *Instance) string { return orNone(i.guest.ReservationID) })},
	{"security-groups", ec2v10, securityGroups},
}

// ec2Item answers paths below /ec2: a version, and the path below it.
func (i *Instance) ec2Item(ctx context.Context, tokens []string) (Answer, error) {
	if len(tokens) == 0 {
		return Root(), nil
	}
	v, ok := versionIndex(ec2Versions, tokens[0])
	if !ok {
		return Answer{}, ErrNotFound
	}
	if len(tokens) == 2 && tokens[1] == "user-data" && i.userData != nil {
		return Answer{Type: Text, Body: i.userData}, nil
	}
	at := i.ec2Root(v)
	for _, name := range tokens[1:] {
		var err error
		if at, err = at.child(ctx, name); err != nil {
			return Answer{}, err
		}
	}
	body, err := at.write(ctx)
	return Answer{Type: Text, Body: []byte(body)}, err
}

// ec2Root returns the directory of a version.
func (i *Instance) ec2Root(v int) *node {
	entries := []directoryEntry{{name: "meta-data", node: &node{children: func(context.Context) ([]directoryEntry, error) {
		var entries []directoryEntry
		for _, l := range ec2Leaves {
			if v < l.since {
				continue
			}
			if n := l.node(i); n != nil {
				entries = append(entries, directoryEntry{name: l.name, node: n})
			}
		}
		return entries, nil
	}}}}
	if i.userData != nil {
		entries = append(entries, directoryEntry{name: "user-data", node: textNode(string(i.userData))})
	}
	return directoryNode(entries...)
}

func (n *node) child(ctx context.Context, name string) (*node, error) {
	if n.children == nil {
		return nil, ErrNotFound
	}
	entries, err := n.children(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.name == name {
			return e.node, nil
		}
	}
	return nil, ErrNotFound
}

// write returns the listing of a directory, or the value. Directories are listed with a slash,
// except for those of keys, whose entries have their own form.
func (n *node) write(ctx context.Context) (string, error) {
	if n.children == nil {
		return n.text(ctx)
	}
	entries, err := n.children(ctx)
	if err != nil {
		return "", err
	}
	var names []string
	for _, e := range entries {
		switch {
		case e.hidden:
		case e.shown != "":
			names = append(names, e.shown)
		case e.children != nil:
			names = append(names, e.name+"/")
		default:
			names = append(names, e.name)
		}
	}
	return strings.Join(names, "\n"), nil
}

func directoryNode(entries ...directoryEntry) *node {
	return &node{children: func(context.Context) ([]directoryEntry, error) { return entries, nil }}
}

func textNode(s string) *node {
	return &node{text: func(context.Context) (string, error) { return s, nil }}
}

func valueNode(f func(*Instance) string) func(*Instance) *node {
	return func(i *Instance) *node { return textNode(f(i)) }
}

func (i *Instance) ec2Facts(ctx context.Context) (*objects.GuestEC2, error) {
	return i.ec2.get(ctx, func(ctx context.Context) (*objects.GuestEC2, error) { return i.o.Source.EC2(ctx, i.guest) })
}

// ec2Value is a value that is loaded when it is read, not when its directory is listed.
func ec2Value(f func(*objects.GuestEC2) string) func(*Instance) *node {
	return func(i *Instance) *node {
		return &node{text: func(ctx context.Context) (string, error) {
			e, err := i.ec2Facts(ctx)
			if err != nil {
				return "", err
			}
			return f(e), nil
		}}
	}
}

// imageNode is the EC2 id of a kernel or ramdisk, if the instance has one.
func imageNode(of func(*Instance) *string, id func(*objects.GuestEC2) *string) func(*Instance) *node {
	read := ec2Value(func(e *objects.GuestEC2) string { return orNone(id(e)) })
	return func(i *Instance) *node {
		if p := of(i); p == nil || *p == "" {
			return nil
		}
		return read(i)
	}
}

// addressNode is an address of the instance's interfaces.
func addressNode(f func(*Instance, []objects.VIF) string) func(*Instance) *node {
	return func(i *Instance) *node {
		return &node{text: func(context.Context) (string, error) {
			vifs, err := i.guest.Interfaces.VIFs()
			return f(i, vifs), err
		}}
	}
}

func (i *Instance) localIPv4(vifs []objects.VIF) string {
	if fixed, _ := addresses(vifs); fixed != "" {
		return fixed
	}
	return orNone(i.o.Address)
}

func (i *Instance) publicIPv4(vifs []objects.VIF) string {
	_, floating := addresses(vifs)
	return floating
}

// publicKeys is the directory of the key: it is listed as "0=NAME" and read below "0".
func publicKeys(i *Instance) *node {
	if i.guest.KeyName == nil || *i.guest.KeyName == "" {
		return nil
	}
	name := "0=" + *i.guest.KeyName
	return directoryNode(directoryEntry{name: "0", shown: name, node: directoryNode(
		directoryEntry{name: "_name", hidden: true, node: textNode(name)},
		directoryEntry{name: "openssh-key", node: textNode(orNone(i.guest.KeyData))},
	)})
}

// securityGroups are listed one per line; as in Nova, the names cannot be read as paths.
func securityGroups(i *Instance) *node {
	return &node{text: func(ctx context.Context) (string, error) {
		groups, err := i.groups.get(ctx, func(ctx context.Context) ([]string, error) { return i.o.Source.SecurityGroups(ctx, i.guest.UUID) })
		return strings.Join(groups, "\n"), err
	}}
}

// blockDevices are the root disk under two names, the swap disk, ephemeral disks and volumes.
// For an instance whose root device has no name yet they are the default mapping of EC2.
func blockDevices(i *Instance) *node {
	return &node{children: func(ctx context.Context) ([]directoryEntry, error) {
		if i.guest.RootDeviceName == nil {
			return mapping(map[string]string{"ami": "sda1", "root": "/dev/sda1", "ephemeral0": "sda2", "swap": "sda3"}), nil
		}
		e, err := i.ec2Facts(ctx)
		if err != nil {
			return nil, err
		}
		return mapping(blockDeviceNames(i.guest, e.Disks)), nil
	}}
}

func blockDeviceNames(g *objects.Guest, disks []objects.GuestDisk) map[string]string {
	m := map[string]string{"ami": strings.TrimPrefix(*g.RootDeviceName, "/dev/"), "root": *g.RootDeviceName}
	if p := g.DefaultEphemeralDevice; p != nil && *p != "" {
		m["ephemeral0"] = *p
	}
	if p := g.DefaultSwapDevice; p != nil && *p != "" {
		m["swap"] = *p
	}
	var volumes []*string
	ephemeral := 0
	for _, d := range disks {
		switch {
		case d.DestinationType == "volume":
			volumes = append(volumes, d.DeviceName)
		case d.SourceType == "blank" && d.GuestFormat == "swap":
			m["swap"] = orNone(d.DeviceName) // of several swap disks, Nova shows the last
		case d.SourceType == "blank":
			m[fmt.Sprintf("ephemeral%d", ephemeral)] = orNone(d.DeviceName)
			ephemeral++
		}
	}
	slices.SortFunc(volumes, func(a, b *string) int {
		if a == nil || b == nil {
			return cmp.Compare(boolInt(a != nil), boolInt(b != nil))
		}
		return strings.Compare(*a, *b)
	})
	for n, v := range volumes {
		m[fmt.Sprintf("ebs%d", n)] = orNone(v)
	}
	return m
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func mapping(m map[string]string) []directoryEntry {
	var entries []directoryEntry
	for k, v := range m {
		entries = append(entries, directoryEntry{name: k, node: textNode(v)})
	}
	slices.SortFunc(entries, func(a, b directoryEntry) int { return strings.Compare(a.name, b.name) })
	return entries
}

// orNone and number format values that may be NULL as Python's str does.
func orNone(s *string) string {
	if s == nil {
		return "None"
	}
	return *s
}

func number(n *int64) string {
	if n == nil {
		return "None"
	}
	return strconv.FormatInt(*n, 10)
}
