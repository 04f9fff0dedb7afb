// Command nova-api is OpenStack Nova's compute API.
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
		Use:   "nova-api",
		Short: "OpenStack Nova's compute API",
		Args:  cobra.NoArgs,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			return d.Check(cmd.Flags())
		},
		RunE: func(*cobra.Command, []string) error {
			if d.On {
				return d.ServeCompute(&flags)
			}
			return flags.Serve(cli.Compute())
		},
	}
	flags.Register(cmd.Flags())
	d.Register(cmd.Flags(), cli.Compute())
	d.RegisterCloud(cmd.Flags())
	cmd.AddCommand(routes())
	cmd.AddCommand(inspect.Compute().Commands()...)
	cli.Main(cmd)
}
