package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/nova-go/nova/compute"
)

// routes prints every operation.
func routes() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "routes",
		Short: "Print the table of operations",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch format {
			case "text":
				return printRoutes(cmd.OutOrStdout())
			case "markdown":
				return documentRoutes(cmd.OutOrStdout())
			}
			return fmt.Errorf("--format %q is not known: use text or markdown", format)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "`text` or markdown; docs/ROUTES.md is the latter")
	return cmd
}

// state is what becomes of a request for an operation.
func state(o compute.Operation) string {
	if o.Gone != 0 {
		return fmt.Sprint("answers ", o.Gone)
	}
	return "done"
}

// count counts operations; several rows may be about one.
func count(all []compute.Operation) int {
	names := map[string]bool{}
	for _, o := range all {
		names[o.Name] = true
	}
	return len(names)
}

func printRoutes(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	all := compute.Operations()
	for _, o := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", o.Request, o.Name, o.Versions, o.Policy, state(o))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%d operations\n", count(all))
	return err
}

// documentRoutes writes docs/ROUTES.md.
func documentRoutes(out io.Writer) error {
	all := compute.Operations()
	var b strings.Builder
	fmt.Fprintf(&b, `# Operations of the compute API

Written by `+"`nova-api routes --format markdown`"+` from the rows in compute/internal/*/routes.go; do not edit. Microversions are
of major version 2. Policy rules stand without "os_compute_api:" in front, and are checked against the caller where not said
otherwise; further rules guard parts of an operation, or what it shows. Beside the errors listed, every operation may answer
400 (a request that its schema refuses), 401, 403 (policy) and 503 (a database is away). Schemas are those of body or query, each
from the microversion where it begins.

There are %d operations.

| Request | Operation | Versions | Success | Errors | Policy | Also asked | Schemas | State |
|---|---|---|---|---|---|---|---|---|
`, count(all))
	for _, o := range all {
		success := fmt.Sprint(o.Success)
		if o.Success == 0 {
			success = ""
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", o.Request, o.Name, strings.ReplaceAll(o.Versions, "2.", ""), success,
			strings.Trim(fmt.Sprint(o.Errors), "[]"), short(o.Policy), short(strings.Join(o.Also, " ")), o.Schemas, state(o))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// short is text with the names of rules as they stand in the document.
func short(rules string) string { return strings.ReplaceAll(rules, "os_compute_api:", "") }
