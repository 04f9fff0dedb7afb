package cell

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// instancePairs are the rows of an instance in tables with several rows for each.
type instancePairs struct {
	metadata, system map[string]string
	tags             []string
	volumes          []attachedVolume
}

// attachedVolume is a volume with the id of its block device mapping.
type attachedVolume struct {
	objects.Volume
	id int64
}

// pairs tells whether l selects a part that readPairs reads.
func (l Load) pairs() bool {
	return l.Metadata || l.SystemMetadata || l.Tags || l.Volumes
}

// readPairs reads metadata, system metadata, tags and volumes of instances in one query.
func readPairs(ctx context.Context, c *db.Cell, l Load, uuids []string) (map[string]*instancePairs, error) {
	const (
		metadata = iota
		system
		tag
		volume
	)
	var parts []string
	var args []any
	for list := range slices.Chunk(uuids, maxInList) {
		add := func(wanted bool, query string, more ...any) {
			if wanted {
				parts = append(parts, query)
				args = append(append(args, more...), db.In(list))
			}
		}
		key := bun.Ident("key")
		add(l.Metadata, "SELECT ?, instance_uuid, ?, value FROM instance_metadata WHERE instance_uuid IN (?) AND deleted = 0", metadata, key)
		add(l.SystemMetadata, "SELECT ?, instance_uuid, ?, value FROM instance_system_metadata WHERE instance_uuid IN (?) AND deleted = 0",
			system, key)
		add(l.Tags, "SELECT ?, resource_id, tag, NULL FROM tags WHERE resource_id IN (?)", tag)
		// The sign of the id says whether the volume is deleted with the server.
		add(l.Volumes, "SELECT ?, instance_uuid, volume_id, CAST(CASE WHEN delete_on_termination THEN id ELSE -id END AS CHAR(20)) "+
			"FROM block_device_mapping WHERE instance_uuid IN (?) AND deleted = 0 AND volume_id > ''", volume)
	}
	of := make(map[string]*instancePairs, len(uuids))
	for _, uuid := range uuids {
		p := &instancePairs{}
		if l.Metadata {
			p.metadata = map[string]string{}
		}
		if l.SystemMetadata {
			p.system = map[string]string{}
		}
		of[uuid] = p
	}
	return of, c.DB.Each(ctx, func(r *sql.Rows) error {
		var kind int
		var uuid, k, v sql.RawBytes
		if err := r.Scan(&kind, &uuid, &k, &v); err != nil {
			return err
		}
		p := of[string(uuid)]
		switch {
		case p == nil:
		case kind == metadata:
			p.metadata[string(k)] = string(v)
		case kind == system && v != nil:
			p.system[string(k)] = string(v)
		case kind == tag:
			p.tags = append(p.tags, string(k))
		case kind == volume:
			id, err := strconv.ParseInt(strings.TrimSpace(string(v)), 10, 64)
			if err != nil {
				return err
			}
			p.volumes = append(p.volumes, attachedVolume{objects.Volume{ID: string(k), DeleteOnTermination: id > 0}, max(id, -id)})
		}
		return nil
	}, strings.Join(parts, " UNION ALL ")+" ORDER BY 1, 2, 3", args...)
}

// set sets the fields of the instance. Volumes are in the order in which they were attached.
func (p *instancePairs) set(i *objects.Instance) {
	if p == nil {
		return
	}
	i.Metadata, i.Tags = p.metadata, p.tags
	if p.system != nil {
		i.SystemMetadata = p.system
	}
	slices.SortFunc(p.volumes, func(a, b attachedVolume) int { return cmp.Compare(a.id, b.id) })
	for _, v := range p.volumes {
		i.Volumes = append(i.Volumes, v.Volume)
	}
}
