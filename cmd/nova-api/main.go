// Command nova-api is OpenStack Nova's compute API.
package main

import (
	"context"
	"net/http"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/cli"
)

func main() {
	var flags cli.Flags
	cmd := &cobra.Command{
		Use:   "nova-api",
		Short: "OpenStack Nova's compute API",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return flags.Serve(compute.Prog, ":8774", func(ctx context.Context, c *config.Config, log zerolog.Logger) (http.Handler, error) {
				return compute.New(ctx, compute.Options{Config: c, Log: &log})
			})
		},
	}
	flags.Register(cmd.Flags())
	cmd.AddCommand(routes())
	cli.Main(cmd)
}
