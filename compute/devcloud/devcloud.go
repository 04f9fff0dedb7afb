// Package devcloud runs Nova in an embedded OpenStack cloud in the calling process, on a
// loopback port, as nova-api --dev does. It serves tests of OpenStack clients, as
// net/http/httptest serves tests of HTTP clients:
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
// Two simulated hosts build the servers and carry out their changes immediately. Stand-ins for
// Neutron, Glance and Cinder provide networks, images and volumes. Each cloud has its own
// databases, so that tests can run in parallel.
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
	"github.com/nova-go/nova/internal/serve"
)

// Password is the password of all users of an embedded cloud: admin, demo, reader.
const Password = devcloud.Password

// Options configure Start.
type Options struct {
	// State is the directory that keeps the cloud's state. "" keeps the state in memory until
	// Close.
	State string
	// BuildTime is the time that a server takes to build or to rebuild; with 0 it is active immediately.
	BuildTime time.Duration
	// Release is the release of Nova that the cloud runs, such as "2025.1"; "": that of State, or
	// without one the newest.
	Release string
	// ConfigFiles are read after the cloud's own nova.conf, for example to set quotas, policies
	// or a paste file.
	ConfigFiles []string
	// Log is the log of Nova and of the cloud; nil discards it.
	Log *zerolog.Logger
}

// Cloud is a running cloud.
type Cloud struct {
	// URL is the address of the cloud, "http://127.0.0.1:41234"; Keystone answers below it.
	URL string
	// AuthURL is the URL of Keystone for clients: users admin, demo and reader with Password,
	// projects admin and demo, domain Default.
	AuthURL string

	server *http.Server
	cloud  *devcloud.Cloud
	broker *rpc.Memory
	stop   context.CancelFunc
}

// Start starts a cloud; Close ends it. Start returns errors of the state directory, and of the
// files in Options.ConfigFiles with file, line, group and option. When ctx ends, the cloud
// stops working; Close must still be called.
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
	d.cloud, err = devcloud.New(ctx, devcloud.Options{State: o.State, URL: d.URL, BuildTime: o.BuildTime, Release: o.Release, Log: o.Log})
	if err != nil {
		return nil, err
	}
	c, err := d.cloud.Config(config.Sources{Files: o.ConfigFiles, Prog: compute.Prog})
	if err != nil {
		return nil, err
	}
	if err := d.cloud.Serve(ctx, d.broker); err != nil {
		return nil, err
	}
	nova, err := compute.New(rpc.WithMemory(d.cloud.Context(ctx), d.broker), compute.Options{Config: c, Log: o.Log,
		Events: func(h http.Handler) { d.cloud.Events = h }})
	if err != nil {
		return nil, err
	}
	d.server = &http.Server{Handler: serve.ForwardedScheme(d.cloud.Handler(nova)), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = d.server.Serve(listener) }()
	return d, nil
}

// Settle waits until the hosts have finished all requested changes.
func (d *Cloud) Settle() { d.broker.Wait() }

// Close ends the cloud. Without Options.State its data is discarded.
func (d *Cloud) Close() error {
	err := d.server.Close()
	d.broker.Wait()
	d.stop()
	return errors.Join(err, d.cloud.Close())
}
