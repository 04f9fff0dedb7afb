package tree

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/nova-go/nova/internal/pyjson"
)

// The versions of the OpenStack tree, as indexes of openStackVersions.
const (
	folsom = iota
	grizzly
	havana
	liberty
	newtonOne
	newtonTwo
	ocata
	rocky
	victoria
	epoxy
)

var openStackVersions = []string{
	folsom:    "2012-08-10",
	grizzly:   "2013-04-04",
	havana:    "2013-10-17",
	liberty:   "2015-10-15",
	newtonOne: "2016-06-30",
	newtonTwo: "2016-10-06",
	ocata:     "2017-02-22",
	rocky:     "2018-08-27",
	victoria:  "2020-10-14",
	epoxy:     "2025-04-04",
}

// leaf is a file of the OpenStack tree.
type leaf struct {
	name   string
	listed int // the first version that lists it
	since  int // the first version that serves it
	there  func(*Instance) bool
	answer func(i *Instance, ctx context.Context, version int) (Answer, error)
}

// leaves are the files of a version in the order of the listing. network_data.json was added in
// Liberty, but Nova serves it in every version.
var leaves = []leaf{
	{name: "meta_data.json", answer: (*Instance).metaData},
	{name: "user_data", there: (*Instance).hasUserData, answer: (*Instance).userDataFile},
	{name: "password", listed: grizzly, since: grizzly, answer: func(*Instance, context.Context, int) (Answer,
		error) {
		return Answer{Password: true}, nil
	}},
	{name: "vendor_data.json", listed: havana, since: havana, answer: (*Instance).vendorData},
	{name: "network_data.json", listed: liberty, answer: (*Instance).networkData},
	{name: "vendor_data2.json", listed: newtonTwo, since: newtonTwo, answer: (*Instance).vendorData2},
}

// The cached documents: meta_data.json of each version, and network_data.json.
const (
	networkDocument = epoxy + 1
	documents       = networkDocument + 1
)

// openStack answers paths below /openstack. As in Nova, the listing of a version is also
// available under the name "version".
func (i *Instance) openStack(ctx context.Context, tokens []string) (Answer, error) {
	if len(tokens) == 0 {
		return listing(i.o.listedVersions(time.Now())), nil
	}
	if tokens[0] == "content" {
		content, err := i.content()
		if err == nil && (len(tokens) != 2 || tokens[1] != "0000" || content == nil) {
			err = ErrNotFound
		}
		return Answer{Type: Text, Body: content}, err
	}
	v, ok := versionIndex(i.o.versions(), tokens[0])
	switch {
	case !ok || len(tokens) > 2:
		return Answer{}, ErrNotFound
	case len(tokens) == 1 || tokens[1] == "version":
		return i.list(v), nil
	}
	n := slices.IndexFunc(leaves, func(l leaf) bool { return l.name == tokens[1] })
	if n < 0 || v < leaves[n].since || !leaves[n].exists(i) {
		return Answer{}, ErrNotFound
	}
	return leaves[n].answer(i, ctx, v)
}

func (l leaf) exists(i *Instance) bool { return l.there == nil || l.there(i) }

func (i *Instance) list(v int) Answer {
	var names []string
	for _, l := range leaves {
		if v >= l.listed && l.exists(i) {
			names = append(names, l.name)
		}
	}
	return listing(names)
}

func (i *Instance) hasUserData() bool { return i.userData != nil }

func (i *Instance) userDataFile(context.Context, int) (Answer, error) {
	return Answer{Type: Text, Body: i.userData}, nil
}

func (i *Instance) networkData(context.Context, int) (Answer, error) {
	return i.documents[networkDocument].get(func() (Answer, error) {
		vifs, err := i.guest.Interfaces.VIFs()
		return Answer{Type: Text, Body: pyjson.Append(nil, networkData(vifs))}, err
	})
}

func (i *Instance) vendorData(context.Context, int) (Answer, error) {
	text, on, err := i.o.Vendor.Static()
	if err == nil && !on {
		err = ErrNotFound
	}
	return Answer{Type: JSON, Body: text}, err
}

func (i *Instance) vendorData2(ctx context.Context, _ int) (Answer, error) {
	text, err := i.o.Vendor.All(ctx, i.guest, i.bootRoles)
	return Answer{Type: JSON, Body: text}, err
}

// seedPlaceholder is the placeholder of the random seed while a document is built.
const seedPlaceholder = "\x00seed"

func (i *Instance) metaData(_ context.Context, v int) (Answer, error) {
	return i.documents[v].get(func() (Answer, error) {
		content, err := i.content()
		if err != nil {
			return Answer{}, err
		}
		body := pyjson.Append(nil, i.metaDataDocument(v, content != nil))
		mark := string(pyjson.Append(nil, seedPlaceholder))
		before, after, _ := strings.Cut(string(body), mark)
		if after == "" {
			return Answer{Type: JSON, Body: body}, nil
		}
		return Answer{Type: JSON, Body: []byte(before + `""` + after), SeedAt: len(before) + 1}, nil
	})
}

// content returns the content of /openstack/content/0000; nil if there is none.
func (i *Instance) content() ([]byte, error) {
	if !i.o.Template {
		return nil, nil
	}
	vifs, err := i.guest.Interfaces.Injected()
	return networkFile(vifs), err
}

// metaDataDocument returns meta_data.json with its members in Nova's order. content adds the
// reference to /openstack/content/0000.
func (i *Instance) metaDataDocument(v int, content bool) pyjson.Object {
	g := i.guest
	o := pyjson.Object{{Key: "uuid", Value: g.UUID}}
	if len(g.Metadata) > 0 {
		o.Set("meta", g.Metadata)
	}
	if content {
		o.Set("network_config", pyjson.Object{{Key: "name", Value: "network_config"}, {Key: "content_path", Value: "/content/0000"}})
	}
	if g.KeyName != nil && *g.KeyName != "" && len(g.Keypairs) > 0 {
		k := g.Keypairs[0]
		o.Set("public_keys", pyjson.Object{{Key: k.Name, Value: k.PublicKey}})
		o.Set("keys", []pyjson.Object{{{Key: "name", Value: k.Name}, {Key: "type", Value: k.Type}, {Key: "data", Value: k.PublicKey}}})
	}
	o.Set("hostname", i.hostname())
	o.Set("name", g.DisplayName)
	o.Set("launch_index", g.LaunchIndex)
	o.Set("availability_zone", g.AvailabilityZone)
	if v >= grizzly {
		o.Set("random_seed", seedPlaceholder)
	}
	if v >= liberty {
		o.Set("project_id", g.ProjectID)
	}
	if v >= newtonOne {
		o.Set("devices", deviceList(g.Devices, v))
	}
	if v >= victoria {
		o.Set("dedicated_cpus", g.DedicatedCPUs)
	}
	return o
}

// hostname returns the instance's hostname with the DHCP domain, if one is configured.
func (i *Instance) hostname() string {
	var name string
	if i.guest.Hostname != nil {
		name = *i.guest.Hostname
	}
	if i.o.DHCPDomain != "" {
		name += "." + i.o.DHCPDomain
	}
	return name
}
