package server

import (
	"context"
	"strings"

	"github.com/nova-go/nova/internal/db"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
)

// shared merges concurrent reads of servers for callers that do not change them, as of many clients that wait for their
// servers: one query reads the servers of several callers.
type shared struct {
	mappings  db.Batchers[dbapi.MappingFields, *dbapi.Mapping]
	instances db.Batchers[instanceReads, *objects.Instance]
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
		return db.ByUUID(list, func(m *dbapi.Mapping) string { return m.UUID }), err
	}
	m, _, err := r.shared.mappings.Of(want.MappingFields, load).Get(ctx, uuid)
	return m, err
}

// instance returns a server of a cell. Errors: InstanceNotFound.
func (r *Reader) instance(ctx context.Context, c *db.Cell, uuid string, want GetOptions) (*objects.Instance, error) {
	if !want.shares(uuid) {
		return cell.Instance(ctx, c, uuid, want.Load)
	}
	load := func(ctx context.Context, uuids []string) (map[string]*objects.Instance, error) {
		list, err := cell.Instances(ctx, c, uuids, want.Load)
		return db.ByUUID(list, func(i *objects.Instance) string { return i.UUID }), err
	}
	i, found, err := r.shared.instances.Of(instanceReads{c.DB, want.Load}, load).Get(ctx, uuid)
	if err == nil && !found {
		err = objects.InstanceNotFound(uuid)
	}
	return i, err
}
