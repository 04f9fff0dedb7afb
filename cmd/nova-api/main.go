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
	var d dev
	cmd := &cobra.Command{
		Use:   "nova-api",
		Short: "OpenStack Nova's compute API",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if d.on {
				return d.serve()
			}
			return flags.Serve(cli.Compute())
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
