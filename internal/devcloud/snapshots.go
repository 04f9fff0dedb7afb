package devcloud

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/devcloud/control"
	"github.com/nova-go/nova/internal/devcloud/private"
)

// snapshotsDir is the directory of the snapshots in a state directory. Each one is a directory with
// copies of the databases and files.
const snapshotsDir = "snapshots"

// clockFile is the file of a snapshot with its time.
const clockFile = "clock.json"

// novaDatabases are the names of Nova's databases; servicesDatabase is that of the stand-ins.
var novaDatabases = []string{"nova_cell0", "nova_cell1", "nova_api"}

const servicesDatabase = "services"

// settleTime is how long a snapshot waits for the steps that are under way.
const settleTime = 30 * time.Second

func (c *Cloud) snapshot(name string) string { return filepath.Join(c.state, snapshotsDir, name) }

// Snapshots implements control.Cloud.
func (c cloudControl) Snapshots() ([]control.Snapshot, error) {
	entries, err := os.ReadDir(filepath.Join(c.state, snapshotsDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	list := []control.Snapshot{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(e.Name(), ".") { // others are unfinished
			list = append(list, control.Snapshot{Name: e.Name(), CreatedAt: info.ModTime().UTC()})
		}
	}
	return list, nil
}

// TakeSnapshot implements control.Cloud. It waits until the hosts have finished what they do.
func (c cloudControl) TakeSnapshot(ctx context.Context, name string) error {
	c.snapshots.Lock()
	defer c.snapshots.Unlock()
	if c.fleet == nil || c.databases != nil {
		return errors.New("the databases of this cloud are not its own: it has no snapshots")
	}
	dir := c.snapshot("." + name)
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o700)); err != nil {
		return err
	}
	quiet, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	err := c.broker.Settle(quiet)
	if err == nil {
		err = c.fleet.Pause(quiet, false, func() error { return c.save(ctx, dir) })
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("steps of servers are still under way after %s", settleTime)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	return errors.Join(os.RemoveAll(c.snapshot(name)), os.Rename(dir, c.snapshot(name)))
}

func (c cloudControl) save(ctx context.Context, dir string) error {
	for _, name := range append([]string{servicesDatabase}, novaDatabases...) {
		if err := copyDatabase(ctx, c.connection(name), filepath.Join(dir, name+".sqlite")); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	text, err := json.Marshal(c.clock)
	return errors.Join(err, private.Write(filepath.Join(dir, clockFile), text), c.identity.Save(dir),
		c.image.Save(filepath.Join(dir, "images")))
}

// RestoreSnapshot implements control.Cloud. It ends what the hosts do; the steps that were under
// way in the snapshot end as after a restart.
func (c cloudControl) RestoreSnapshot(ctx context.Context, name string) error {
	c.snapshots.Lock()
	defer c.snapshots.Unlock()
	ctx = context.WithoutCancel(ctx) // half of a state is of no use to a client that has gone
	return c.fleet.Pause(ctx, true, func() error { return c.load(c.Context(ctx), c.snapshot(name)) })
}

func (c cloudControl) load(ctx context.Context, dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, clockFile))
	if err != nil {
		return err
	}
	if err := errors.Join(json.Unmarshal(text, c.clock), c.identity.Load(dir), c.image.Load(filepath.Join(dir, "images"))); err != nil {
		return err
	}
	for _, name := range novaDatabases {
		if err := replaceDatabase(ctx, c.connection(name), filepath.Join(dir, name+".sqlite"), c.fillAfter(name)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := c.store.Replace(ctx, func() error {
		return replaceDatabase(ctx, c.connection(servicesDatabase), filepath.Join(dir, servicesDatabase+".sqlite"), nil)
	}); err != nil {
		return err
	}
	return errors.Join(c.conductor.Sweep(ctx), c.conductor.Start(ctx))
}

// fillAfter returns what completes a database: the mappings of the API database have the URLs of
// the cells, which may be those of a cell that was down.
func (c *Cloud) fillAfter(name string) func(context.Context, *db.DB) error {
	if name == "nova_api" {
		return c.fill
	}
	return nil
}

// DeleteSnapshot implements control.Cloud.
func (c cloudControl) DeleteSnapshot(name string) error {
	c.snapshots.Lock()
	defer c.snapshots.Unlock()
	return os.RemoveAll(c.snapshot(name))
}

// openAlone opens a database with one connection, because databases are attached to a connection.
func openAlone(connection string) (*db.DB, error) {
	return db.Open(connection, db.Options{MaxPoolSize: new(1), MaxOverflow: new(0), Wait: new(10 * time.Minute)})
}

// copyDatabase copies a database into a new file.
func copyDatabase(ctx context.Context, connection, file string) error {
	if err := private.Create(file); err != nil {
		return err
	}
	d, err := openAlone(connection)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, d, "VACUUM INTO ?", file)
	return errors.Join(err, d.Close())
}

// replaceDatabase replaces the rows of all tables by those of a copy, in one transaction, and then
// calls more.
func replaceDatabase(ctx context.Context, connection, file string, more func(context.Context, *db.DB) error) (err error) {
	d, err := openAlone(connection)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	// The copy satisfies the foreign keys; while its rows are inserted, references can be dangling.
	for _, prepare := range []string{"PRAGMA foreign_keys = OFF", "ATTACH DATABASE ? AS kept"} {
		if _, err := db.Exec(ctx, d, prepare, file); err != nil {
			return err
		}
	}
	var tables []string
	err = d.Each(ctx, func(r *sql.Rows) error {
		var name string
		err := r.Scan(&name)
		tables = append(tables, name)
		return err
	}, "SELECT name FROM kept.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
	if err != nil {
		return err
	}
	err = d.InTx(ctx, func(tx bun.Tx) error {
		for _, change := range []string{"DELETE FROM main.?0", "INSERT INTO main.?0 SELECT * FROM kept.?0"} {
			for _, t := range tables {
				if _, err := db.Exec(ctx, tx, change, bun.Ident(t)); err != nil {
					return fmt.Errorf("%s: %w", t, err)
				}
			}
		}
		return nil
	})
	if err != nil || more == nil {
		return err
	}
	return more(ctx, d)
}
