// Package devcloud runs Nova with a whole OpenStack cloud around it in the calling
// process: that of nova-api --dev, on a port of loopback. It is made for tests of clients
// of OpenStack, as net/http/httptest is for tests of clients of HTTP:
//
//	cloud, err := devcloud.Start(ctx, devcloud.Options{})
//	if err != nil {
//		t.Fatal(err)
//	}
//	defer cloud.Close()
//	provider, err := openstack.AuthenticatedClient(ctx, gophercloud.AuthOptions{
//		IdentityEndpoint: cloud.AuthURL, Username: "demo", Password: devcloud.Password,
//		TenantName: "demo", DomainName: "Default",
//	})
//
// Servers are built on two hosts that do what Nova's API asks of them at once; networks,
// images and volumes are those of stand-ins for Neutron, Glance and Cinder. Each cloud has
// databases of its own: tests may run in parallel.
package devcloud

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/devcloud"
	"github.com/nova-go/nova/internal/rpc"
)

// Password is that of all users of an embedded cloud: admin, demo, reader.
const Password = devcloud.Password

// Options say what Start is to start.
type Options struct {
	// State is the directory that the cloud is kept in. "": it is gone with Close.
	State string
	// BuildTime is how long a server takes to build. 0: it is active at once.
	BuildTime time.Duration
	// ConfigFiles are read after the cloud's own nova.conf: quotas, policies, a paste
	// file, whatever a test is about.
	ConfigFiles []string
	// Log takes what Nova and the cloud have to say. nil: nobody does.
	Log *zerolog.Logger
}

// Cloud is a cloud that runs.
type Cloud struct {
	// URL is where it is, "http://127.0.0.1:41234"; Keystone answers below it.
	URL string
	// AuthURL is what clients log in at: users admin, demo and reader with
	// Password, in projects admin and demo, in the domain Default.
	AuthURL string

	server *http.Server
	cloud  *devcloud.Cloud
	broker *rpc.Memory
	stop   context.CancelFunc
}

// Start starts a cloud; Close ends it. Its errors are those of the state directory, and
// of the files in Options.ConfigFiles: they name file, line, group and option. When ctx
// ends, the cloud stops working, and Close must still be called.
func Start(ctx context.Context, o Options) (_ *Cloud, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d := &Cloud{URL: "http://" + listener.Addr().String(), broker: rpc.NewMemory()}
	d.AuthURL = d.URL + "/identity/v3"
	ctx, d.stop = context.WithCancel(ctx)
	defer func() {
		if err != nil {
			err = errors.Join(err, listener.Close())
			d.stop()
			if d.cloud != nil {
				err = errors.Join(err, d.cloud.Close())
			}
		}
	}()
	quiet := zerolog.Nop()
	if o.Log == nil {
		o.Log = &quiet
	}
	if o.State == "" {
		o.State = devcloud.Memory
	}
	if d.cloud, err = devcloud.New(ctx, devcloud.Options{State: o.State, URL: d.URL, BuildTime: o.BuildTime, Log: o.Log}); err != nil {
		return nil, err
	}
	c, err := d.cloud.Config(config.Sources{Files: o.ConfigFiles, Prog: compute.Prog})
	if err != nil {
		return nil, err
	}
	if err := d.cloud.Serve(ctx, d.broker); err != nil {
		return nil, err
	}
	nova, err := compute.New(rpc.WithMemory(ctx, d.broker), compute.Options{Config: c, Log: o.Log})
	if err != nil {
		return nil, err
	}
	d.server = &http.Server{Handler: d.cloud.Handler(nova), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = d.server.Serve(listener) }()
	return d, nil
}

// Settle returns when the hosts have done what was asked for so far.
func (d *Cloud) Settle() { d.broker.Wait() }

// Close ends the cloud; without a State it is gone.
func (d *Cloud) Close() error {
	err := d.server.Close()
	d.broker.Wait()
	d.stop()
	return errors.Join(err, d.cloud.Close())
}
