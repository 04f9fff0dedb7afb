package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/nova-go/nova/compute"
)

// routesCommand is the subcommand that prints all operations.
func routesCommand() *cobra.Command {
	var format, microversion string
	cmd := &cobra.Command{
		Use:   "routes",
		Short: "Print the table of operations",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if microversion != "" && format != "openapi" {
				return errors.New("--microversion is for --format openapi")
			}
			switch format {
			case "openapi":
				document, err := compute.OpenAPI(microversion)
				if err == nil {
					_, err = cmd.OutOrStdout().Write(append(document, '\n'))
				}
				return err
			case "text":
				return printRoutes(cmd.OutOrStdout())
			case "markdown":
				return documentRoutes(cmd.OutOrStdout())
			}
			return fmt.Errorf("--format %q is not known: use text, markdown or openapi", format)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "`text`, markdown or openapi; docs/ROUTES.md is the output for markdown")
	cmd.Flags().StringVar(&microversion, "microversion", "",
		"with --format openapi: `version` of the operations, such as 2.96; without it each is described at its last one")
	return cmd
}

// stateText is the text of the column State: whether the operation is implemented, or the status with which a removed API answers.
func stateText(o compute.Operation) string {
	if o.Gone != 0 {
		return fmt.Sprint("answers ", o.Gone)
	}
	return "done"
}

// operationCount returns the number of operations. Several rows may describe one operation.
func operationCount(all []compute.Operation) int {
	names := map[string]bool{}
	for _, o := range all {
		names[o.Name] = true
	}
	return len(names)
}

// printRoutes writes the operations as a table for terminals.
func printRoutes(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	all := compute.Operations()
	for _, o := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", o.Request, o.Name, o.Versions, o.Policy, stateText(o))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%d operations\n", operationCount(all))
	return err
}

// documentRoutes writes docs/ROUTES.md.
func documentRoutes(out io.Writer) error {
	all := compute.Operations()
	var b strings.Builder
	fmt.Fprintf(&b, `# Operations of the compute API

Written by `+"`nova-api routes --format markdown`"+` from the rows in compute/internal/*/routes.go; do not edit. The columns are:

- Versions: the microversions of the operation, without the major version 2.
- Errors: the statuses of the operation's own errors. Every operation may also answer 400 (the request does not match its
  schema), 401, 403 (policy) and 503 (a database is unreachable).
- Policy: the rule without the prefix "os_compute_api:". It is checked against the caller, unless the column states another target.
- Further rules: rules that are checked for parts of the operation or of its answer.
- Schemas: those of the body or of the query, each with the microversion at which it begins.

There are %d operations.

| Request | Operation | Versions | Success | Errors | Policy | Further rules | Schemas | State |
|---|---|---|---|---|---|---|---|---|
`, operationCount(all))
	for _, o := range all {
		success := fmt.Sprint(o.Success)
		if o.Success == 0 {
			success = ""
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", o.Request, o.Name, strings.ReplaceAll(o.Versions, "2.", ""), success,
			strings.Trim(fmt.Sprint(o.Errors), "[]"), withoutPrefix(o.Policy), withoutPrefix(strings.Join(o.Also, " ")), o.Schemas, stateText(o))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// withoutPrefix removes the prefix of Nova's API from the names of rules.
func withoutPrefix(rules string) string { return strings.ReplaceAll(rules, "os_compute_api:", "") }
