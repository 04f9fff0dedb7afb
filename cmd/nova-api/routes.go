package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/nova-go/nova/compute"
)

// routes prints every operation, and how many of them are done.
func routes() *cobra.Command {
	return &cobra.Command{
		Use:   "routes",
		Short: "Print the table of operations, and how many of them are done",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return printRoutes(cmd.OutOrStdout()) },
	}
}

func printRoutes(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	ops := map[string]bool{}
	for _, r := range compute.Routes() {
		state := "done"
		switch {
		case r.Gone != 0:
			state = fmt.Sprint("answers ", r.Gone)
		case !r.Done():
			state = "501"
		}
		done, known := ops[r.Op]
		ops[r.Op] = r.Done() && (done || !known)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.Key(), r.Op, r.Span(), r.Authz, state)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	done := 0
	for _, d := range ops {
		if d {
			done++
		}
	}
	_, err := fmt.Fprintf(out, "%d of %d operations are done\n", done, len(ops))
	return err
}
