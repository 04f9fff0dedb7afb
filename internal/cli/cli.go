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

// Build makes the application of a configuration.
type Build func(context.Context, zerolog.Logger) (http.Handler, error)

// Serve builds the application of a configuration and serves it where the flags
// say, until SIGTERM or SIGINT; requests in flight are let end. byDefault is the
// address to listen on when no flag names one.
func (f *Flags) Serve(c *config.Config, prog, byDefault string, build Build) error {
	ctx, stop := Signals()
	defer stop()
	return run(ctx, c, prog, f.listeners(byDefault), build)
}

// Run is Serve on one address, until ctx is done.
func Run(ctx context.Context, c *config.Config, prog, address string, build Build) error {
	return run(ctx, c, prog, (&Flags{}).listeners(address), build)
}

// Signals is a context that ends with SIGTERM or SIGINT.
func Signals() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
}

func run(ctx context.Context, c *config.Config, prog string, o serve.Options, build Build) error {
	logger, sink, err := log.New(c.Default.Log, prog)
	if err != nil {
		return err
	}
	defer sink.Close()
	for _, w := range c.Warnings() {
		logger.Warn().Msg(w.String())
	}
	app, err := build(ctx, logger)
	if err != nil {
		return err
	}
	o.Log = logger
	return serve.Run(ctx, app, o)
}

func (f *Flags) listeners(byDefault string) serve.Options {
	o := serve.Options{HTTP: f.HTTP, UWSGI: f.UWSGI}
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
