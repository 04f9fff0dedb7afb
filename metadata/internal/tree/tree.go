// Package tree builds the metadata of an instance: a table of leaves for the OpenStack tree and
// one for the EC2 tree, from which the listings are derived. It handles paths and documents,
// and is independent of HTTP, databases and the identification of instances.
package tree

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pytext"
	"github.com/nova-go/nova/internal/release"
)

// ErrNotFound reports a path that does not exist.
var ErrNotFound = errors.New("no such metadata path")

// Content types in the form in which webob completes them.
const (
	Text = "text/plain; charset=UTF-8"
	JSON = "application/json"
)

// Latest is the name of the newest version of either tree.
const Latest = "latest"

// Answer is the content of a path.
type Answer struct {
	Type string
	Body []byte // shared, read-only
	// SeedAt is the offset in Body at which a new random seed is inserted for each request; 0
	// means none.
	SeedAt int
	// Password marks the path of the password, which can be read and written.
	Password bool
}

// Source loads data that only some leaves contain, when they are read.
type Source interface {
	// EC2 returns the EC2 names of an instance, its flavor and its block devices.
	EC2(ctx context.Context, g *objects.Guest) (*objects.GuestEC2, error)
	// System returns the data that an instance's system metadata contains.
	System(ctx context.Context, g *objects.Guest) (objects.GuestSystem, error)
	// SecurityGroups returns the names of the security groups of an instance's ports.
	SecurityGroups(ctx context.Context, uuid string) ([]string, error)
}

// VendorData builds the vendordata documents.
type VendorData interface {
	// Static returns vendor_data.json; on is false if the operator has disabled it.
	Static() (document []byte, on bool, err error)
	// All returns vendor_data2.json. roles returns the names of the roles of the user who
	// created the instance.
	All(ctx context.Context, g *objects.Guest, roles func(context.Context) (string, error)) ([]byte, error)
}

// Options configure an Instance.
type Options struct {
	DHCPDomain string // [api] dhcp_domain
	// Address is the source address of the first request, which EC2's local-ipv4 shows for an
	// instance without a fixed IP; nil means unknown.
	Address *string
	// Template enables the network configuration file for injected networks ([DEFAULT]
	// injected_network_template).
	Template bool
	Release  release.Release // of Nova
	Source   Source
	Vendor   VendorData
}

// Instance is the metadata tree of one loaded instance. Documents are built at their first use.
// It is safe for concurrent use.
type Instance struct {
	guest    *objects.Guest
	o        Options
	userData []byte // nil: none
	userErr  error

	documents [documents]cachedDocument
	ec2       lazy[*objects.GuestEC2]
	system    lazy[objects.GuestSystem]
	groups    lazy[[]string]
}

// New returns the tree of an instance.
func New(g *objects.Guest, o Options) *Instance {
	i := &Instance{guest: g, o: o}
	if g.UserData != nil {
		if i.userData, i.userErr = pytext.DecodeBase64(*g.UserData); i.userErr != nil {
			i.userErr = fmt.Errorf("user data is not base64: %w", i.userErr)
		}
	}
	return i
}

// UUID returns the UUID of the instance.
func (i *Instance) UUID() string { return i.guest.UUID }

// ProjectID returns the project of the instance.
func (i *Instance) ProjectID() string { return i.guest.ProjectID }

// Password returns the password that the guest has posted, as of the first call; "" means none.
func (i *Instance) Password(ctx context.Context) (string, error) {
	s, err := i.systemFacts(ctx)
	return s.Password, err
}

func (i *Instance) bootRoles(ctx context.Context) (string, error) {
	s, err := i.systemFacts(ctx)
	return s.BootRoles, err
}

func (i *Instance) systemFacts(ctx context.Context) (objects.GuestSystem, error) {
	return i.system.get(ctx, func(ctx context.Context) (objects.GuestSystem, error) { return i.o.Source.System(ctx, i.guest) })
}

// Lookup returns the content of a path. The path need not be clean: "/ec2" may be left out, and
// "/" lists the EC2 versions. Its error is ErrNotFound, or an error of Source or VendorData.
func (i *Instance) Lookup(ctx context.Context, at string) (Answer, error) {
	if i.userErr != nil {
		return Answer{}, i.userErr
	}
	tokens := strings.Split(Clean(at), "/")[1:]
	switch tokens[0] {
	case "openstack":
		return i.openStack(ctx, tokens[1:])
	case "ec2":
		return i.ec2Item(ctx, tokens[1:])
	case "":
		return Root(), nil
	}
	return i.ec2Item(ctx, tokens)
}

// Clean resolves a path as Python's posixpath.normpath does after a slash is prepended: like
// path.Clean, but exactly two leading slashes are kept.
func Clean(at string) string {
	if !strings.HasPrefix(at, "/") {
		at = "/" + at
	}
	clean := path.Clean(at)
	if strings.HasPrefix(at, "//") && !strings.HasPrefix(at, "///") {
		clean = "/" + clean
	}
	return clean
}

// Root returns the list of EC2 versions, which is the same for all instances.
func Root() Answer { return listing(append(slices.Clone(ec2Versions), Latest)) }

func listing(list []string) Answer {
	return Answer{Type: Text, Body: []byte(strings.Join(list, "\n"))}
}

// versions returns the versions of the OpenStack tree.
func (o Options) versions() []string {
	if !o.Release.Has(release.ShareMetadata) {
		return openStackVersions[:epoxy]
	}
	return openStackVersions
}

// listedVersions returns the versions of the OpenStack tree up to a day. As in Nova, later versions are
// served, but not listed.
func (o Options) listedVersions(today time.Time) []string {
	day := today.UTC().Format(time.DateOnly)
	var list []string
	for _, v := range o.versions() {
		if v <= day {
			list = append(list, v)
		}
	}
	return append(list, Latest)
}

// versionIndex returns the index of a version in a list; "latest" is the last one.
func versionIndex(list []string, name string) (int, bool) {
	if name == Latest {
		return len(list) - 1, true
	}
	n := slices.Index(list, name)
	return n, n >= 0
}
