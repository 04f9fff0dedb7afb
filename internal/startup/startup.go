// Package startup has the startup steps of Nova's applications: open the databases, check the
// PCI aliases and the versions of nova-compute, and write the process's row in services.
package startup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/paste"
)

// Databases are the API database, the database of [database] connection, and the cells. API and
// Cells are nil for a metadata service of a single cell ([api] local_metadata_per_cell) without
// an API database.
type Databases struct {
	API   *db.DB
	Main  *db.DB
	Cells *db.Cells

	config *config.Config
}

// Close closes the connections of an application that has ended.
func (d *Databases) Close() error {
	err := d.Main.Close()
	if d.API != nil {
		err = errors.Join(err, d.Cells.Close(), d.API.Close())
	}
	return err
}

// OpenDatabases prepares the databases that the configuration names. It does not connect. m
// records their queries, and logger gets the statements that connection_debug asks for.
func OpenDatabases(ctx context.Context, c *config.Config, m *metrics.Metrics, logger zerolog.Logger) (*Databases, error) {
	names := map[string]string{"database": "main", "api_database": "api"}
	open := func(group string, o config.Database) (*db.DB, error) {
		if o.Connection == "" {
			return nil, fmt.Errorf("[%s] connection is not set", group)
		}
		d, err := db.Open(o.Connection, poolOptions(ctx, c, o, m, names[group], logger))
		if err != nil {
			option := "connection"
			if u, ok := errors.AsType[*db.URLError](err); ok {
				option = u.Option
			}
			return nil, &config.Error{Problem: config.Problem{Origin: c.Where(group, option), Group: group, Option: option, Message: err.Error()}}
		}
		return d, nil
	}
	main, err := open("database", c.Database)
	if c.API.LocalMetadataPerCell && c.APIDatabase.Connection == "" {
		if err != nil {
			return nil, err
		}
		return &Databases{Main: main, config: c}, nil
	}
	api, apiErr := open("api_database", c.APIDatabase)
	switch one, other, both := optionErrors(err, apiErr); {
	case both:
		return nil, config.Errors{one, other}
	case err != nil:
		return nil, err
	case apiErr != nil:
		return nil, apiErr
	}
	return &Databases{config: c, API: api, Main: main, Cells: &db.Cells{API: api, Connection: c.Database.Connection,
		Transport: c.Default.TransportURL, Pool: poolOptions(ctx, c, c.Database, m, "", logger),
		Life: time.Duration(c.WSGI.CellMappingsLife) * time.Second}}, nil
}

// optionErrors returns two errors as errors of options, if both are.
func optionErrors(a, b error) (one, other *config.Error, both bool) {
	one, aIs := errors.AsType[*config.Error](a)
	other, bIs := errors.AsType[*config.Error](b)
	return one, other, aIs && bIs
}

func poolOptions(
	ctx context.Context, c *config.Config, o config.Database, m *metrics.Metrics, name string, logger zerolog.Logger,
) db.Options {
	p := db.Options{Metrics: m, Name: metrics.DatabaseName{Database: name},
		MaxPoolSize: &o.MaxPoolSize, MaxOverflow: &o.MaxOverflow, Recycle: time.Duration(o.ConnectionRecycleTime) * time.Second,
		SQLMode:    &o.MySQLSQLMode,
		Parameters: o.ConnectionParameters, WsrepSyncWait: o.MySQLWsrepSyncWait, Unsynced: !o.SQLiteSynchronous, Latency: db.Latency(ctx),
		Profiled: c.Profiler.Enabled && c.Profiler.TraceSQLAlchemy, Statement: statementLog(o, logger)}
	if o.PoolTimeout != nil {
		p.Wait = new(time.Duration(*o.PoolTimeout) * time.Second)
	}
	if !o.SynchronousReader {
		p.Replica = o.SlaveConnection
	}
	return p
}

// ConfigOf returns a configuration as a release reads it.
func ConfigOf(c *config.Config, r release.Release) (*config.Config, error) {
	if r.Has(release.NewAPIOptionNames) {
		return c, nil
	}
	return c.WithEarlierNames()
}

// OpenPolicy reads the operator's policy files, which are searched in the directories of the
// configuration, for the rules of a release.
func OpenPolicy(c *config.Config, r release.Release, log zerolog.Logger) (*policy.Enforcer, error) {
	o := policy.Options{Release: r, DefaultRule: c.OsloPolicy.PolicyDefaultRule,
		EnforceScope:       c.OsloPolicy.EnforceScope || r.Has(release.ScopeAlwaysEnforced),
		EnforceNewDefaults: c.OsloPolicy.EnforceNewDefaults,
		Remote: policy.Remote{Timeout: time.Duration(c.OsloPolicy.RemoteTimeout * float64(time.Second)),
			ContentType: c.OsloPolicy.RemoteContentType,
			Verify:      c.OsloPolicy.RemoteSSLVerifyServerCrt, CAFile: c.OsloPolicy.RemoteSSLCACrtFile,
			CertFile: c.OsloPolicy.RemoteSSLClientCrtFile, KeyFile: c.OsloPolicy.RemoteSSLClientKeyFile},
		Log: func(s string) { log.Warn().Msg(s) }}
	o.File = Find(c, c.OsloPolicy.PolicyFile)
	for _, d := range c.OsloPolicy.PolicyDirs {
		o.Dirs = append(o.Dirs, Find(c, d))
	}
	return policy.New(o)
}

