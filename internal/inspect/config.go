package inspect

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nova-go/nova/config"
)

// mask replaces values that must not be shown, as in oslo.config.
const mask = "****"

// setting is an option in the output of the command config.
type setting struct {
	Value  any    `json:"value"`
	Source string `json:"source"`
}

func (s Service) config() *cobra.Command {
	var from files
	var secrets, setOnly bool
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print every option with its value and where that comes from",
		Args:  cobra.NoArgs,
	}
	from.register(cmd)
	chosen := formatFlag(cmd, "text", "json")
	cmd.Flags().BoolVar(&setOnly, "set-only", false, "leave out the options that nothing sets")
	cmd.Flags().BoolVar(&secrets, "show-secrets", false, "print passwords and keys, too")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		how, err := chosen()
		if err != nil {
			return err
		}
		c, err := from.load(s.Prog)
		if err != nil {
			return err
		}
		all := settings(c, secrets, setOnly)
		if how == "json" {
			return printJSON(cmd.OutOrStdout(), all)
		}
		return printText(cmd.OutOrStdout(), all)
	}
	return cmd
}

// settings returns the options by group and name, with setOnly those that have a source.
func settings(c *config.Config, secrets, setOnly bool) map[string]map[string]setting {
	all := map[string]map[string]setting{}
	for _, o := range c.Options() {
		if setOnly && !o.Set() {
			continue
		}
		if all[o.Group] == nil {
			all[o.Group] = map[string]setting{}
		}
		if !secrets {
			o.Value = o.Masked(mask)
		}
		all[o.Group][o.Name] = setting{o.Value, o.Source}
	}
	return all
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// printText writes the options as a configuration file.
func printText(w io.Writer, all map[string]map[string]setting) error {
	var b strings.Builder
	for _, group := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "[%s]\n", group)
		for _, name := range slices.Sorted(maps.Keys(all[group])) {
			s := all[group][name]
			if s.Value == nil {
				fmt.Fprintf(&b, "# %s is not set\n", name)
				continue
			}
			fmt.Fprintf(&b, "# %s\n", s.Source)
			for _, text := range optionTexts(s.Value) {
				fmt.Fprintf(&b, "%s = %s\n", name, quotedValue(text))
			}
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// quotedValue quotes a value that the parser of configuration files would otherwise change.
func quotedValue(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "$", "$$"), "\n", "\n    ")
	if text != strings.TrimSpace(text) || text != "" && (text[0] == '"' || text[0] == '\'') {
		return `"` + text + `"`
	}
	return text
}

// optionTexts formats a value as in a configuration file; a list of dicts has one line per dict.
func optionTexts(v any) []string {
	switch v := v.(type) {
	case []string:
		return []string{strings.Join(v, ",")}
	case []int:
		return []string{strings.Trim(strings.ReplaceAll(fmt.Sprint(v), " ", ","), "[]")}
	case map[string]string:
		return []string{dictText(v)}
	case []map[string]string:
		var out []string
		for _, m := range v {
			out = append(out, dictText(m))
		}
		return out
	}
	return []string{fmt.Sprint(v)}
}

func dictText(m map[string]string) string {
	var pairs []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		pairs = append(pairs, k+":"+m[k])
	}
	return strings.Join(pairs, ",")
}
