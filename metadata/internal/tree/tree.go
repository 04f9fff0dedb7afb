// Package tree is what an instance finds under its metadata address: a table of
// leaves for each side, OpenStack's and EC2's, from which the listings are
// derived. It knows paths and documents, nothing of HTTP, databases or who asks.
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
)

// ErrNotFound says that nothing is at a path.
var ErrNotFound = errors.New("no such metadata path")

// Content types as webob completes them.
const (
	Text = "text/plain; charset=UTF-8"
	JSON = "application/json"
)

// Latest stands for the newest version of either side.
const Latest = "latest"

// Answer is what stands at a path.
type Answer struct {
	Type string
	Body []byte // shared: not to be changed
	// SeedAt is where in Body the random seed belongs, which is drawn anew for
	// every request; 0: nowhere.
	SeedAt int
	// Password says that the path is the password, which is read and written.
	Password bool
}

// Source gets what only some leaves show, when they are asked for.
type Source interface {
	// EC2 gets the EC2 names of an instance, its flavor and block devices.
	EC2(ctx context.Context, g *objects.Guest) (*objects.GuestEC2, error)
	// System gets what an instance's system metadata tells of it.
	System(ctx context.Context, g *objects.Guest) (objects.GuestSystem, error)
	// SecurityGroups gets the names of the security groups of an instance's ports.
	SecurityGroups(ctx context.Context, uuid string) ([]string, error)
}

// VendorData makes the documents of the operator.
type VendorData interface {
	// Static is vendor_data.json; false: the operator has switched it off.
	Static() (document []byte, on bool, err error)
	// All is vendor_data2.json. roles gets the names of the roles of who created
	// the instance.
	All(ctx context.Context, g *objects.Guest, roles func(context.Context) (string, error)) ([]byte, error)
}

// Options say how an Instance shows itself.
type Options struct {
	DHCPDomain string // [api] dhcp_domain
	// Address is where the first request came from, for EC2's local-ipv4 of an
	// instance that has no fixed address; nil: not known.
	Address *string
	// Template tells that a file of network configuration is made for networks
	// that are injected ([DEFAULT] injected_network_template).
	Template bool
	Source   Source
	Vendor   VendorData
}

// Instance is the tree of one instance as it was loaded. Documents are made when
// they are first asked for. It is safe for concurrent use.
type Instance struct {
	guest    *objects.Guest
	o        Options
	userData []byte // nil: none
	userErr  error

	documents [documents]cell
	ec2       lazy[*objects.GuestEC2]
	system    lazy[objects.GuestSystem]
	groups    lazy[[]string]
}

// New makes the tree of an instance.
func New(g *objects.Guest, o Options) *Instance {
	i := &Instance{guest: g, o: o}
	if g.UserData != nil {
		if i.userData, i.userErr = objects.DecodeBase64(*g.UserData); i.userErr != nil {
			i.userErr = fmt.Errorf("user data is not base64: %w", i.userErr)
		}
	}
	return i
}

// UUID is the instance's.
func (i *Instance) UUID() string { return i.guest.UUID }

// ProjectID is the project that the instance is of.
func (i *Instance) ProjectID() string { return i.guest.ProjectID }

// Password is what the guest had posted when it was first asked for; "": nothing.
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

// Lookup answers what stands at a path, which need not be clean: "/ec2" may be
// left out, and "/" lists EC2's versions. Its error is ErrNotFound, or that of a
// Source or VendorData.
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

// Clean resolves a path as Python's posixpath.normpath does once it begins with
// a slash: like path.Clean, but exactly two slashes in front remain.
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

// Root is the list of EC2's versions, which needs no instance.
func Root() Answer { return lines(append(slices.Clone(ec2Versions), Latest)) }

func lines(list []string) Answer {
	return Answer{Type: Text, Body: []byte(strings.Join(list, "\n"))}
}

// listed are the versions of OpenStack's side up to a day. Nova hides those of
// the future, though it serves them.
func listed(today time.Time) []string {
	day := today.UTC().Format(time.DateOnly)
	var list []string
	for _, v := range openStackVersions {
		if v <= day {
			list = append(list, v)
		}
	}
	return append(list, Latest)
}

// version finds a version's place in a list; "latest" is the last one.
func version(list []string, name string) (int, bool) {
	if name == Latest {
		return len(list) - 1, true
	}
	n := slices.Index(list, name)
	return n, n >= 0
}