// Find resolves a relative file name of the configuration: in the directories of the files that
// were read, the last one first, then in /etc/nova.
func Find(c *config.Config, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	files := c.Files()
	for i := len(files) - 1; i >= 0; i-- {
		at := filepath.Join(filepath.Dir(files[i]), name)
		if fileExists(at) {
			return at
		}
	}
	return filepath.Join("/etc/nova", name)
}

// TooOldError reports a nova-compute whose version this release does not support.
type TooOldError struct {
	Release release.Release // of the API
	Scope   string
	Minimum int64
}

func (e *TooOldError) Error() string {
	return fmt.Sprintf("Current Nova version does not support computes older than %s but the minimum compute service level in your %s is "+
		"%d and the oldest supported service level is %d.", e.Release.OldestComputeName, e.Scope, e.Minimum, e.Release.OldestCompute)
}

// CheckComputes returns a *TooOldError if a nova-compute in the cells that answer is too old for the
// API of a release, and a *DatabaseError if no database answers.
func CheckComputes(ctx context.Context, d *Databases, r release.Release) error {
	oldest, scope, err := oldestCompute(ctx, d)
	if err != nil {
		return d.explain(cmp.Or(d.API, d.Main), err)
	}
	if oldest != 0 && oldest < r.OldestCompute {
		return &TooOldError{Release: r, Scope: scope, Minimum: oldest}
	}
	return nil
}

// oldestCompute returns the lowest service version of nova-compute in the cells that answer,
// and the scope of the search.
func oldestCompute(ctx context.Context, d *Databases) (oldest int64, scope string, err error) {
	if d.Cells == nil {
		oldest, err = cell.MinimumVersion(ctx, &db.Cell{DB: d.Main}, "nova-compute")
		return oldest, "cell", err
	}
	oldest, err = cell.Everywhere{Cells: d.Cells}.MinimumVersion(ctx, "nova-compute")
	return oldest, "system", err
}

// ServiceDownTime returns [DEFAULT] service_down_time. If that is not greater than
// report_interval, it returns two and a half times report_interval.
func ServiceDownTime(c *config.Config, log zerolog.Logger) time.Duration {
	down, report := c.Default.ServiceDownTime, c.Default.ReportInterval
	if down <= report {
		instead := report * 5 / 2
		log.Warn().Msgf("Report interval must be less than service down time. Current config: <service_down_time: %d, report_interval: %d>. "+
			"Setting service_down_time to: %d", down, report, instead)
		down = instead
	}
	return time.Duration(down) * time.Second
}

// PasteFile returns the path of the paste file: [wsgi] api_paste_config, relative to the
// configuration.
func PasteFile(c *config.Config) string { return Find(c, c.WSGI.APIPasteConfig) }

// LoadPaste builds an application of the paste file. Its error about a missing file also names the option, and that about
// an unknown factory says which name may be meant, and how a filter is left out.
func LoadPaste(c *config.Config, name string, r paste.Registry, o paste.Options) (http.Handler, error) {
	app, err := paste.Load(PasteFile(c), name, r, o)
	var place *paste.Error
	if errors.As(err, &place) {
		if hint := PasteHint(c, place, r, o); hint != "" {
			return app, fmt.Errorf("%w%s", err, hint)
		}
	}
	return app, err
}

// PasteHint returns the end of a message about a paste file that does not exist, or about a factory that is not in a
// registry; otherwise "".
func PasteHint(c *config.Config, e *paste.Error, r paste.Registry, o paste.Options) string {
	if errors.Is(e, fs.ErrNotExist) && e.Section == "" && e.File == PasteFile(c) {
		return "; [wsgi] api_paste_config names the paste file"
	}
	if !errors.Is(e, paste.ErrUnknownFactory) {
		return ""
	}
	hint := ""
	if name := config.Nearest(e.Factory, slices.Collect(maps.Keys(r))); name != "" {
		hint = "; did you mean " + name + "?"
	}
	if strings.HasPrefix(e.Section, "filter:") && o.UnknownFilters != paste.Skip {
		hint += " ([wsgi] unknown_filters = skip leaves unknown filters out)"
	}
	return hint
}
