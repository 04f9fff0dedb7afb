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
)

// OtherReleaseError is a deployment of another release than ours. Its conductors
// do not understand our messages, and its own API does not start again beside our
// row of services.
type OtherReleaseError struct{ Found string }

func (e *OtherReleaseError) Error() string {
	return fmt.Sprintf("%s; this is Nova %s (%s, service version %d, database revision %s), which serves beside no other release", e.Found, Release, ours(), ServiceVersion, mainHead)
}

// cellWithin is how long a cell may take to tell of its conductors before the
// service starts without it.
const cellWithin = 5 * time.Second

// Deployment looks at what release the services around ours are of.
type Deployment struct {
	Config    *config.Config
	Databases *Databases
	Log       zerolog.Logger

	down   time.Duration
	silent []string // cells that have not answered yet, by UUID; nil: nobody was asked
}

// Check is nil where the oldest live nova-conductor of all cells that answer is of
// our release or, with none alive, the main database. It is an *OtherReleaseError
// where they are of another one, and a *DatabaseError where that cannot be told.
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
		return other(oldest)
	case slices.Contains(heads, mainHead):
		return nil
	}
	return &OtherReleaseError{Found: fmt.Sprintf("the main database, of [database] connection%s at %s, has the revision %s, %s, and no nova-conductor is alive",
		at(d.Config, "database"), d.Databases.Main.Address(), strings.Join(heads, ", "), ofHead(heads[0]))}
}

// Rest asks the cells that have not answered Check, and tells whether all have by
// now. Its error is an *OtherReleaseError.
func (d *Deployment) Rest(ctx context.Context) (done bool, err error) {
	if len(d.silent) == 0 {
		return true, nil
	}
	cells, err := d.cells(ctx)
	if err != nil {
		return false, nil // it will be asked again, and requests are served as far as they can be
	}
	cells = slices.DeleteFunc(cells, func(c *db.Cell) bool { return !slices.Contains(d.silent, c.UUID) })
	oldest, silent := d.ask(ctx, cells)
	if oldest != nil {
		if err := other(oldest); err != nil {
			return false, err
		}
	}
	d.silent = silent
	return len(silent) == 0, nil
}

// cells are those of the deployment and the main database, whose mapping may have
// another spelling of its URL.
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

// ask finds the oldest live nova-conductor of cells, or nil, and the cells that do
// not answer.
func (d *Deployment) ask(ctx context.Context, cells []*db.Cell) (oldest *conductor, silent []string) {
	if d.down == 0 {
		d.down = ServiceDownTime(d.Config, d.Log)
	}
	ctx, cancel := context.WithTimeout(ctx, cellWithin)
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

// other is the error about a conductor of another release.
func other(c *conductor) error {
	if c.Version == ServiceVersion {
		return nil
	}
	where := c.cell.Name
	if c.cell.UUID != "" {
		where = fmt.Sprintf("cell %s (%s)", where, c.cell.UUID)
	}
	return &OtherReleaseError{Found: fmt.Sprintf("a live nova-conductor, on host %s in %s, has the service version %d, %s", c.Host, where, c.Version, ofService(c.Version))}
}

// errNoSchema is a database that nova-manage db sync has not been run for, or not
// to its end.
var errNoSchema = errors.New("it has no revision of Nova's schema in alembic_version")

// headsOf are the revisions of a database's schema.
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

// at says in brackets where the connection of a group is set.
func at(c *config.Config, group string) string {
	return " (" + c.Where(group, "connection").String() + ")"
}
