package db

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/objects"
)

// Cell0UUID is the UUID of the mapping of cell0, the cell of servers that could not be scheduled.
const Cell0UUID = "00000000-0000-0000-0000-000000000000"

// CellTimeout is the time after which a cell that has not answered counts as down.
const CellTimeout = 60 * time.Second

// Cell is a cell mapping with the connection to the cell's database.
type Cell struct {
	ID           int64
	UUID, Name   string
	TransportURL string
	Disabled     bool
	DB           *DB
	// Networks caches the parsed info caches of the cell's instances; nil: no cache.
	Networks *objects.NetworkMemo
}

// IsCell0 tells whether the cell is cell0.
func (c *Cell) IsCell0() bool { return c.UUID == Cell0UUID }

// Cells has the cells of a deployment. It reads the cell mappings from the API database at most
// once a minute, and at once when an unknown cell is requested.
type Cells struct {
	API        *DB
	Connection string        // [database] connection, for templates in mappings
	Transport  string        // [DEFAULT] transport_url, for templates in mappings
	Pool       Options       // its Replica is that of Connection
	Life       time.Duration // how long the mappings are cached; 0: a minute

	flight Flight[*cellList]
	once   sync.Once
	pools  map[string]*DB // by URL; only the goroutine of flight uses it
	// networks is shared by all cells, and is kept when the mappings are read again.
	networks *objects.NetworkMemo
	asked    *metrics.Cache
	mu       sync.RWMutex
	list     *cellList
}

type cellList struct {
	all  []*Cell
	byID map[int64]*Cell
	read time.Time
}

const cellLife = time.Minute

func (c *Cells) load(ctx context.Context) (*cellList, error) {
	list := &cellList{byID: map[int64]*Cell{}, read: time.Now()}
	err := c.API.Each(ctx, func(r *sql.Rows) error {
		cell := Cell{Networks: c.networks}
		var name, transport, connection sql.NullString
		var disabled sql.NullBool
		if err := r.Scan(&cell.ID, &cell.UUID, &name, &transport, &connection, &disabled); err != nil {
			return err
		}
		cell.Name, cell.Disabled = name.String, disabled.Bool
		cell.TransportURL = fillTemplate(transport.String, c.Transport)
		address := fillTemplate(connection.String, c.Connection)
		d, ok := c.pools[address]
		if !ok {
			var err error
			o := c.Pool
			if address != c.Connection {
				o.Replica = "" // the replica belongs to another database
			}
			o.Name = metrics.DatabaseName{Database: "cell", Cell: cell.UUID, CellName: cell.Name}
			if d, err = Open(address, o); err != nil {
				return fmt.Errorf("cell mapping %s: %w", cell.UUID, err)
			}
			c.pools[address] = d
		}
		cell.DB = d
		list.all = append(list.all, &cell)
		list.byID[cell.ID] = &cell
		return nil
	}, "SELECT id, uuid, name, transport_url, database_connection, disabled FROM cell_mappings ORDER BY id")
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.list = list
	c.mu.Unlock()
	return list, nil
}

func (c *Cells) current(ctx context.Context, fresh bool) (*cellList, error) {
	c.once.Do(func() {
		c.pools, c.networks = map[string]*DB{}, objects.NewNetworkMemo()
		c.flight.Load = c.load
		c.asked = c.API.Metrics().Cache("cell_mappings")
	})
	c.mu.RLock()
	list := c.list
	c.mu.RUnlock()
	hit := list != nil && !fresh && time.Since(list.read) < cmp.Or(c.Life, cellLife)
	c.asked.Asked(hit)
	if hit {
		return list, nil
	}
	next, err := c.flight.Do(ctx)
	if err != nil && list != nil && !fresh {
		return list, nil // known cells stay usable while the API database is down
	}
	return next, err
}

// Close closes the database connections of the cells.
func (c *Cells) Close() error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var errs []error
	if c.list != nil {
		for _, cell := range c.list.all {
			errs = append(errs, cell.DB.Close())
		}
	}
	return errors.Join(errs...)
}

// All returns all cells in the order of the mappings, disabled ones included.
func (c *Cells) All(ctx context.Context) ([]*Cell, error) {
	list, err := c.current(ctx, false)
	if err != nil {
		return nil, err
	}
	return list.all, nil
}

// ByID returns the cell with the given row id, or nil.
func (c *Cells) ByID(ctx context.Context, id int64) (*Cell, error) {
	list, err := c.current(ctx, false)
	if err != nil {
		return nil, err
	}
	if cell := list.byID[id]; cell != nil {
		return cell, nil
	}
	if list, err = c.current(ctx, true); err != nil {
		return nil, err
	}
	return list.byID[id], nil
}

// Result is the result of one cell.
type Result[T any] struct {
	Cell  *Cell
	Value T
	Err   error
}

// Scatter calls ask for all cells concurrently, each with the deadline CellTimeout, and returns
// the results in the order of cells. A cell that fails or misses the deadline has an Err; it does
// not affect the results of other cells. A cell that has missed the deadline is not asked, and has
// the same Err, until its database answers a probe or nobody has asked for some seconds; Nova waits
// for it in each request.
func Scatter[T any](ctx context.Context, cells []*Cell, ask func(context.Context, *Cell) (T, error)) []Result[T] {
	results := make([]Result[T], len(cells))
	if len(cells) == 1 {
		results[0] = askCell(ctx, cells[0], ask)
		return results
	}
	var wait sync.WaitGroup
	for i, cell := range cells {
		wait.Go(func() { results[i] = askCell(ctx, cell, ask) })
	}
	wait.Wait()
	return results
}

// InOrder calls ask for all cells concurrently, as Scatter does, and yields the results in the
// order of cells, each as soon as it and all earlier ones are complete. If the loop ends early,
// the pending calls continue, because canceling a query closes its connection.
func InOrder[T any](ctx context.Context, cells []*Cell, ask func(context.Context, *Cell) (T, error)) iter.Seq[Result[T]] {
	return func(yield func(Result[T]) bool) {
		asking := context.WithoutCancel(ctx)
		answers := make([]chan Result[T], len(cells))
		for i, cell := range cells {
			answers[i] = make(chan Result[T], 1) // the buffer lets ask end if the loop has ended
			go func() { answers[i] <- askCell(asking, cell, ask) }()
		}
		for i, answer := range answers {
			var r Result[T]
			select {
			case r = <-answer:
			case <-ctx.Done():
				r = Result[T]{Cell: cells[i], Err: ctx.Err()}
			}
			if !yield(r) {
				return
			}
		}
	}
}

func askCell[T any](ctx context.Context, cell *Cell, ask func(context.Context, *Cell) (T, error)) Result[T] {
	if err := cell.DB.silence(); err != nil {
		return Result[T]{Cell: cell, Err: err}
	}
	began := time.Now()
	v, err := runBounded(ctx, CellTimeout, func(ctx context.Context) (T, error) { return ask(ctx, cell) })
	if err != nil && ctx.Err() == nil && Unanswered(err) {
		cell.DB.noteFailure(began, err)
	}
	return Result[T]{cell, v, err}
}
