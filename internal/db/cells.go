package db

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/objects"
)

// Cell0UUID is the mapping of cell0, which holds the servers that found no host.
const Cell0UUID = "00000000-0000-0000-0000-000000000000"

// CellTimeout is how long one cell may take to answer before it counts as down.
const CellTimeout = 60 * time.Second

// Cell is one cell: its mapping, and its database.
type Cell struct {
	ID           int64
	UUID, Name   string
	TransportURL string
	Disabled     bool
	DB           *DB
	// Networks keeps what was parsed of the cell's info caches; nil keeps nothing.
	Networks *objects.NetworkMemo
}

// IsCell0 tells whether this is where servers without a host are kept.
func (c *Cell) IsCell0() bool { return c.UUID == Cell0UUID }

// Cells knows the cells of a deployment. Their mappings are read from the API
// database once a minute at most, and at once when an unknown one is asked for.
type Cells struct {
	API        *DB
	Connection string        // [database] connection: fills {templates} in mappings
	Transport  string        // [DEFAULT] transport_url: likewise
	Pool       Options       // its Replica is that of Connection
	Life       time.Duration // how long what was read of the mappings holds; 0: a minute

	flight Flight[*cellList]
	once   sync.Once
	pools  map[string]*DB // by URL; of the flight's goroutine alone
	// networks is one for all cells, and survives their mappings being read anew.
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
				o.Replica = "" // it is that of another database
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
		return list, nil // an API database that is away does not make known cells unknown
	}
	return next, err
}

// Close closes the connections to the cells that are known.
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

// All answers every cell, in the order of the mappings; disabled ones too.
func (c *Cells) All(ctx context.Context) ([]*Cell, error) {
	list, err := c.current(ctx, false)
	if err != nil {
		return nil, err
	}
	return list.all, nil
}

// ByID answers the cell of a mapping's row id, or nil.
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

// Result is what one cell answered.
type Result[T any] struct {
	Cell  *Cell
	Value T
	Err   error
}

// Scatter asks cells at once, each with the deadline of CellTimeout, and answers
// in their order. A cell that is late or fails has an Err; the others do not wait
// for it longer than that.
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

// InOrder asks cells at once, as Scatter does, and yields their answers in their order,
// each as soon as it and those before it are there. Who has seen enough stops; what
// the other cells are asked goes on then, for a query that is called off costs its
// connection.
func InOrder[T any](ctx context.Context, cells []*Cell, ask func(context.Context, *Cell) (T, error)) iter.Seq[Result[T]] {
	return func(yield func(Result[T]) bool) {
		asking := context.WithoutCancel(ctx)
		answers := make([]chan Result[T], len(cells))
		for i, cell := range cells {
			answers[i] = make(chan Result[T], 1) // nobody may be left to take it
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
	v, err := bounded(ctx, CellTimeout, func(ctx context.Context) (T, error) { return ask(ctx, cell) })
	return Result[T]{cell, v, err}
}

// fillTemplate puts the parts of a default URL into a mapping's {fields}, as
// Nova's mappings may have them: {scheme}, {username}, {password}, {hostname},
// {port}, {path}, {query}, {fragment}, and {username1}… for URLs of several hosts.
func fillTemplate(template, base string) string {
	if !strings.Contains(template, "{") || base == "" {
		return template
	}
	hosts := strings.Split(base, ",")
	fields := map[string]string{}
	for i, h := range hosts {
		if i > 0 {
			h = "x://" + h
		}
		u, err := url.Parse(h)
		if err != nil {
			return template
		}
		password, _ := u.User.Password()
		part := map[string]string{"username": u.User.Username(), "password": password, "hostname": u.Hostname(), "port": u.Port()}
		for k, v := range part {
			if i == 0 {
				fields[k] = v
			}
			fields[fmt.Sprintf("%s%d", k, i)] = v
		}
		if i == 0 {
			fields["scheme"] = u.Scheme
		}
		if i == len(hosts)-1 {
			fields["path"], fields["query"], fields["fragment"] = strings.TrimPrefix(u.Path, "/"), u.RawQuery, u.Fragment
		}
	}
	pairs := []string{}
	for k, v := range fields {
		pairs = append(pairs, "{"+k+"}", v)
	}
	return strings.NewReplacer(pairs...).Replace(template)
}
