package compute

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/devcloud"
	"github.com/nova-go/nova/internal/rpc"
)

// DevPassword is that of all users of an embedded cloud: admin, demo, reader.
const DevPassword = devcloud.Password

// DevOptions say what StartDev is to start.
type DevOptions struct {
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

// Dev is Nova with a whole cloud around it, that of nova-api --dev, on a port of
// loopback.
type Dev struct {
	// URL is where it is; Keystone answers below it.
	URL string
	// AuthURL is what clients log in at: users admin, demo and reader with
	// DevPassword, in projects admin and demo, in the domain Default.
	AuthURL string

	server *http.Server
	cloud  *devcloud.Cloud
	broker *rpc.Memory
	stop   context.CancelFunc
}

// StartDev starts it; Close ends it. Tests of clients of OpenStack need no more:
//
//	cloud, err := compute.StartDev(ctx, compute.DevOptions{})
func StartDev(ctx context.Context, o DevOptions) (_ *Dev, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d := &Dev{URL: "http://" + listener.Addr().String(), broker: rpc.NewMemory()}
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
	c, err := d.cloud.Config(config.Sources{Files: o.ConfigFiles, Prog: Prog})
	if err != nil {
		return nil, err
	}
	if err := d.cloud.Serve(ctx, d.broker); err != nil {
		return nil, err
	}
	nova, err := New(ctx, Options{Config: c, Log: o.Log, Messages: d.broker})
	if err != nil {
		return nil, err
	}
	d.server = &http.Server{Handler: d.cloud.Handler(nova), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = d.server.Serve(listener) }()
	return d, nil
}

// Settle returns when the hosts have done what was asked for so far.
func (d *Dev) Settle() { d.broker.Wait() }

// Close ends the cloud; without a State it is gone.
func (d *Dev) Close() error {
	err := d.server.Close()
	d.broker.Wait()
	d.stop()
	return errors.Join(err, d.cloud.Close())
}
