// Package cli is what the commands share: the flags that say which configuration
// to read and where to listen, and the way a mistake in either ends the process.
package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/serve"
)

// Flags are the flags of both commands.
type Flags struct {
	Files, Dirs        []string
	HTTP, HTTPS, UWSGI []string
	Cert, Key          string
}

// Register adds the flags to a command.
func (f *Flags) Register(fs *pflag.FlagSet) {
	fs.StringArrayVar(&f.Files, "config-file", nil, "configuration `file`; may be repeated")
	fs.StringArrayVar(&f.Dirs, "config-dir", nil, "`directory` of configuration files; may be repeated")
	fs.StringArrayVar(&f.HTTP, "http", nil, "listen for HTTP on `address`; may be repeated")
	fs.StringArrayVar(&f.HTTPS, "https", nil, "listen for HTTPS on `address`; may be repeated")
	fs.StringVar(&f.Cert, "tls-cert", "", "certificate `file` for --https")
	fs.StringVar(&f.Key, "tls-key", "", "key `file` for --https")
	fs.StringArrayVar(&f.UWSGI, "uwsgi", nil, "listen for the uwsgi protocol on `address`, or unix:PATH; may be repeated")
}

// Load reads the configuration that the flags and the environment name.
func (f *Flags) Load(prog string) (*config.Config, error) {
	return config.Load(config.Sources{Files: f.Files, Dirs: f.Dirs, Env: os.Environ(), Prog: prog})
}

// Serve reads the configuration, builds the application and serves it until
// SIGTERM or SIGINT; requests in flight are let end. byDefault is the address to
// listen on when no flag names one.
func (f *Flags) Serve(prog, byDefault string, build func(context.Context, *config.Config, zerolog.Logger) (http.Handler, error)) error {
	c, err := f.Load(prog)
	if err != nil {
		return err
	}
	logger, closer, err := log.New(c.Default.Log, prog)
	if err != nil {
		return err
	}
	defer closer.Close()
	for _, w := range c.Warnings() {
		logger.Warn().Msg(w.String())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	app, err := build(ctx, c, logger)
	if err != nil {
		return err
	}
	return serve.Run(ctx, app, f.listeners(byDefault, logger))
}

func (f *Flags) listeners(byDefault string, logger zerolog.Logger) serve.Options {
	o := serve.Options{HTTP: f.HTTP, UWSGI: f.UWSGI, Log: logger}
	for _, a := range f.HTTPS {
		o.HTTPS = append(o.HTTPS, serve.TLS{Addr: a, CertFile: f.Cert, KeyFile: f.Key})
	}
	if len(o.HTTP)+len(o.HTTPS)+len(o.UWSGI) == 0 {
		o.HTTP = []string{byDefault}
	}
	return o
}

// Main runs a command. A mistake is one line on standard error, and exit status 1.
func Main(cmd *cobra.Command) {
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	if err := cmd.Execute(); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintf(os.Stderr, "%s: %s\n", cmd.Name(), strings.ReplaceAll(err.Error(), "\n", " "))
		os.Exit(1)
	}
}
