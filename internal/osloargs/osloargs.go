// Package osloargs adds the options that oslo.config and oslo.log have on the command line to our commands.
package osloargs

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/nova-go/nova/config"
)

// Register adds the options to a command. Parsing appends the options that are given to args, in
// their order and in the form that config.Sources expects.
func Register(fs *pflag.FlagSet, args *[]string) {
	for _, o := range config.CommandOptions() {
		add(fs, &option{o.Name, o.Value != "", args}, o.Name, o.Short, o.Usage)
		for _, former := range o.Former {
			add(fs, &option{o.Name, o.Value != "", args}, former, "", "")
		}
	}
}

func add(fs *pflag.FlagSet, o *option, name, short, usage string) {
	f := fs.VarPF(o, name, short, usage)
	f.Hidden = usage == ""
	if !o.valued {
		f.NoOptDefVal = "true"
	}
}

// option is an option in the form of a pflag.Value.
type option struct {
	name   string
	valued bool
	args   *[]string
}

// String implements pflag.Value. There are no defaults to show.
func (o *option) String() string { return "" }

// Type implements pflag.Value.
func (o *option) Type() string {
	if o.valued {
		return "string"
	}
	return "bool"
}

// Set implements pflag.Value.
func (o *option) Set(text string) error {
	arg := "--" + o.name
	switch {
	case o.valued:
		arg += "=" + text
	case text != "true":
		return fmt.Errorf("%s has no value", arg)
	}
	*o.args = append(*o.args, arg)
	return nil
}
