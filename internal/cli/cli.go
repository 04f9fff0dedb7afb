// Package cli has the common parts of the commands: flags for configuration and addresses,
// signals, and the error line with which a process ends.
package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/osloargs"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/startup"
	"github.com/nova-go/nova/internal/version"
)

// Flags are the flags of both commands.
type Flags struct {
	Args                           []string // options of oslo.config and oslo.log
	HTTP, HTTPS, UWSGI, FCGI, SCGI []string
	Certs, Keys                    []string // of HTTPS; pairs for different names of the server
	Ini                            []string
	Metrics                        string
	AccessLog, AccessFormat        string
}

// Register adds the flags to a command.
func (f *Flags) Register(fs *pflag.FlagSet) {
	osloargs.Register(fs, &f.Args)
	fs.StringArrayVar(&f.HTTP, "http", nil, "listen for HTTP on `address`, or unix:PATH; may be repeated")
	fs.StringArrayVar(&f.HTTPS, "https", nil, "listen for HTTPS on `address`; may be repeated")
	fs.StringArrayVar(&f.Certs, "tls-cert", nil, "certificate `file` for --https; may be repeated, for other names of the server")
	fs.StringArrayVar(&f.Keys, "tls-key", nil, "key `file` for --https; repeated as often as --tls-cert")
	fs.StringArrayVar(&f.UWSGI, "uwsgi", nil, "listen for the uwsgi protocol on `address`, or unix:PATH; may be repeated")
	fs.StringArrayVar(&f.FCGI, "fcgi", nil, "listen for FastCGI on `address`, or unix:PATH; may be repeated")
	fs.StringArrayVar(&f.SCGI, "scgi", nil, "listen for SCGI on `address`, or unix:PATH; may be repeated")
	fs.StringVar(&f.Metrics, "metrics", "", "show metrics for Prometheus on `address`, or unix:PATH, in the place of the configured one")
	fs.StringVar(&f.AccessLog, "access-log", "", "write a line per request to `file`; -: standard error")
	fs.StringVar(&f.AccessFormat, "access-log-format", "", "`format` of these lines: uwsgi, combined, json, or uWSGI's variables")
	fs.StringArrayVar(&f.Ini, "ini", nil, "uWSGI ini `file` that says where to listen; may be repeated")
}

// Load reads the configuration that the flags and the environment name.
func (f *Flags) Load(prog string) (*config.Config, error) {
	s := f.Sources(prog)
	s.Env = os.Environ()
	return config.Load(s)
}

// Sources returns the configuration sources of the flags and the environment.
func (f *Flags) Sources(prog string) config.Sources {
	return config.Sources{Args: f.Args, Prog: prog}
}

// Main runs a command. It prints an error in one line to standard error, and ends with exit
// status 1.
func Main(cmd *cobra.Command) {
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	addVersion(cmd)
	suggest(cmd)
	exitWithError(cmd.Name(), cmd.Execute())
}

// addVersion adds the command version, which prints the version and the build information, and
// the flag --version, which prints one line. It does not set a template of cobra, because that
// links text/template; text/template calls methods by name, so that the linker has to keep all
// methods (6 MB).
func addVersion(cmd *cobra.Command) {
	cmd.Version = version.Number
	cmd.AddCommand(&cobra.Command{
		Use:   "version",
		Short: "Print the version, and what the program was built from",
		Args:  cobra.NoArgs,
		RunE: func(sub *cobra.Command, _ []string) error {
			lines := append([]string{cmd.Name() + " " + version.Number, "nova: " + release.Newest().Version}, version.Read().Lines()...)
			_, err := fmt.Fprintln(sub.OutOrStdout(), strings.Join(lines, "\n"))
			return err
		},
	})
}

// notLoaded is uWSGI's exit status if need-app is set and no application could be loaded.
const notLoaded = 22

func exitWithError(name string, err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	if status, ok := errors.AsType[exitStatus](err); ok {
		os.Exit(int(status))
	}
	fmt.Fprintf(os.Stderr, "%s: %s\n", name, strings.ReplaceAll(err.Error(), "\n", " "))
	if _, ok := errors.AsType[*startup.NotLoadedError](err); ok {
		os.Exit(notLoaded)
	}
	os.Exit(1)
}
