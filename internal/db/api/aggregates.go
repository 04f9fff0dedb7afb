package api

import (
	"context"
	"database/sql"
	"maps"
	"slices"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// Aggregates reads and writes the tables aggregates, aggregate_hosts and aggregate_metadata.
type Aggregates struct{ db *db.DB }

// NewAggregates returns the access to the aggregates of d.
func NewAggregates(d *db.DB) *Aggregates { return &Aggregates{d} }

// AggregateNotFound returns Nova's exception AggregateNotFound. id is the text in the client's
// request.
func AggregateNotFound(id string) error {
	return objects.ErrAggregateNotFound.Errorf(objects.KindNotFound, "Aggregate %s could not be found.", id)
}

// List returns all aggregates by id. It makes three queries.
func (a *Aggregates) List(ctx context.Context) ([]*objects.Aggregate, error) {
	return a.read(ctx, "1 = 1")
}

// Get returns one aggregate, or nil.
func (a *Aggregates) Get(ctx context.Context, id int64) (*objects.Aggregate, error) {
	list, err := a.read(ctx, "id = ?", id)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// OfHosts returns the aggregates with any of the hosts, by id.
func (a *Aggregates) OfHosts(ctx context.Context, hosts []string) ([]*objects.Aggregate, error) {
	if len(hosts) == 0 {
		return nil, nil
	}
	return a.read(ctx, "id IN (SELECT aggregate_id FROM aggregate_hosts WHERE host IN (?))", db.In(hosts))
}

func (a *Aggregates) read(ctx context.Context, where string, args ...any) ([]*objects.Aggregate, error) {
	var list []*objects.Aggregate
	byID := map[int64]*objects.Aggregate{}
	err := a.db.Each(ctx, func(r *sql.Rows) error {
		g := &objects.Aggregate{Hosts: []string{}, Metadata: map[string]string{}}
		var id, name sql.NullString
		err := r.Scan(&g.ID, &id, &name, db.Time{P: &g.CreatedAt}, db.Time{P: &g.UpdatedAt})
		g.UUID, g.Name = id.String, name.String
		list, byID[g.ID] = append(list, g), g
		return err
	}, "SELECT id, uuid, name, created_at, updated_at FROM aggregates WHERE "+where+" ORDER BY id", args...)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	ids := db.In(slices.Collect(maps.Keys(byID)))
	err = a.db.Each(ctx, func(r *sql.Rows) error {
		var id int64
		var host sql.NullString
		err := r.Scan(&id, &host)
		byID[id].Hosts = append(byID[id].Hosts, host.String)
		return err
	}, "SELECT aggregate_id, host FROM aggregate_hosts WHERE aggregate_id IN (?) ORDER BY id", ids)
	if err != nil {
		return nil, err
	}
	return list, a.db.Each(ctx, func(r *sql.Rows) error {
		var id int64
		var key, value string
		err := r.Scan(&id, &key, &value)
		byID[id].Metadata[key] = value
		return err
	}, "SELECT aggregate_id, ?, value FROM aggregate_metadata WHERE aggregate_id IN (?)", bun.Ident("key"), ids)
}

// Create inserts an aggregate with its metadata and sets its id, UUID and creation time. If the
// name is taken, the error is AggregateNameExists.
func (a *Aggregates) Create(ctx context.Context, g *objects.Aggregate) error {
	now := db.Now(ctx)
	g.CreatedAt = &now
	return a.db.InTx(ctx, func(tx bun.Tx) error {
		var err error
		g.ID, err = a.db.Insert(ctx, tx, "INSERT INTO aggregates (created_at, uuid, name) VALUES (?, ?, ?)", now, g.UUID, g.Name)
		if err != nil {
			return nameTaken(err, g.Name)
		}
		return insertMetadata(ctx, tx, g.ID, g.Metadata)
	})
}

// Rename changes the name of an aggregate. As with SQLAlchemy, updated_at does not change if the
// name is the same.
func (a *Aggregates) Rename(ctx context.Context, g *objects.Aggregate, name string) error {
	if g.Name == name {
		return nil
	}
	now := db.Now(ctx)
	if _, err := db.Exec(ctx, a.db, "UPDATE aggregates SET name = ?, updated_at = ? WHERE id = ?", name, now, g.ID); err != nil {
		return nameTaken(err, name)
	}
	g.Name, g.UpdatedAt = name, &now
	return nil
}

func nameTaken(err error, name string) error {
	if _, ok := db.Duplicate(err); ok {
		return objects.ErrAggregateNameExists.Errorf(objects.KindConflict, "Aggregate %s already exists.", name)
	}
	return err
}

// UpdateMetadata sets the keys whose value is not nil and removes those whose value is nil. Other
// keys stay.
func (a *Aggregates) UpdateMetadata(ctx context.Context, g *objects.Aggregate, change map[string]*string) error {
	return a.db.InTx(ctx, func(tx bun.Tx) error {
		have, err := metadataLike(ctx, tx, g.ID, slices.Collect(maps.Keys(change)))
		if err != nil {
			return err
		}
		added := map[string]string{}
		now := db.Now(ctx)
		for _, key := range slices.Sorted(maps.Keys(change)) {
			value := change[key]
			old, exists := have[key]
			switch {
			case value == nil:
				_, err = db.Exec(ctx, tx, "DELETE FROM aggregate_metadata WHERE aggregate_id = ? AND ? = ?", g.ID, bun.Ident("key"), key)
				delete(g.Metadata, key)
				delete(have, key)
			case exists && old == *value:
			case exists:
				_, err = db.Exec(ctx, tx, "UPDATE aggregate_metadata SET value = ?, updated_at = ? WHERE aggregate_id = ? AND ? = ?", *value, now,
					g.ID, bun.Ident("key"), key)
			default:
				added[key] = *value
			}
			if err != nil {
				return err
			}
			if value != nil {
				g.Metadata[key] = *value
			}
		}
		for key := range have {
			if _, same := change[key]; !same { // MySQL's collation takes keys that differ in case for the same key
				return objects.ErrAggregateMetadataKeyExists.Errorf(objects.KindInvalid, "Aggregate %d already contain metadata key %s.", g.ID, key)
			}
		}
		return insertMetadata(ctx, tx, g.ID, added)
	})
}

// metadataLike reads the rows with the given keys, as the collation of the database compares
// them.
func metadataLike(ctx context.Context, tx bun.Tx, id int64, keys []string) (map[string]string, error) {
	have := map[string]string{}
	if len(keys) == 0 {
		return have, nil
	}
	return have, db.Each(ctx, tx, func(r *sql.Rows) error {
		var key, value string
		err := r.Scan(&key, &value)
		have[key] = value
		return err
	}, "SELECT ?, value FROM aggregate_metadata WHERE aggregate_id = ? AND ? IN (?)", bun.Ident("key"), id, bun.Ident("key"), db.In(keys))
}

func insertMetadata(ctx context.Context, tx bun.Tx, id int64, metadata map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		if _, err := db.Exec(ctx, tx, "INSERT INTO aggregate_metadata (created_at, aggregate_id, ?, value) VALUES (?, ?, ?, ?)",
			bun.Ident("key"), db.Now(ctx), id, key, metadata[key]); err != nil {
			return err
		}
	}
	return nil
}

// Delete removes an aggregate and its metadata. The aggregate must not have hosts.
func (a *Aggregates) Delete(ctx context.Context, g *objects.Aggregate) error {
	return a.db.InTx(ctx, func(tx bun.Tx) error {
		if _, err := db.Exec(ctx, tx, "DELETE FROM aggregate_metadata WHERE aggregate_id = ?", g.ID); err != nil {
			return err
		}
		_, err := db.Exec(ctx, tx, "DELETE FROM aggregates WHERE id = ?", g.ID)
		return err
	})
}

// AddHost adds a host to an aggregate. If it is in the aggregate already, the error is
// AggregateHostExists.
func (a *Aggregates) AddHost(ctx context.Context, g *objects.Aggregate, host string) error {
	_, err := db.Exec(ctx, a.db, "INSERT INTO aggregate_hosts (created_at, host, aggregate_id) VALUES (?, ?, ?)", db.Now(ctx), host, g.ID)
	if _, ok := db.Duplicate(err); ok {
		return objects.ErrAggregateHostExists.Errorf(objects.KindConflict, "Aggregate %d already has host %s.", g.ID, host)
	}
	if err == nil {
		g.Hosts = append(g.Hosts, host)
	}
	return err
}

// RemoveHost removes a host from an aggregate. If it is not in the aggregate, the error is
// AggregateHostNotFound.
func (a *Aggregates) RemoveHost(ctx context.Context, g *objects.Aggregate, host string) error {
	n, err := db.Exec(ctx, a.db, "DELETE FROM aggregate_hosts WHERE aggregate_id = ? AND host = ?", g.ID, host)
	if err == nil && n == 0 {
		return objects.ErrAggregateHostNotFound.Errorf(objects.KindNotFound, "Aggregate %d has no host %s.", g.ID, host)
	}
	if err == nil {
		g.Hosts = slices.DeleteFunc(g.Hosts, func(h string) bool { return h == host })
	}
	return err
}
