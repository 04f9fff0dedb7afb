// Command nova-api is OpenStack Nova's compute API.
package main

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/cli"
	"github.com/nova-go/nova/internal/inspect"
	"github.com/nova-go/nova/internal/serve/uwsgiini"
	"github.com/nova-go/nova/internal/sessions"
	"github.com/nova-go/nova/metadata"
	"github.com/nova-go/nova/paste"
)

// program describes the compute API for package cli, which hosts it.
func program() cli.Program {
	return cli.Program{Name: compute.Prog, App: uwsgiini.Compute, Port: 8774,
		Metrics: func(c *config.Config) string { return c.WSGI.ComputeMetrics },
		Events:  func(c *config.Config) string { return c.WSGI.ComputeEvents },
		Build: func(ctx context.Context, c *config.Config, o cli.Observers) (http.Handler, error) {
			return compute.New(ctx, compute.Options{Config: c, Log: &o.Log, Metrics: o.Metrics, Traces: o.Traces, Fail: o.Fail, NeedApp: o.NeedApp,
				Events: o.Events})
		}}
}

// service describes the compute API for the commands of package inspect.
func service() inspect.Service {
	return inspect.Service{Prog: compute.Prog, PasteName: compute.PasteName, App: uwsgiini.Compute, Registry: compute.Registry,
		Sessions: sessions.CheckCompute,
		Others:   []func(*config.Config) paste.Registry{metadata.Registry}}
}

func main() {
	if cli.CalledUWSGI() {
		cli.MainUWSGI(program(), cli.Metadata())
		return
	}
	var flags cli.Flags
	var d cli.Dev
	cmd := &cobra.Command{
		Use:   "nova-api",
		Short: "OpenStack Nova's compute API",
		Args:  cobra.NoArgs,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			return d.Check(cmd.Flags())
		},
		RunE: func(*cobra.Command, []string) error {
			if d.On {
				return serveDev(&d, &flags)
			}
			return flags.Serve(program())
		},
	}
	flags.Register(cmd.Flags())
	d.Register(cmd.Flags(), program())
	d.RegisterCloud(cmd.Flags())
	cmd.AddCommand(routesCommand())
	cmd.AddCommand(service().Commands()...)
	cli.Main(cmd)
}
