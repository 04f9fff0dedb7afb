package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/cli"
	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/devcloud/guests"
	"github.com/nova-go/nova/internal/serve"
	"github.com/nova-go/nova/metadata"
)

// serveDev runs the metadata service of the cloud that nova-api --dev keeps in the same state
// directory.
func serveDev(d *cli.Dev, f *cli.Flags) error {
	if !db.HasSQLite {
		return errors.New("--dev needs SQLite, and this nova-metadata is built without it (tag nosqlite): use go run ./cmd/nova-metadata --dev")
	}
	state, err := d.Directory()
	if err != nil {
		return err
	}
	ctx, stop := cli.DevSignals()
	defer stop()
	listeners, err := d.Reserve()
	if err != nil {
		return err
	}
	c, err := guests.ReadConfig(state, f.Sources(metadata.Prog))
	if err != nil {
		return err
	}
	if f.Metrics != "" {
		c.WSGI.MetadataMetrics = f.Metrics
	}
	p := cli.Metadata()
	p.Build = func(ctx context.Context, c *config.Config, o cli.Observers) (http.Handler, error) {
		nova, err := metadata.New(ctx, metadata.Options{Config: c, Log: &o.Log, Metrics: o.Metrics, Traces: o.Traces, Fail: o.Fail})
		if err != nil {
			return nil, err
		}
		return guests.Handler(c, nova)
	}
	return cli.Run(ctx, c, serve.Options{HTTP: []string{d.Address()}, Inherited: listeners}, p, func() string {
		return fmt.Sprintf("nova-metadata --dev serves the cloud in %s\n\n"+
			"  curl http://%s/SERVER/openstack/latest/meta_data.json   # SERVER is the id of a server\n", state, d.Address())
	})
}
