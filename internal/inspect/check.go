package inspect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/rest"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/internal/servicegroup"
	"github.com/nova-go/nova/internal/startup"
	"github.com/nova-go/nova/paste"
)

// Finding is one line of the output of check.
type Finding struct {
	Severity string `json:"severity"` // "error", "warning" or, with --verbose, "note"
	Area     string `json:"area"`     // "config", "paste", "policy" or "service"
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Section  string `json:"section,omitempty"`
	Option   string `json:"option,omitempty"`
	Message  string `json:"message"`
}

// String returns "error: FILE:LINE: [section] option: message".
func (f Finding) String() string {
	var b strings.Builder
	b.WriteString(f.Severity + ": ")
	if f.File != "" {
		b.WriteString(f.File)
		if f.Line > 0 {
			fmt.Fprintf(&b, ":%d", f.Line)
		}
		b.WriteString(": ")
	}
	if f.Section != "" {
		b.WriteString("[" + f.Section + "]")
		if f.Option != "" {
			b.WriteString(" " + f.Option)
		}
		b.WriteString(": ")
	}
	b.WriteString(f.Message)
	return strings.ReplaceAll(b.String(), "\n", " ")
}

// The exit statuses of check.
const (
	Clean    = 0
	HasError = 1
	HasWarns = 2 // and no errors
)

// policyLine matches the errors of policy files.
var policyLine = regexp.MustCompile(`^policy: (.*?): (?:yaml: )?line (\d+): (.*)`)

// findings collects findings.
type findings struct{ list []Finding }

func (f *findings) add(severity, area string, err error) {
	one := Finding{Severity: severity, Area: area}
	var many config.Errors
	var option *config.Error
	var syntax *config.SyntaxError
	var place *paste.Error
	switch {
	case errors.As(err, &many) && len(many) > 1:
		for _, e := range many {
			f.add(severity, area, e)
		}
		return
	case errors.As(err, &option):
		f.option(severity, option.Problem)
		return
	case errors.As(err, &syntax):
		one.File, one.Line = syntax.File, syntax.Line
		one.Message = strings.TrimPrefix(syntax.Error(), fmt.Sprintf("%s:%d: ", syntax.File, syntax.Line))
	case errors.As(err, &place):
		one.File, one.Line, one.Section, one.Option, one.Message = place.File, place.Line, place.Section, place.Option, place.Err.Error()
		if place.Factory != "" {
			one.Message = fmt.Sprintf("factory %q: %s", place.Factory, one.Message)
		}
	default:
		one.Message = err.Error()
		if m := policyLine.FindStringSubmatch(one.Message); m != nil && area == "policy" {
			one.File, one.Message = m[1], m[3]
			one.Line, _ = strconv.Atoi(m[2])
		}
	}
	f.list = append(f.list, one)
}

func (f *findings) option(severity string, p config.Problem) {
	one := Finding{Severity: severity, Area: "config", File: p.File, Line: p.Line, Section: p.Group, Option: p.Option, Message: p.Message}
	if p.Kind == config.FromEnv || p.Kind == config.FromFlag {
		one.Message += " (" + p.Origin.String() + ")"
	}
	f.list = append(f.list, one)
}

func (f *findings) status() int {
	status := Clean
	for _, one := range f.list {
		switch one.Severity {
		case "error":
			return HasError
		case "warning":
			status = HasWarns
		}
	}
	return status
}

func (s Service) check() *cobra.Command {
	var from files
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Look for mistakes in configuration, paste file and policy, and for services that do not answer",
		Long: "Look for mistakes in configuration, paste file and policy, and for services that do not answer.\n\n" +
			"A line per problem, and one with their numbers. The exit status is 0 if there is none, 1 if there are errors,\n" +
			"2 if there are warnings only.",
		Args: cobra.NoArgs,
	}
	from.register(cmd)
	chosen := formatFlag(cmd, "text", "json")
	verbose := cmd.Flags().Bool("verbose", false, "note the options that are set and mean nothing to this service, too")
	offline := cmd.Flags().Bool("offline", false, "ask no service")
	timeout := cmd.Flags().Duration("timeout", 5*time.Second, "how long a service may take to answer")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		how, err := chosen()
		if err != nil {
			return err
		}
		o := CheckOptions{Inis: from.inis, Args: from.args, Env: os.Environ(), Timeout: *timeout}
		o.Verbose = *verbose
		if *offline {
			o.Timeout = 0
		}
		list, status := s.Check(cmd.Context(), o)
		if err := printFindings(cmd.OutOrStdout(), list, how); err != nil {
			return err
		}
		if status != Clean {
			os.Exit(status)
		}
		return nil
	}
	return cmd
}

