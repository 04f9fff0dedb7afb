package main

import (
	"context"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/cli"
	"github.com/nova-go/nova/internal/devcloud"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/internal/serve"
	"github.com/nova-go/nova/internal/startup"
	"github.com/nova-go/nova/paste"
)

// taskTime is how long hosts of the embedded cloud take to stop, pause or delete a server. It
// is long enough for clients to observe the task state, as with a real host.
const taskTime = 200 * time.Millisecond

// serveDev runs the API in front of an embedded cloud, on loopback.
func serveDev(d *cli.Dev, f *cli.Flags) (err error) {
	state, err := d.Directory()
	if err != nil {
		return err
	}
	// The embedded cloud holds few servers: prefer low memory use to a low rate of garbage
	// collections.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(40)
	}
	ctx, stop := cli.DevSignals()
	defer stop()
	listeners, err := d.Reserve()
	if err != nil {
		return err
	}
	url := "http://" + d.Address()
	if d.TLS {
		url = "https://" + d.Address()
	}
	cloud, err := devcloud.New(ctx, devcloud.Options{State: state, URL: url, BuildTime: d.BuildTime, Release: d.Release, TaskTime: taskTime})
	if err != nil {
		return err
	}
	defer func() {
		if e := cloud.Close(); err == nil {
			err = e
		}
	}()
	c, err := cloud.Config(f.Sources(compute.Prog))
	if err != nil {
		return err
	}
	if f.Metrics != "" {
		c.WSGI.ComputeMetrics = f.Metrics
	}
	o := serve.Options{HTTP: []string{d.Address()}}
	if d.TLS {
		cert, key := cloud.Certificate()
		o = serve.Options{HTTPS: []serve.TLS{{Addr: d.Address(), CertFile: cert, KeyFile: key}}}
	}
	o.Inherited = listeners
	p, serving := program(), ctx
	p.Build = func(ctx context.Context, c *config.Config, o cli.Observers) (http.Handler, error) {
		broker := rpc.NewMemory()
		if err := cloud.Serve(ctx, broker); err != nil {
			return nil, err
		}
		nova, err := compute.New(rpc.WithMemory(cloud.Context(ctx), broker), compute.Options{
			Config: c, Log: &o.Log, Metrics: o.Metrics, Traces: o.Traces, Fail: o.Fail,
			Events: func(h http.Handler) {
				cloud.Events = cli.Until(serving, h)
				if o.Events != nil {
					o.Events(h)
				}
			},
		})
		if err != nil {
			return nil, err
		}
		if cloud.Pipeline, err = paste.Describe(startup.PasteFile(c), compute.PasteName, compute.Registry(c), paste.Options{}); err != nil {
			return nil, err
		}
		return cloud.Handler(nova), nil
	}
	return cli.Run(ctx, c, o, p, cloud.Hello)
}
