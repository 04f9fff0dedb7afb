package startup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/release"
)

// OtherReleaseError reports a deployment of a release of Nova that is not known here. Its services
// could misunderstand our messages, and its own API might not start beside our row in services.
type OtherReleaseError struct{ Found string }

func (e *OtherReleaseError) Error() string {
	all := release.All()
	return fmt.Sprintf("%s; this program serves the releases from %s to %s", e.Found, all[0], all[len(all)-1])
}

// cellTimeout bounds the query of a cell for its conductors. After it the service starts without
// this cell.
const cellTimeout = 5 * time.Second

// Deployment finds the release of the Nova services of a deployment.
type Deployment struct {
	Config    *config.Config
	Databases *Databases
}

// Found is the release of a deployment.
type Found struct {
	Release release.Release
	// From says from what it was determined.
	From string
	// Silent are the UUIDs of cells that did not answer.
	Silent []string
	// Warnings are contradictions that do not prevent the service.
	Warnings []string
}

// Find determines the release of the deployment: the one that [wsgi] release names, otherwise
// that of the oldest live nova-conductor in the cells that answer. Without a live one it is that
// of the nova-conductor that was alive last, and without any the oldest one with the revision of
// the main database. It returns an *OtherReleaseError for a release that is not known, or whose
// conductors run on a database of an older release, and a *DatabaseError if the release cannot be
// determined.
func (d *Deployment) Find(ctx context.Context) (Found, error) {
	if d.Config.WSGI.Release != "" {
		r, err := d.configured()
		return Found{Release: r, From: "[wsgi] release" + optionPlace(d.Config, "wsgi", "release")}, err
	}
	heads, err := SchemaHeads(ctx, d.Databases.Main)
	if err != nil {
		return Found{}, d.Databases.explain(d.Databases.Main, err)
	}
	cells, err := d.cells(ctx)
	if err != nil {
		return Found{}, err
	}
	c, silent := d.ask(ctx, cells)
	f := Found{Silent: silent}
	schema := fmt.Sprintf("the main database, of [database] connection%s at %s, has the revision %s, %s",
		optionPlace(d.Config, "database", "connection"), d.Databases.Main.Address(), strings.Join(heads, ", "), release.OfHead(heads[0]))
	ofHead, known := release.OldestOfHead(heads[0])
	if c == nil {
		if !known {
			return f, &OtherReleaseError{Found: schema + ", and there is no nova-conductor"}
		}
		f.Release, f.From = ofHead, schema+", and there is no nova-conductor"
		return f, nil
	}
	if f.Release, known = release.Of(c.Version); !known {
		return f, &OtherReleaseError{Found: c.String()}
	}
	f.From = c.String()
	switch needs, _ := release.OldestOfHead(f.Release.MainHead); {
	case ofHead.ID == "":
		f.Warnings = append(f.Warnings, schema)
	case ofHead.Major < needs.Major:
		return f, &OtherReleaseError{Found: c.String() + ", but " + schema + " (nova-manage db sync brings it up to date)"}
	}
	return f, nil
}

// configured returns the release that [wsgi] release names.
func (d *Deployment) configured() (release.Release, error) {
	r, err := release.Find(d.Config.WSGI.Release)
	if err != nil {
		return r, fmt.Errorf("%s: [wsgi] release: %w", d.Config.Where("wsgi", "release"), err)
	}
	return r, nil
}

// cells returns the cells of the deployment and the main database. The cell mapping of the main
// database may contain another spelling of its URL.
func (d *Deployment) cells(ctx context.Context) ([]*db.Cell, error) {
	main := &db.Cell{Name: "the main database", DB: d.Databases.Main}
	if d.Databases.Cells == nil {
		return []*db.Cell{main}, nil
	}
	cells, err := d.Databases.Cells.All(ctx)
	if err != nil {
		return nil, d.Databases.explain(d.Databases.API, err)
	}
	return slices.Concat(cells, []*db.Cell{main}), nil
}

// conductor is a nova-conductor and its cell.
type conductor struct {
	*objects.Service
	cell *db.Cell
	live bool
}

// String describes the conductor, its version and the release of that version.
func (c *conductor) String() string {
	where := c.cell.Name
	if c.cell.UUID != "" {
		where = fmt.Sprintf("cell %s (%s)", where, c.cell.UUID)
	}
	kind := "the nova-conductor that was alive last"
	if c.live {
		kind = "a live nova-conductor"
	}
	return fmt.Sprintf("%s, on host %s in %s, has the service version %d, %s", kind, c.Host, where, c.Version, release.OfService(c.Version))
}

// before reports whether the release of c counts rather than that of o: the oldest live
// nova-conductor, or without a live one that which was alive last.
func (c *conductor) before(o *conductor) bool {
	switch {
	case o == nil:
		return true
	case c.live != o.live:
		return c.live
	case c.live:
		return c.Version < o.Version
	}
	return c.LastSeen().After(o.LastSeen())
}

// ask returns the nova-conductor of cells whose release counts, or nil, and the cells that do
// not answer.
func (d *Deployment) ask(ctx context.Context, cells []*db.Cell) (found *conductor, silent []string) {
	down := ServiceDownTime(d.Config, zerolog.Nop())
	ctx, cancel := context.WithTimeout(ctx, cellTimeout)
	defer cancel()
	for _, r := range db.Scatter(ctx, cells, func(ctx context.Context, c *db.Cell) ([]*objects.Service, error) {
		return cell.Services(ctx, c, cell.ServiceQuery{Binary: "nova-conductor"})
	}) {
		if r.Err != nil {
			silent = append(silent, r.Cell.UUID)
		}
		for _, s := range r.Value {
			if c := (&conductor{s, r.Cell, s.Up(time.Now(), down)}); c.before(found) {
				found = c
			}
		}
	}
	return found, silent
}

// errNoSchema reports a database for which nova-manage db sync has not been run, or has not
// completed.
var errNoSchema = errors.New("it has no revision of Nova's schema in alembic_version")

// SchemaHeads returns the revisions of the schema of a database; there is at least one.
func SchemaHeads(ctx context.Context, d *db.DB) ([]string, error) {
	var heads []string
	err := d.Each(ctx, func(r *sql.Rows) error {
		var head string
		err := r.Scan(&head)
		heads = append(heads, head)
		return err
	}, "SELECT version_num FROM alembic_version")
	if err == nil && len(heads) == 0 {
		err = errNoSchema
	}
	return heads, err
}

// optionPlace returns the place of an option in the configuration, in parentheses.
func optionPlace(c *config.Config, group, option string) string {
	return " (" + c.Where(group, option).String() + ")"
}
