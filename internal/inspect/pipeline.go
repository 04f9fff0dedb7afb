package inspect

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/startup"
	"github.com/nova-go/nova/paste"
)

func (s Service) pipeline() *cobra.Command {
	var from files
	cmd := &cobra.Command{
		Use:   "pipeline",
		Short: "Print what the paste file describes, without building it",
		Long: "Print what the paste file describes, without building it.\n\n" +
			"A --config-file with sections such as [composite:...], [pipeline:...] or [app:...] is taken for the\n" +
			"paste file, any other for configuration, which names the paste file in [wsgi] api_paste_config.",
		Args: cobra.NoArgs,
	}
	from.register(cmd)
	name := cmd.Flags().String("name", s.PasteName, "`name` of the application in the paste file")
	chosen := formatFlag(cmd, "text", "json", "dot")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		how, err := chosen()
		if err != nil {
			return err
		}
		c, file, err := from.paste(s.Prog)
		if err != nil {
			return err
		}
		o := paste.Options{Warn: func(p paste.Problem) { fmt.Fprintln(cmd.ErrOrStderr(), "warning:", p.Error()) }}
		if c.WSGI.UnknownFilters == "skip" {
			o.UnknownFilters = paste.Skip
		}
		n, err := paste.Describe(file, *name, s.Registry(c), o)
		if err != nil {
			return err
		}
		switch how {
		case "json":
			return printJSON(cmd.OutOrStdout(), n)
		case "dot":
			return printDot(cmd.OutOrStdout(), n)
		}
		return printTree(cmd.OutOrStdout(), n, "", "")
	}
	return cmd
}

// paste loads the configuration and finds the paste file. If one of the files is a paste file,
// it is used. If it is the only file, all options have their defaults, so that a paste file can
// be inspected without a configuration of Nova.
func (f *files) paste(prog string) (*config.Config, string, error) {
	var conf []string
	file := ""
	for _, arg := range f.args {
		name, named := strings.CutPrefix(arg, "--config-file=")
		if !named {
			conf = append(conf, arg)
			continue
		}
		text, err := os.ReadFile(name)
		if err == nil && paste.IsPasteFile(string(text)) {
			if file != "" {
				return nil, "", fmt.Errorf("--config-file: both %s and %s are paste files", file, name)
			}
			file = name
			continue
		}
		conf = append(conf, arg)
	}
	alone := file != "" && len(conf) == 0
	c, err := config.Load(config.Sources{Args: conf, Env: os.Environ(), Prog: prog, NoDefaults: alone})
	if err != nil {
		return nil, "", err
	}
	if file == "" {
		file = startup.PasteFile(c)
	}
	return c, file, nil
}

// printTree writes a line per node: its place in a composite, its name, and its kind or
// factory.
func printTree(w io.Writer, n *paste.Node, first, rest string) error {
	line := first
	if n.At != "" && n.At != n.Name {
		line += n.At + " -> "
	}
	line += n.Name
	switch {
	case n.Kind == "pipeline":
		line += " (pipeline)"
	case n.Skipped:
		line += " (skipped: no such factory as " + n.Factory + ")"
	default:
		line += " (" + n.Kind + " " + n.Factory + ")"
	}
	if _, err := fmt.Fprintln(w, line); err != nil {
		return err
	}
	for i, c := range n.Children {
		branch, trunk := "├─ ", "│  "
		if i == len(n.Children)-1 {
			branch, trunk = "└─ ", "   "
		}
		if err := printTree(w, c, rest+branch, rest+trunk); err != nil {
			return err
		}
	}
	return nil
}

// printDot writes a graph for Graphviz, whose arrows follow the requests.
func printDot(w io.Writer, n *paste.Node) error {
	g := &dot{}
	g.node(n)
	_, err := fmt.Fprintf(w, "digraph %s {\n  rankdir=LR;\n  node [shape=box];\n%s}\n", quote(n.Name), g.lines.String())
	return err
}

type dot struct {
	lines strings.Builder
	count int
}

// node writes a node and its children. It returns the id of the node that receives the
// requests.
func (g *dot) node(n *paste.Node) string {
	if n.Kind == "pipeline" && len(n.Children) > 0 {
		first, last := "", ""
		for _, c := range n.Children {
			id := g.node(c)
			if last == "" {
				first = id
			} else {
				g.arrow(last, id, "")
			}
			last = id
		}
		return first
	}
	g.count++
	id := fmt.Sprintf("n%d", g.count)
	style := map[string]string{"composite": ", shape=diamond", "app": ", style=bold"}[n.Kind]
	if n.Skipped {
		style = ", style=dashed"
	}
	fmt.Fprintf(&g.lines, "  %s [label=%s, tooltip=%s%s];\n", id, quote(n.Name), quote(n.Factory), style)
	for _, c := range n.Children {
		g.arrow(id, g.node(c), c.At)
	}
	return id
}

func (g *dot) arrow(from, to, label string) {
	fmt.Fprintf(&g.lines, "  %s -> %s", from, to)
	if label != "" {
		fmt.Fprintf(&g.lines, " [label=%s]", quote(label))
	}
	g.lines.WriteString(";\n")
}

var dotQuotes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func quote(s string) string { return `"` + dotQuotes.Replace(s) + `"` }
