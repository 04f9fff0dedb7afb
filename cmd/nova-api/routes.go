package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/compute/api"
)

// routes prints every operation, and how many of them are done.
func routes() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "routes",
		Short: "Print the table of operations, and how many of them are done",
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
func state(r *api.Route) string {
	switch {
	case r.Gone != 0:
		return fmt.Sprint("answers ", r.Gone)
	case !r.Done():
		return "501"
	}
	return "done"
}

// progress counts operations; one with a row that is not done is not done.
func progress(rows []api.Route) (done, all int) {
	ops := map[string]bool{}
	for _, r := range rows {
		before, known := ops[r.Op]
		ops[r.Op] = r.Done() && (before || !known)
	}
	for _, d := range ops {
		if d {
			done++
		}
	}
	return done, len(ops)
}

func printRoutes(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	rows := compute.Routes()
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.Key(), r.Op, r.Span(), r.Authz, state(&r))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	done, all := progress(rows)
	_, err := fmt.Fprintf(out, "%d of %d operations are done\n", done, all)
	return err
}

// documentRoutes writes docs/ROUTES.md.
func documentRoutes(out io.Writer) error {
	rows := compute.Routes()
	done, all := progress(rows)
	var b strings.Builder
	fmt.Fprintf(&b, `# Operations of the compute API

Written by `+"`nova-api routes --format markdown`"+` from the rows in compute/*/routes.go; do not edit. Microversions are
of major version 2. Policy rules stand without "os_compute_api:" in front, and are checked against the caller where not said
otherwise. Beside the errors listed, every operation may answer 400 (a request that its schema refuses), 401, 403 (policy) and
503 (a database is away). Schemas are those of body or query, each from the microversion where it begins.

%d of %d operations are done; the others answer 501.

| Request | Operation | Versions | Success | Errors | Policy | Schemas | State |
|---|---|---|---|---|---|---|---|
`, done, all)
	for _, r := range rows {
		success := fmt.Sprint(r.OK)
		if r.OK == 0 {
			success = ""
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", r.Key(), r.Op, strings.ReplaceAll(r.Span(), "2.", ""), success,
			strings.Trim(fmt.Sprint(r.Errors), "[]"), strings.ReplaceAll(r.Authz.String(), "os_compute_api:", ""), schemas(&r), state(&r))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// schemas are the versions in which an operation's schemas begin: "body 0 1 55".
func schemas(r *api.Route) string {
	var parts []string
	for _, kind := range []struct {
		name  string
		since api.Since
	}{{"body", r.Body}, {"query", r.Query}} {
		if len(kind.since) == 0 {
			continue
		}
		part := kind.name
		for _, v := range slices.Sorted(maps.Keys(kind.since)) {
			if v == 0 {
				part += " v2"
			} else {
				part += fmt.Sprint(" ", uint16(v))
			}
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}
