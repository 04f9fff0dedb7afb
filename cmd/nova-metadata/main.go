// Command nova-metadata is OpenStack Nova's metadata service.
package main

import (
	"context"
	"net/http"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/nova-go/nova/internal/cli"
	"github.com/nova-go/nova/internal/inspect"
	"github.com/nova-go/nova/metadata"
)

func main() {
	var flags cli.Flags
	cmd := &cobra.Command{
		Use:   "nova-metadata",
		Short: "OpenStack Nova's metadata service",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c, err := flags.Load(metadata.Prog)
			if err != nil {
				return err
			}
			return flags.Serve(c, metadata.Prog, ":8775", func(ctx context.Context, log zerolog.Logger) (http.Handler, error) {
				return metadata.New(ctx, metadata.Options{Config: c, Log: &log})
			})
		},
	}
	flags.Register(cmd.Flags())
	cmd.AddCommand(inspect.Metadata().Commands()...)
	cli.Main(cmd)
}