func printFindings(w io.Writer, list []Finding, how string) error {
	if how == "json" {
		if list == nil {
			list = []Finding{}
		}
		return printJSON(w, list)
	}
	counts := map[string]int{}
	for _, f := range list {
		counts[f.Severity]++
		if _, err := fmt.Fprintln(w, f); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%s, %s\n", counted(counts["error"], "error"), counted(counts["warning"], "warning"))
	return err
}

// CheckOptions configure Check.
type CheckOptions struct {
	Inis        []string // uWSGI files, whose environment, arguments and directory the process gets
	Files, Args []string // as for config.Sources
	Env         []string
	Timeout     time.Duration // of the request to each service; 0: services are not checked
	Verbose     bool          // includes notes
}

// Check returns all findings, and the exit status of the process.
func (s Service) Check(ctx context.Context, o CheckOptions) ([]Finding, int) {
	f := &findings{}
	from := files{args: o.Args, inis: o.Inis}
	ini, err := from.uwsgi()
	if err != nil {
		return []Finding{uwsgiFinding("error", err.Error())}, HasError
	}
	if ini != nil {
		o.Env = os.Environ() // with that of the files
		s.checkUWSGI(f, ini)
	}
	c, err := config.Load(config.Sources{Files: o.Files, Args: from.args, Env: o.Env, Prog: s.Prog})
	if err != nil {
		f.add("error", "config", err)
		return f.list, f.status()
	}
	for _, p := range c.Warnings() {
		f.option("warning", p)
	}
	for _, p := range c.Unknown() {
		f.option("warning", p)
	}
	told, quiet := startup.UnheededIn(c)
	for _, p := range told {
		f.option("warning", p)
	}
	if o.Verbose {
		for _, p := range quiet {
			f.option("note", p)
		}
	}
	if _, err := log.LeftOut(c.Default.Log); err != nil {
		f.optionError(c, err, "DEFAULT")
	}
	if err := startup.CheckDeprecations(c); err != nil {
		f.add("error", "config", err)
	}
	if err := log.Check(c.Default.Log); err != nil {
		f.optionError(c, err, "DEFAULT")
	}
	if s.PasteName == "osapi_compute" { // the metadata service does not ask which services are up
		if _, err := servicegroup.Reports(c, zerolog.Nop()); err != nil {
			f.optionError(c, err, "DEFAULT")
		}
		if _, err := startup.PCIAliases(c); err != nil {
			f.add("error", "config", err)
		}
	}
	s.checkPaste(f, c)
	serves := checkRelease(f, c)
	databases, err := startup.OpenDatabases(ctx, c, nil, zerolog.Nop())
	sessions := s.checkSessions(f, c)
	services := &findings{}
	if o.Timeout > 0 {
		serves = askServices(ctx, services, c, databases, sessions, o.Timeout, serves)
	}
	checkPolicy(f, c, serves)
	checkTransports(f, c)
	if err != nil {
		f.add("error", "config", err)
	}
	f.list = append(f.list, services.list...)
	return f.list, f.status()
}

// counted returns a number with a noun: "1 error", "2 errors".
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprint(n, " ", noun)
}

// optionError matches errors about options: "[group] option: …" and "transport_url: …".
var optionError = regexp.MustCompile(`^(?:\[(\w+)\] )?(\w+): (.*)`)

// checkTransports reports transport URLs and options of the transport with which the service does
// not start.
func checkTransports(f *findings, c *config.Config) {
	pool, err := rpc.NewPool(rpc.FromConfig(c, zerolog.Nop()))
	if err != nil {
		f.optionError(c, err, "DEFAULT")
		return
	}
	defer func() { _ = pool.Close() }()
	if u := c.OsloMessagingNotifications.TransportURL; u != "" {
		if _, err := pool.Client(u); err != nil {
			f.optionError(c, err, "oslo_messaging_notifications")
		}
	}
}

// optionError adds an error that begins with the name of an option, in group if the error names none.
func (f *findings) optionError(c *config.Config, err error, group string) {
	m := optionError.FindStringSubmatch(err.Error())
	if m == nil {
		f.add("error", "config", err)
		return
	}
	if m[1] != "" {
		group = m[1]
	}
	f.option("error", config.Problem{Origin: c.Where(group, m[2]), Group: group, Option: m[2], Message: m[3]})
}

