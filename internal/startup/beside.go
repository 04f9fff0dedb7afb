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

// OtherReleaseError reports a deployment of another release of Nova. Its conductors do not
// understand the messages of this release, and its own API would not start beside our row in
// services.
type OtherReleaseError struct{ Found string }

func (e *OtherReleaseError) Error() string {
	ours := release.Served()
	return fmt.Sprintf("%s; this is Nova %s (%s, service version %d, database revision %s), which serves beside no other release", e.Found,
		ours.Version, ours, ours.Service, ours.MainHead)
}

// cellTimeout bounds the query of a cell for its conductors. After it the service starts without
// this cell.
const cellTimeout = 5 * time.Second

// Deployment checks the release of the other Nova services.
type Deployment struct {
	Config    *config.Config
	Databases *Databases
	Log       zerolog.Logger

	down   time.Duration
	silent []string // cells that have not answered yet, by UUID; nil before Check
}

// Check returns nil if the oldest live nova-conductor of all answering cells is of this release
// or, if no conductor is alive, the main database is. It returns an *OtherReleaseError for
// another release, and a *DatabaseError if the release cannot be determined.
func (d *Deployment) Check(ctx context.Context) error {
	heads, err := headsOf(ctx, d.Databases.Main)
	if err != nil {
		return d.Databases.explain(d.Databases.Main, err)
	}
	cells, err := d.cells(ctx)
	if err != nil {
		return err
	}
	oldest, silent := d.ask(ctx, cells)
	d.silent = silent
	switch {
	case oldest != nil:
		return otherReleaseError(oldest)
	case slices.Contains(heads, release.Served().MainHead):
		return nil
	}
	return &OtherReleaseError{Found: fmt.Sprintf("the main database, of [database] connection%s at %s, has the revision %s, %s, and no "+
		"nova-conductor is alive",
		connectionPlace(d.Config, "database"), d.Databases.Main.Address(), strings.Join(heads, ", "), release.OfHead(heads[0]))}
}

// Rest checks the cells that did not answer Check; done is true if all have answered. Its error
// is an *OtherReleaseError.
func (d *Deployment) Rest(ctx context.Context) (done bool, err error) {
	if len(d.silent) == 0 {
		return true, nil
	}
	cells, err := d.cells(ctx)
	if err != nil {
		return false, nil // the cell is checked again later; requests are served meanwhile
	}
	cells = slices.DeleteFunc(cells, func(c *db.Cell) bool { return !slices.Contains(d.silent, c.UUID) })
	oldest, silent := d.ask(ctx, cells)
	if oldest != nil {
		if err := otherReleaseError(oldest); err != nil {
			return false, err
		}
	}
	d.silent = silent
	return len(silent) == 0, nil
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

// conductor is a live nova-conductor and its cell.
type conductor struct {
	*objects.Service
	cell *db.Cell
}

// ask returns the oldest live nova-conductor of cells, or nil, and the cells that do not
// answer.
func (d *Deployment) ask(ctx context.Context, cells []*db.Cell) (oldest *conductor, silent []string) {
	if d.down == 0 {
		d.down = ServiceDownTime(d.Config, d.Log)
	}
	ctx, cancel := context.WithTimeout(ctx, cellTimeout)
	defer cancel()
	silent = []string{}
	for _, r := range db.Scatter(ctx, cells, func(ctx context.Context, c *db.Cell) ([]*objects.Service, error) {
		return cell.Services(ctx, c, cell.ServiceQuery{Binary: "nova-conductor"})
	}) {
		if r.Err != nil {
			silent = append(silent, r.Cell.UUID)
		}
		for _, s := range r.Value {
			if s.Up(time.Now(), d.down) && (oldest == nil || s.Version < oldest.Version) {
				oldest = &conductor{s, r.Cell}
			}
		}
	}
	return oldest, silent
}

// otherReleaseError returns the error for a conductor of another release.
func otherReleaseError(c *conductor) error {
	if c.Version == release.Served().Service {
		return nil
	}
	where := c.cell.Name
	if c.cell.UUID != "" {
		where = fmt.Sprintf("cell %s (%s)", where, c.cell.UUID)
	}
	return &OtherReleaseError{Found: fmt.Sprintf("a live nova-conductor, on host %s in %s, has the service version %d, %s", c.Host, where,
		c.Version, release.OfService(c.Version))}
}

// errNoSchema reports a database for which nova-manage db sync has not been run, or has not
// completed.
var errNoSchema = errors.New("it has no revision of Nova's schema in alembic_version")

// headsOf returns the schema revisions of a database.
func headsOf(ctx context.Context, d *db.DB) ([]string, error) {
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

// connectionPlace returns the place of a group's option connection, in brackets.
func connectionPlace(c *config.Config, group string) string {
	return " (" + c.Where(group, "connection").String() + ")"
}
