package devcloud_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/blockstorage/v3/volumes"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/attachinterfaces"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/flavors"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/keypairs"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servergroups"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/volumeattach"
	glance "github.com/gophercloud/gophercloud/v2/openstack/image/v2/images"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"

	"github.com/nova-go/nova/compute/devcloud"
)

// A test of a client of OpenStack has a whole cloud with one call.
func ExampleStart() {
	ctx := context.Background()
	cloud, err := devcloud.Start(ctx, devcloud.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = cloud.Close() }()

	provider, err := openstack.AuthenticatedClient(ctx, gophercloud.AuthOptions{IdentityEndpoint: cloud.AuthURL,
		Username: "demo", Password: devcloud.Password, TenantName: "demo", DomainName: "Default"})
	if err != nil {
		log.Fatal(err)
	}
	nova, err := openstack.NewComputeV2(provider, gophercloud.EndpointOpts{})
	if err != nil {
		log.Fatal(err)
	}
	nova.Microversion = "2.96"
	server, err := servers.Create(ctx, nova, servers.CreateOpts{Name: "web", FlavorRef: "1", ImageRef: "70a599e0-31e7-49b7-b260-868f441e862b", Networks: "none"}, nil).Extract()
	if err != nil {
		log.Fatal(err)
	}
	if err := servers.WaitForStatus(ctx, nova, server.ID, "ACTIVE"); err != nil {
		log.Fatal(err)
	}
	server, err = servers.Get(ctx, nova, server.ID).Extract()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(server.Name, "is", server.Status)
	// Output: web is ACTIVE
}

// client is a program that uses gophercloud, as Terraform's provider does.
type client struct {
	*testing.T
	ctx                           context.Context
	cloud                         *devcloud.Cloud
	nova, glance, neutron, cinder *gophercloud.ServiceClient
}

func newClient(t *testing.T, files ...string) *client {
	c := &client{T: t, ctx: t.Context()}
	var err error
	c.cloud, err = devcloud.Start(context.Background(), devcloud.Options{ConfigFiles: files})
	c.must(err)
	t.Cleanup(func() { _ = c.cloud.Close() })
	provider, err := openstack.AuthenticatedClient(c.ctx, gophercloud.AuthOptions{IdentityEndpoint: c.cloud.AuthURL, Username: "demo", Password: devcloud.Password, TenantName: "demo", DomainName: "Default", AllowReauth: true})
	c.must(err)
	for _, one := range []struct {
		to  **gophercloud.ServiceClient
		new func(*gophercloud.ProviderClient, gophercloud.EndpointOpts) (*gophercloud.ServiceClient, error)
	}{{&c.nova, openstack.NewComputeV2}, {&c.glance, openstack.NewImageV2}, {&c.neutron, openstack.NewNetworkV2}, {&c.cinder, openstack.NewBlockStorageV3}} {
		*one.to, err = one.new(provider, gophercloud.EndpointOpts{})
		c.must(err)
	}
	c.nova.Microversion = "2.79"
	return c
}

func (c *client) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// create builds a server on the network private, and waits for it.
func (c *client) create(o servers.CreateOpts, hints servers.SchedulerHintOptsBuilder) *servers.Server {
	c.Helper()
	o.ImageRef = c.image()
	o.Networks = []servers.Network{{UUID: c.network()}}
	s, err := servers.Create(c.ctx, c.nova, o, hints).Extract()
	c.must(err)
	return c.settle(s.ID, "ACTIVE")
}

func (c *client) image() string {
	c.Helper()
	page, err := glance.List(c.glance, glance.ListOpts{Name: "cirros"}).AllPages(c.ctx)
	c.must(err)
	list, err := glance.ExtractImages(page)
	c.must(err)
	return list[0].ID
}

func (c *client) network() string {
	c.Helper()
	page, err := networks.List(c.neutron, networks.ListOpts{Name: "private"}).AllPages(c.ctx)
	c.must(err)
	list, err := networks.ExtractNetworks(page)
	c.must(err)
	return list[0].ID
}

// settle waits until the hosts have done what was asked for, and answers a server, which
// must have a status then.
func (c *client) settle(id, status string) *servers.Server {
	c.Helper()
	c.cloud.Settle()
	s, err := servers.Get(c.ctx, c.nova, id).Extract()
	c.must(err)
	if s.Status != status {
		c.Fatalf("server %s is %s, not %s", id, s.Status, status)
	}
	return s
}

