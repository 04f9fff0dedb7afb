// Command nova-metadata is OpenStack Nova's metadata service.
package main

import (
	"github.com/spf13/cobra"

	"github.com/nova-go/nova/internal/cli"
	"github.com/nova-go/nova/internal/inspect"
)

func main() {
	if cli.CalledUWSGI() {
		cli.MainUWSGI(cli.Compute(), cli.Metadata())
		return
	}
	var flags cli.Flags
	var d cli.Dev
	cmd := &cobra.Command{
		Use:   "nova-metadata",
		Short: "OpenStack Nova's metadata service",
		Args:  cobra.NoArgs,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			return d.Check(cmd.Flags())
		},
		RunE: func(*cobra.Command, []string) error {
			if d.On {
				return d.ServeMetadata(&flags)
			}
			return flags.Serve(cli.Metadata())
		},
	}
	flags.Register(cmd.Flags())
	d.Register(cmd.Flags(), cli.Metadata())
	cmd.AddCommand(inspect.Metadata().Commands()...)
	cli.Main(cmd)
}
