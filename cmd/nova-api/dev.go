package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/cli"
	"github.com/nova-go/nova/internal/devcloud"
	"github.com/nova-go/nova/internal/rpc"
)

// dev are the flags of the embedded cloud.
type dev struct {
	on    bool
	state string
	port  int
}

// serve runs the API in front of an embedded cloud, on loopback.
func (d *dev) serve() error {
	if d.state == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return fmt.Errorf("--state is needed: %w", err)
		}
		d.state = filepath.Join(home, ".local", "state", "nova-dev")
	}
	address := fmt.Sprintf("127.0.0.1:%d", d.port)
	ctx, stop := cli.Signals()
	defer stop()
	cloud, err := devcloud.New(ctx, devcloud.Options{State: d.state, URL: "http://" + address})
	if err != nil {
		return err
	}
	c, err := cloud.Config(compute.Prog)
	if err != nil {
		return err
	}
	return cli.Run(ctx, c, address, cli.Program{Name: compute.Prog, Build: func(ctx context.Context, c *config.Config, log zerolog.Logger) (http.Handler, error) {
		broker := rpc.NewMemory()
		nova, err := compute.New(ctx, compute.Options{Config: c, Log: &log, Messages: broker})
		if err != nil {
			return nil, err
		}
		if err := cloud.Serve(ctx, broker); err != nil {
			return nil, err
		}
		fmt.Print(cloud.Hello())
		return cloud.Handler(nova), nil
	}})
}
