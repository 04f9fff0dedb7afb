// Package inspect is the commands that look at a configuration without serving
// it: config, pipeline and check.
package inspect

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/paste"
)

// Service is what the commands have to know of an application.
type Service struct {
	Prog      string // the name under which its configuration is found
	PasteName string // the application in the paste file
	Registry  func(*config.Config) paste.Registry
	// Others are the registries of applications that have their sections in the
	// same paste file.
	Others []func(*config.Config) paste.Registry
}

// Commands are the commands for the application.
func (s Service) Commands() []*cobra.Command {
	return []*cobra.Command{s.config(), s.pipeline(), s.check()}
}

// files are the flags that say which configuration to look at.
type files struct{ files, dirs []string }

func (f *files) register(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.files, "config-file", nil, "configuration `file`; may be repeated")
	cmd.Flags().StringArrayVar(&f.dirs, "config-dir", nil, "`directory` of configuration files; may be repeated")
}

func (f *files) load(prog string) (*config.Config, error) {
	return config.Load(config.Sources{Files: f.files, Dirs: f.dirs, Env: os.Environ(), Prog: prog})
}

// format adds the flag --format with the names that are allowed, the first by
// default; what it returns tells the choice.
func format(cmd *cobra.Command, names ...string) func() (string, error) {
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
