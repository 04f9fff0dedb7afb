// Command nova-api is OpenStack Nova's compute API.
package main

import (
	"context"
	"net/http"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/internal/cli"
	"github.com/nova-go/nova/internal/inspect"
)

func main() {
	var flags cli.Flags
	var d dev
	cmd := &cobra.Command{
		Use:   "nova-api",
		Short: "OpenStack Nova's compute API",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if d.on {
				return d.serve()
			}
			c, err := flags.Load(compute.Prog)
			if err != nil {
				return err
			}
			return flags.Serve(c, compute.Prog, ":8774", func(ctx context.Context, log zerolog.Logger) (http.Handler, error) {
				return compute.New(ctx, compute.Options{Config: c, Log: &log})
			})
		},
	}
	flags.Register(cmd.Flags())
	cmd.Flags().BoolVar(&d.on, "dev", false, "serve an embedded cloud on loopback; nothing else is needed")
	cmd.Flags().StringVar(&d.state, "state", "", "with --dev: `directory` of its state (default ~/.local/state/nova-dev)")
	cmd.Flags().IntVar(&d.port, "port", 8774, "with --dev: `port` to listen on")
	cmd.AddCommand(routes())
	cmd.AddCommand(inspect.Compute().Commands()...)
	cli.Main(cmd)
}
