package server

import (
	"context"
	"strings"
	"sync"

	"github.com/nova-go/nova/internal/db"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
)

// shared merges concurrent reads of servers for callers that do not change them, as of many clients that wait for their
// servers: one query reads the servers of several callers.
type shared struct {
	mutex     sync.Mutex
	mappings  map[dbapi.MappingFields]*db.Batcher[*dbapi.Mapping]
	instances map[instanceReads]*db.Batcher[*objects.Instance]
}

// instanceReads are the reads that one query can merge. There is one for each cell, so that a slow cell delays only its own
// servers. The loads are those that views select by microversion and policies.
type instanceReads struct {
	cell *db.DB
	load cell.Load
}

// shares tells whether queries may be shared. Databases differ in whether another form of a UUID than Nova's finds its server.
func (want GetOptions) shares(uuid string) bool { return want.Shared && uuid == strings.ToLower(uuid) }

// mapping returns the instance mapping of a server, or nil.
func (r *Reader) mapping(ctx context.Context, uuid string, want GetOptions) (*dbapi.Mapping, error) {
	if !want.shares(uuid) {
		return dbapi.InstanceMapping(ctx, r.API, uuid, want.MappingFields)
	}
	load := func(ctx context.Context, uuids []string) (map[string]*dbapi.Mapping, error) {
		list, err := dbapi.InstanceMappings(ctx, r.API, uuids, want.MappingFields)
		found := make(map[string]*dbapi.Mapping, len(list))
		for _, m := range list {
			found[strings.ToLower(m.UUID)] = m
		}
		return found, err
	}
	m, _, err := batcher(&r.shared, &r.shared.mappings, want.MappingFields, load).Get(ctx, uuid)
	return m, err
}

// instance returns a server of a cell. Errors: InstanceNotFound.
func (r *Reader) instance(ctx context.Context, c *db.Cell, uuid string, want GetOptions) (*objects.Instance, error) {
	if !want.shares(uuid) {
		return cell.Instance(ctx, c, uuid, want.Load)
	}
	load := func(ctx context.Context, uuids []string) (map[string]*objects.Instance, error) {
		list, err := cell.Instances(ctx, c, uuids, want.Load)
		found := make(map[string]*objects.Instance, len(list))
		for _, i := range list {
			found[strings.ToLower(i.UUID)] = i
		}
		return found, err
	}
	i, found, err := batcher(&r.shared, &r.shared.instances, instanceReads{c.DB, want.Load}, load).Get(ctx, uuid)
	if err == nil && !found {
		err = objects.InstanceNotFound(uuid)
	}
	return i, err
}

// batcher returns the batcher of a key, which it creates with load.
func batcher[K comparable, V any](
	s *shared, of *map[K]*db.Batcher[V], key K, load func(context.Context, []string) (map[string]V, error),
) *db.Batcher[V] {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	b := (*of)[key]
	if b == nil {
		if *of == nil {
			*of = map[K]*db.Batcher[V]{}
		}
		b = db.NewBatcher(load)
		(*of)[key] = b
	}
	return b
}
