// Command nova-metadata is OpenStack Nova's metadata service.
package main

import (
	"github.com/spf13/cobra"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/cli"
	"github.com/nova-go/nova/internal/computepaste"
	"github.com/nova-go/nova/internal/inspect"
	"github.com/nova-go/nova/internal/serve/uwsgiini"
	"github.com/nova-go/nova/internal/sessions"
	"github.com/nova-go/nova/metadata"
	"github.com/nova-go/nova/paste"
)

// service describes the metadata service for the commands of package inspect.
func service() inspect.Service {
	return inspect.Service{Prog: metadata.Prog, PasteName: metadata.PasteName, App: uwsgiini.Metadata, Registry: metadata.Registry,
		Sessions: sessions.CheckMetadata,
		Others:   []func(*config.Config) paste.Registry{computepaste.Names}}
}

func main() {
	if cli.CalledUWSGI() {
		cli.MainUWSGI(cli.Metadata())
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
				return serveDev(&d, &flags)
			}
			return flags.Serve(cli.Metadata())
		},
	}
	flags.Register(cmd.Flags())
	d.Register(cmd.Flags(), cli.Metadata())
	cmd.AddCommand(service().Commands()...)
	cli.Main(cmd)
}
