package inspect

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/memcache"
	"github.com/nova-go/nova/internal/quota"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/rest"
	"github.com/nova-go/nova/internal/rest/keystone"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/internal/startup"
)

// logLines collects the messages of a zerolog.Logger.
type logLines []string

func (l *logLines) Write(b []byte) (int, error) {
	var event struct{ Message string }
	if json.Unmarshal(b, &event) == nil && event.Message != "" {
		*l = append(*l, event.Message)
	}
	return len(b), nil
}

// serviceChecks checks services concurrently, and keeps their findings in the order of the calls.
type serviceChecks struct {
	config  *config.Config
	timeout time.Duration
	wait    sync.WaitGroup
	results []*[]Finding
	serves  release.Release // that of the deployment, when it has been found
}

// at returns a finding about the service of an option.
func (r *serviceChecks) at(severity, group, option, message string) Finding {
	where := r.config.Where(group, option)
	return Finding{Severity: severity, Area: "service", File: where.File, Line: where.Line, Section: group, Option: option, Message: message}
}

// ask runs one check of the service of an option; its error becomes a finding.
func (r *serviceChecks) ask(ctx context.Context, severity, group, option string, question func(context.Context) error) {
	r.askMany(func() []Finding {
		ctx, cancel := context.WithTimeout(ctx, r.timeout)
		defer cancel()
		if err := question(ctx); err != nil {
			return []Finding{r.at(severity, group, option, err.Error())}
		}
		return nil
	})
}

func (r *serviceChecks) askMany(question func() []Finding) {
	at := new([]Finding)
	r.results = append(r.results, at)
	r.wait.Go(func() { *at = question() })
}

// askServices checks the services, and returns the release of the deployment; assumed if it
// cannot be found.
func askServices(ctx context.Context, f *findings, c *config.Config, d *startup.Databases, sessions []*rest.Session, timeout time.Duration,
	assumed release.Release) release.Release {
	r := &serviceChecks{config: c, timeout: timeout, serves: assumed}
	if d != nil {
		r.ask(ctx, "error", "database", "connection", func(ctx context.Context) error { return checkDatabase(ctx, d.Main, "the database") })
	}
	if d != nil && d.API != nil {
		r.apiDatabase(ctx, d.API)
		r.cells(ctx, d)
	}
	if d != nil {
		r.release(ctx, d)
	}
	r.askMany(func() []Finding { return r.broker(ctx, c.Default.TransportURL, "DEFAULT", "transport_url") })
	if u := c.OsloMessagingNotifications.TransportURL; u != "" && u != c.Default.TransportURL {
		r.askMany(func() []Finding { return r.broker(ctx, u, "oslo_messaging_notifications", "transport_url") })
	}
	r.sessions(ctx, sessions)
	if c.Quota.Driver == quota.UnifiedDriver {
		r.limits(ctx)
	}
	r.memcached(ctx, "keystone_authtoken", "memcached_servers", c.KeystoneAuthtoken.MemcachedServers)
	if c.Default.ServicegroupDriver == "mc" {
		r.memcached(ctx, "cache", "memcache_servers", c.Cache.MemcacheServers)
	}
	r.wait.Wait()
	for _, list := range r.results {
		f.list = append(f.list, *list...)
	}
	return r.serves
}

// memcached checks memcached servers. Unreachable servers are a warning, because they affect
// only the speed.
func (r *serviceChecks) memcached(ctx context.Context, group, option string, servers []string) {
	for _, name := range servers {
		r.ask(ctx, "warning", group, option, func(ctx context.Context) error {
			network, address := memcache.Address(name)
			return checkAddress(ctx, network, address, "memcached at "+name)
		})
	}
}

func checkDatabase(ctx context.Context, d *db.DB, what string) error {
	var one int
	err := d.One(ctx, []any{&one}, "SELECT 1")
	if err == nil {
		return nil
	}
	if why, ok := db.Refusal(err); ok {
		return fmt.Errorf("%s at %s %s", what, d.Address(), why)
	}
	return fmt.Errorf("%s does not answer: %w", what, rest.Cause(ctx, err))
}

