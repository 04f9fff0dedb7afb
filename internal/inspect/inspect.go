// Package inspect has the commands that read a configuration without serving it: config,
// pipeline and check.
package inspect

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/osloargs"
	"github.com/nova-go/nova/internal/rest"
	"github.com/nova-go/nova/internal/serve/uwsgiini"
	"github.com/nova-go/nova/paste"
)

// Service describes an application for the commands.
type Service struct {
	Prog      string // the program name with which its configuration is found
	PasteName string // the name of the application in the paste file
	App       string // the application as uWSGI's files name it
	Registry  func(*config.Config) paste.Registry
	// Others return the registries of applications with sections in the same paste file.
	Others []func(*config.Config) paste.Registry
	// Sessions returns the sessions with other services, and the errors of their options.
	Sessions func(*config.Config) ([]*rest.Session, []error)
}

// Commands returns the commands for the application.
func (s Service) Commands() []*cobra.Command {
	return []*cobra.Command{s.config(), s.pipeline(), s.check()}
}

// files are the flags that configuration files and their options have on the command line.
type files struct{ args, inis []string }

func (f *files) register(cmd *cobra.Command) {
	osloargs.Register(cmd.Flags(), &f.args)
	cmd.Flags().StringArrayVar(&f.inis, "ini", nil, "uWSGI ini `file` of the service; may be repeated")
}

func (f *files) load(prog string) (*config.Config, error) {
	if _, err := f.uwsgi(); err != nil {
		return nil, err
	}
	return config.Load(config.Sources{Args: f.args, Env: os.Environ(), Prog: prog})
}

// uwsgi reads the files of --ini, and applies their environment, arguments and directory as the
// service does. It returns nil without --ini.
func (f *files) uwsgi() (*uwsgiini.Config, error) {
	if len(f.inis) == 0 {
		return nil, nil
	}
	var args []string
	for _, file := range f.inis {
		args = append(args, "--ini", file)
	}
	c, err := uwsgiini.Parse(args, os.LookupEnv)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(c.SetEnv(), c.ReadEnvDirs()); err != nil {
		return nil, err
	}
	f.args = append(f.args, c.Args...)
	if c.Dir != "" {
		if err := os.Chdir(c.Dir); err != nil {
			return nil, fmt.Errorf("chdir: %w", err)
		}
	}
	return c, nil
}

// formatFlag adds the flag --format with its allowed values, of which the first is the default. The
// returned function returns the value.
func formatFlag(cmd *cobra.Command, names ...string) func() (string, error) {
	value := cmd.Flags().String("format", names[0], fmt.Sprintf("output `format`: %v", names))
	return func() (string, error) {
		for _, n := range names {
			if n == *value {
				return n, nil
			}
		}
		return "", fmt.Errorf("--format: %q is none of %v", *value, names)
	}
}