// TestGophercloud creates, changes and destroys as a Terraform run does.
func TestGophercloud(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	page, err := flavors.ListDetail(c.nova, nil).AllPages(c.ctx)
	c.must(err)
	all, err := flavors.ExtractFlavors(page)
	c.must(err)
	if len(all) != 6 {
		t.Errorf("%d flavors", len(all))
	}
	key, err := keypairs.Create(c.ctx, c.nova, keypairs.CreateOpts{Name: "key"}).Extract()
	c.must(err)
	group, err := servergroups.Create(c.ctx, c.nova, servergroups.CreateOpts{Name: "apart", Policy: "anti-affinity"}).Extract()
	c.must(err)
	hints := servers.SchedulerHintOpts{Group: group.ID}
	one := c.create(servers.CreateOpts{Name: "one", FlavorRef: "1", Metadata: map[string]string{"role": "web"}}, hints)
	two := c.create(servers.CreateOpts{Name: "two", FlavorRef: "1"}, hints)
	if one.HostID == two.HostID {
		t.Error("both servers of the group are on one host")
	}
	_, err = servers.Update(c.ctx, c.nova, one.ID, servers.UpdateOpts{Name: "renamed"}).Extract()
	c.must(err)
	_, err = servers.UpdateMetadata(c.ctx, c.nova, one.ID, servers.MetadataOpts{"role": "db"}).Extract()
	c.must(err)

	volume, err := volumes.Create(c.ctx, c.cinder, volumes.CreateOpts{Size: 1, Name: "data"}, nil).Extract()
	c.must(err)
	t.Run("volume attachments", func(*testing.T) {
		c.attachVolume(one.ID, volume.ID)
	})
	t.Run("interfaces", func(*testing.T) {
		port, err := attachinterfaces.Create(c.ctx, c.nova, one.ID, attachinterfaces.CreateOpts{NetworkID: c.network()}).Extract()
		c.must(err)
		c.must(attachinterfaces.Delete(c.ctx, c.nova, one.ID, port.PortID).ExtractErr())
	})
	three := c.create(servers.CreateOpts{Name: "three", FlavorRef: "1"}, nil)
	t.Run("resize", func(t *testing.T) {
		for _, next := range []func(context.Context, *gophercloud.ServiceClient, string) error{
			func(ctx context.Context, nova *gophercloud.ServiceClient, id string) error {
				return servers.RevertResize(ctx, nova, id).ExtractErr()
			},
			func(ctx context.Context, nova *gophercloud.ServiceClient, id string) error {
				return servers.ConfirmResize(ctx, nova, id).ExtractErr()
			},
		} {
			c.must(servers.Resize(c.ctx, c.nova, three.ID, servers.ResizeOpts{FlavorRef: "2"}).ExtractErr())
			if s := c.settle(three.ID, "VERIFY_RESIZE"); s.HostID == three.HostID || s.Flavor["original_name"] != "m1.small" {
				t.Errorf("resized it is %v", s.Flavor)
			}
			c.must(next(c.ctx, c.nova, three.ID))
			c.settle(three.ID, "ACTIVE")
		}
	})
	for _, id := range []string{one.ID, two.ID, three.ID} {
		c.must(servers.Delete(c.ctx, c.nova, id).ExtractErr())
		c.cloud.Settle()
		if _, err := servers.Get(c.ctx, c.nova, id).Extract(); !gophercloud.ResponseCodeIs(err, 404) {
			t.Errorf("a deleted server answers %v", err)
		}
	}
	c.must(servergroups.Delete(c.ctx, c.nova, group.ID).ExtractErr())
	c.must(keypairs.Delete(c.ctx, c.nova, key.Name, nil).ExtractErr())
	c.must(volumes.Delete(c.ctx, c.cinder, volume.ID, nil).ExtractErr())
}

// attachVolume attaches a volume and takes it away again.
func (c *client) attachVolume(server, volume string) {
	c.Helper()
	a, err := volumeattach.Create(c.ctx, c.nova, server, volumeattach.CreateOpts{VolumeID: volume}).Extract()
	c.must(err)
	c.cloud.Settle()
	v, err := volumes.Get(c.ctx, c.cinder, volume).Extract()
	c.must(err)
	if v.Status != "in-use" || len(v.Attachments) != 1 {
		c.Errorf("the attached volume is %s", v.Status)
	}
	c.must(volumeattach.Delete(c.ctx, c.nova, server, a.VolumeID).ExtractErr())
	c.cloud.Settle()
	v, err = volumes.Get(c.ctx, c.cinder, volume).Extract()
	c.must(err)
	if v.Status != "available" {
		c.Errorf("the detached volume is %s", v.Status)
	}
}

// A further configuration file is read after the cloud's own.
func TestDevReadsOwnConfiguration(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "own.conf")
	if err := os.WriteFile(file, []byte("[quota]\ninstances = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := newClient(t, file)
	c.create(servers.CreateOpts{Name: "one", FlavorRef: "1"}, nil)
	o := servers.CreateOpts{Name: "two", FlavorRef: "1", ImageRef: c.image(), Networks: []servers.Network{{UUID: c.network()}}}
	if _, err := servers.Create(c.ctx, c.nova, o, nil).Extract(); !gophercloud.ResponseCodeIs(err, http.StatusForbidden) {
		t.Errorf("with a quota of one server the second is answered with %v", err)
	}
}