// checkSchema compares the revisions of the schema of a database with those that it should have; nil:
// any. A database that lacks a table of Nova's cannot be used (an error). Other revisions are a
// warning, because databases have different ones during an upgrade.
func checkSchema(ctx context.Context, d *db.DB, what, table string, want []string, sync string) (severity string, err error) {
	if err := d.Each(ctx, func(*sql.Rows) error { return nil }, "SELECT 1 FROM "+table+" LIMIT 1"); err != nil {
		return "error", fmt.Errorf("%s cannot be used: %w (nova-manage %s makes the schema)", what, rest.Cause(ctx, err), sync)
	}
	heads, err := startup.SchemaHeads(ctx, d)
	switch {
	case err != nil:
		return "warning", fmt.Errorf("the revision of %s cannot be read: %w", what, rest.Cause(ctx, err))
	case len(want) > 0 && !slices.Equal(heads, want):
		return "warning", fmt.Errorf("%s has the revision %s and not %s (nova-manage %s brings it up to date)", what, strings.Join(heads, ", "),
			strings.Join(want, ", "), sync)
	}
	return "", nil
}

// apiDatabase checks the API database. The check of the release compares the schema of the main
// database.
func (r *serviceChecks) apiDatabase(ctx context.Context, d *db.DB) {
	r.askMany(func() []Finding {
		ctx, cancel := context.WithTimeout(ctx, r.timeout)
		defer cancel()
		if err := checkDatabase(ctx, d, "the database"); err != nil {
			return []Finding{r.at("error", "api_database", "connection", err.Error())}
		}
		severity, err := checkSchema(ctx, d, "the database", "cell_mappings", []string{release.APIHead}, "api_db sync")
		if err != nil {
			return []Finding{r.at(severity, "api_database", "connection", err.Error())}
		}
		return nil
	})
}

// release checks the release of the deployment. Other checks report unreachable databases.
func (r *serviceChecks) release(ctx context.Context, d *startup.Databases) {
	r.askMany(func() []Finding {
		asking, cancel := context.WithTimeout(ctx, r.timeout)
		defer cancel()
		found, err := (&startup.Deployment{Config: r.config, Databases: d}).Find(asking)
		var other *startup.OtherReleaseError
		var database *startup.DatabaseError
		switch {
		case err == nil:
			r.serves = found.Release
			return r.found(asking, d, found)
		case errors.As(err, &other):
			return []Finding{r.at("error", "database", "connection", other.Error())}
		case errors.As(err, &database) && database.Group == "database" && checkDatabase(asking, d.Main, "") == nil:
			return []Finding{r.at("error", database.Group, "connection", "the database cannot be used: "+database.Reason())}
		}
		return nil
	})
}

// found reports the release of the deployment, and nova-computes that are too old for it.
func (r *serviceChecks) found(ctx context.Context, d *startup.Databases, f startup.Found) []Finding {
	out := []Finding{r.at("note", "wsgi", "release", fmt.Sprintf("serves as Nova %s (%s), with microversions up to 2.%d: %s",
		f.Release.Version, f.Release, f.Release.Microversion, f.From))}
	if heads, err := startup.SchemaHeads(ctx, d.Main); err == nil && slices.Contains(heads, release.APIHead) {
		f.Warnings = nil // about this revision
		out = append(out, r.at("error", "database", "connection",
			"the database has the schema of an API database, which [api_database] is about"))
	}
	for _, warning := range f.Warnings {
		out = append(out, r.at("warning", "database", "connection", warning))
	}
	var tooOld *startup.TooOldError
	if err := startup.CheckComputes(ctx, d, f.Release); errors.As(err, &tooOld) {
		severity := "error"
		if r.config.Workarounds.DisableComputeServiceCheckForFFU {
			severity = "warning"
		}
		out = append(out, r.at(severity, "database", "connection", tooOld.Error()))
	}
	return out
}

// cells checks the databases and the brokers of all cells.
func (r *serviceChecks) cells(ctx context.Context, d *startup.Databases) {
	r.askMany(func() []Finding {
		asking, cancel := context.WithTimeout(ctx, r.timeout)
		defer cancel()
		cells, err := d.Cells.All(asking)
		if wrong, ok := errors.AsType[*db.URLError](err); ok && wrong != nil {
			return []Finding{{Severity: "error", Area: "service", Message: err.Error()}}
		}
		if err != nil {
			return nil // the check of the API database reports it
		}
		main, err := startup.SchemaHeads(asking, d.Main)
		if err != nil || !knownHead(main) {
			main = nil // the check of the release reports it
		}
		var out []Finding
		brokers := []string{r.config.Default.TransportURL}
		for _, result := range db.Scatter(asking, cells, func(ctx context.Context, c *db.Cell) (string, error) {
			if err := checkDatabase(ctx, c.DB, "its database"); err != nil {
				return "error", err
			}
			return checkSchema(ctx, c.DB, "its database", "instances", main, "db sync")
		}) {
			in := func(message string) string {
				return fmt.Sprintf("cell %s (%s): %s", result.Cell.Name, result.Cell.UUID, message)
			}
			if result.Err != nil {
				out = append(out, Finding{Severity: cmp.Or(result.Value, "error"), Area: "service", Message: in(result.Err.Error())})
			}
			u := result.Cell.TransportURL
			if slices.Contains(brokers, u) {
				continue
			}
			brokers = append(brokers, u)
			for _, f := range r.broker(ctx, u, "", "") {
				f.Message = in(f.Message)
				out = append(out, f)
			}
		}
		return out
	})
}