// checkSessions reports options of other services with which the service does not start, or
// cannot use them, and returns the sessions.
func (s Service) checkSessions(f *findings, c *config.Config) []*rest.Session {
	if s.Sessions == nil {
		return nil
	}
	sessions, failed := s.Sessions(c)
	for _, err := range failed {
		if m := optionError.FindStringSubmatch(err.Error()); m != nil && m[1] == "keystone_authtoken" {
			continue // the paste factory of auth_token reports it
		}
		f.optionError(c, err, "DEFAULT")
	}
	for _, session := range sessions {
		if why := withoutLogin[session.Group()]; why != "" && session.AuthType() == "" {
			f.option("error", config.Problem{Group: session.Group(), Option: "auth_type", Message: "is not set: " + why})
		}
	}
	return sessions
}

// withoutLogin tells, by group, what the service cannot do without credentials.
var withoutLogin = map[string]string{
	"keystone_authtoken": "no token can be verified",
	"placement":          "requests to Placement fail",
	"neutron":            "requests to Neutron that need Nova's own user fail",
	"service_user":       "requests with a service token fail",
}

// checkRelease returns the release that [wsgi] release names, or the newest one.
func checkRelease(f *findings, c *config.Config) release.Release {
	if c.WSGI.Release == "" {
		return release.Newest()
	}
	r, err := release.Find(c.WSGI.Release)
	if err != nil {
		f.option("error", config.Problem{Origin: c.Where("wsgi", "release"), Group: "wsgi", Option: "release", Message: err.Error()})
		return release.Newest()
	}
	return r
}

func (s Service) checkPaste(f *findings, c *config.Config) {
	file, registry := startup.PasteFile(c), s.Registry(c)
	severity := "error"
	o := paste.Options{}
	if c.WSGI.UnknownFilters == "skip" {
		severity, o.UnknownFilters = "warning", paste.Skip
	}
	known := paste.Registry{}
	for _, other := range s.Others {
		maps.Copy(known, other(c))
	}
	maps.Copy(known, registry)
	reached, unreached := paste.Check(file, s.PasteName, known, paste.Options{})
	before := len(f.list)
	for _, p := range reached {
		p.Err = withHint(c, p, known, o)
		if errors.Is(&p, paste.ErrUnknownFactory) && isFilter(p) {
			f.add(severity, "paste", &p)
		} else {
			f.add("error", "paste", &p)
		}
	}
	// Errors of the factories occur only when the application is built.
	var remarks logLines
	if _, err := paste.Load(file, s.PasteName, remarking(c, registry, &remarks), o); err != nil && !contains(f.list[before:], err) {
		f.add("error", "paste", err)
	}
	f.list = append(f.list, remarkFindings(file, remarks)...)
	for _, p := range unreached {
		p.Err = fmt.Errorf("%w (the application does not reach this section)", p.Err)
		f.add("warning", "paste", &p)
	}
}

// withHint returns the error of a problem of the paste file with startup's hint, if there is one.
func withHint(c *config.Config, p paste.Problem, known paste.Registry, o paste.Options) error {
	if hint := startup.PasteHint(c, &p, known, o); hint != "" {
		return fmt.Errorf("%w%s", p.Err, hint)
	}
	return p.Err
}

func isFilter(p paste.Problem) bool { return strings.HasPrefix(p.Section, "filter:") }

// contains reports whether the list already contains an error.
func contains(list []Finding, err error) bool {
	one := &findings{}
	one.add("error", "paste", err)
	for _, f := range list {
		if f.Section == one.list[0].Section && strings.HasPrefix(f.Message, one.list[0].Message) {
			return true
		}
	}
	return false
}

func checkPolicy(f *findings, c *config.Config, r release.Release) {
	var warnings logLines
	enforcer, err := startup.OpenPolicy(c, r, zerolog.New(&warnings))
	if err != nil {
		f.add("error", "policy", err)
	}
	for _, w := range warnings {
		f.list = append(f.list, Finding{Severity: "warning", Area: "policy", Message: w})
	}
	if enforcer == nil {
		return
	}
	var names []string
	for _, d := range policy.Defaults(r) {
		names = append(names, string(d.Name))
	}
	for _, u := range enforcer.Unknown() {
		message := fmt.Sprintf("rule %s: Nova %s has no such rule", u.Rule, r.ID)
		if near := config.Nearest(string(u.Rule), names); near != "" {
			message += "; did you mean " + near + "?"
		}
		f.list = append(f.list, Finding{Severity: "warning", Area: "policy", File: u.File, Line: u.Line, Message: message})
	}
}