// broker logs in to the hosts of a transport URL. If one answers, unreachable hosts are only a
// warning.
func (r *serviceChecks) broker(ctx context.Context, transport, group, option string) []Finding {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	hosts, problems, err := rpc.Probe(ctx, rpc.FromConfig(r.config, zerolog.Nop()), transport)
	if err != nil {
		if group != "" {
			return nil // checkTransports reports it
		}
		return []Finding{r.at("error", group, option, err.Error())}
	}
	var out []Finding
	for _, p := range problems {
		severity := "warning"
		if p.Refused || len(problems) == hosts {
			severity = "error"
		}
		out = append(out, r.at(severity, group, option, fmt.Sprintf("RabbitMQ at %s %s", p.Host, p.Reason)))
	}
	return out
}

func checkAddress(ctx context.Context, network, address, what string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return fmt.Errorf("%s does not answer: %w", what, rest.Cause(ctx, err))
	}
	return conn.Close()
}

// optionalServices are the groups of services that many deployments do not have. Their problems are
// warnings, and no problem if the group has no credentials.
var optionalServices = []string{"manila", "cyborg", "ironic", "keystone", "cinder"}

// sessions checks the logins and endpoints of other services.
func (r *serviceChecks) sessions(ctx context.Context, sessions []*rest.Session) {
	r.askMany(func() []Finding {
		ctx, cancel := context.WithTimeout(ctx, r.timeout)
		defer cancel()
		var out []Finding
		for _, p := range rest.Probe(ctx, sessions) {
			severity := "error"
			switch {
			case p.Soon:
				severity = "warning"
			case p.Missing && p.Group == "keystone_authtoken":
				continue // auth_url is used
			case slices.Contains(optionalServices, p.Group):
				if auth, err := r.config.Auth(p.Group); err == nil && auth.AuthType == "" && p.Group != "cinder" {
					continue
				}
				severity = "warning"
			}
			option := p.Option
			if p.Group == "cinder" {
				option = cmp.Or(cinderOptions[p.Option], p.Option)
			}
			out = append(out, r.at(severity, p.Group, option, p.Reason))
		}
		return out
	})
}

// cinderOptions are the options of [cinder] that other groups have under these names.
var cinderOptions = map[string]string{"service_type": "catalog_info", "service_name": "catalog_info", "valid_interfaces": "catalog_info",
	"region_name": "os_region_name", "endpoint_override": "endpoint_template"}

// limits checks the unified limits. Without a limit of servers no server can be created, unless
// the configuration allows it.
func (r *serviceChecks) limits(ctx context.Context) {
	c := r.config
	r.askMany(func() []Finding {
		ctx, cancel := context.WithTimeout(ctx, r.timeout)
		defer cancel()
		registered, err := registeredLimits(ctx, c)
		if err != nil {
			return []Finding{r.at("error", "quota", "driver",
				fmt.Sprintf("the limits that [oslo_limit] is about cannot be read: %s", rest.Cause(ctx, err)))}
		}
		const servers = "servers"
		_, set := registered[servers]
		listed := slices.Contains(c.Quota.UnifiedLimitsResourceList, servers)
		if !set && listed != (c.Quota.UnifiedLimitsResourceStrategy == "ignore") {
			return []Finding{r.at("warning", "quota", "driver",
				"Keystone has no registered limit of servers for Nova's endpoint: none will be built")}
		}
		return nil
	})
}

func registeredLimits(ctx context.Context, c *config.Config) (map[string]int64, error) {
	auth, err := c.Auth("oslo_limit")
	if err != nil {
		return nil, err
	}
	session, err := rest.New(rest.Options{
		Group: "oslo_limit", Auth: auth, Session: c.OsloLimit.Session, Adapter: keystone.LimitsAdapter(c.OsloLimit), UserAgent: "nova-api",
	})
	if err != nil {
		return nil, err
	}
	return keystone.NewLimits(session, c.OsloLimit).Registered(ctx)
}

// knownHead reports whether a main database has the revision of a known release.
func knownHead(heads []string) bool {
	_, ok := release.OldestOfHead(heads[0])
	return ok
}
