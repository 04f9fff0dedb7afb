package cell

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/versioned"
)

// guestColumns are the columns of instances that the metadata service shows.
var guestColumns = func() []column {
	var list []column
	for _, name := range []string{"id", "uuid", "user_id", "project_id", "image_ref", "kernel_id", "ramdisk_id", "launch_index",
		"key_name", "key_data",
		"hostname", "display_name", "user_data", "reservation_id", "availability_zone", "root_device_name", "default_ephemeral_device",
		"default_swap_device"} {
		c, _ := columnNamed(name)
		list = append(list, c)
	}
	return list
}()

var guestSelect = func() string {
	var b strings.Builder
	for _, c := range guestColumns {
		b.WriteString("i." + c.name + ", ")
	}
	return "SELECT " + b.String() + "e.keypairs, e.device_metadata, e.numa_topology, n.network_info FROM instances i" +
		" LEFT JOIN instance_extra e ON e.instance_uuid = i.uuid LEFT JOIN instance_info_caches n ON n.instance_uuid = i.uuid" +
		" WHERE i.uuid IN (?) AND i.deleted = 0"
}()

// Guests returns the data of instances for the metadata service, by their UUIDs in lower case. It
// makes two queries. Deleted instances are left out.
func Guests(ctx context.Context, c *db.Cell, uuids []string) (map[string]*objects.Guest, error) {
	guests := make(map[string]*objects.Guest, len(uuids))
	err := c.DB.Each(ctx, func(r *sql.Rows) error {
		g, err := scanGuest(r)
		g.Cell = c.UUID
		guests[strings.ToLower(g.UUID)] = g
		return err
	}, guestSelect, db.In(uuids))
	if err != nil || len(guests) == 0 {
		return nil, err
	}
	return guests, guestMetadata(ctx, c, uuids, guests)
}

func scanGuest(r *sql.Rows) (*objects.Guest, error) {
	g := &objects.Guest{Instance: &objects.Instance{Metadata: map[string]string{}}}
	dest := make([]any, 0, len(guestColumns)+4)
	for _, col := range guestColumns {
		dest = append(dest, col.dest(g.Instance))
	}
	var keys, devices, numa, network sql.RawBytes
	if err := r.Scan(append(dest, &keys, &devices, &numa, &network)...); err != nil {
		return g, err
	}
	var err error
	for _, part := range []struct {
		column string
		parse  func() error
	}{
		{"instance_extra.keypairs", func() error { g.Keypairs, err = versioned.ParseKeypairs(keys); return err }},
		{"instance_extra.device_metadata", func() error { g.Devices, err = versioned.ParseDeviceMetadata(devices); return err }},
		{"instance_extra.numa_topology", func() error { g.DedicatedCPUs, err = versioned.ParseDedicatedCPUs(numa); return err }},
	} {
		if err := part.parse(); err != nil {
			return g, fmt.Errorf("%s of %s: %w", part.column, g.UUID, err)
		}
	}
	g.Interfaces = objects.NewNetworkInfo(network)
	return g, nil
}

func guestMetadata(ctx context.Context, c *db.Cell, uuids []string, of map[string]*objects.Guest) error {
	return c.DB.Each(ctx, func(r *sql.Rows) error {
		var uuid string
		var k, v sql.RawBytes
		if err := r.Scan(&uuid, &k, &v); err != nil {
			return err
		}
		if g := of[strings.ToLower(uuid)]; g != nil {
			g.Metadata[string(k)] = string(v)
		}
		return nil
	}, "SELECT instance_uuid, ?, value FROM instance_metadata WHERE instance_uuid IN (?) AND deleted = 0", bun.Ident("key"), db.In(uuids))
}

// GuestSystem returns the system metadata of an instance that the metadata service shows.
func GuestSystem(ctx context.Context, c *db.Cell, uuid string) (s objects.GuestSystem, err error) {
	key := bun.Ident("key")
	err = c.DB.Each(ctx, func(r *sql.Rows) error {
		var k, v string
		err := r.Scan(&k, &v)
		switch {
		case k == "boot_roles":
			s.BootRoles = v
		case strings.HasPrefix(k, "password_"): // the encrypted password, in parts of 255 characters
			s.Password += v
		}
		return err
	}, "SELECT ?, value FROM instance_system_metadata WHERE instance_uuid = ? AND deleted = 0 AND (? LIKE 'password%' OR ? = 'boot_roles') "+
		"ORDER BY ?", key, uuid, key, key, key)
	return s, err
}

// GuestEC2 returns the data that only the EC2 API of the metadata service shows. As in Nova,
// instances and images get their EC2 ids with the first use.
func GuestEC2(ctx context.Context, c *db.Cell, i *objects.Instance) (*objects.GuestEC2, error) {
	e := &objects.GuestEC2{}
	if err := guestFlavor(ctx, c, i.UUID, e); err != nil {
		return nil, err
	}
	if err := guestDevices(ctx, c, i.UUID, e); err != nil {
		return nil, err
	}
	return e, guestIDs(ctx, c, i, e)
}

func guestFlavor(ctx context.Context, c *db.Cell, uuid string, e *objects.GuestEC2) error {
	return c.DB.Each(ctx, func(r *sql.Rows) error {
		var text sql.RawBytes
		if err := r.Scan(&text); err != nil || len(text) == 0 {
			return err
		}
		f, err := versioned.ParseInstanceFlavor(text)
		if err != nil {
			return fmt.Errorf("instance_extra.flavor of %s: %w", uuid, err)
		}
		if f != nil {
			e.FlavorName = f.Name
		}
		return nil
	}, "SELECT flavor FROM instance_extra WHERE instance_uuid = ?", uuid)
}

func guestDevices(ctx context.Context, c *db.Cell, uuid string, e *objects.GuestEC2) error {
	return c.DB.Each(ctx, func(r *sql.Rows) error {
		var d objects.GuestDisk
		err := r.Scan(&d.DeviceName, nullText{&d.SourceType}, nullText{&d.DestinationType}, nullText{&d.GuestFormat})
		e.Disks = append(e.Disks, d)
		return err
	}, "SELECT device_name, source_type, destination_type, guest_format FROM block_device_mapping WHERE instance_uuid = ? AND deleted = 0 "+
		"ORDER BY id", uuid)
}

const (
	instanceIDs = "instance_id_mappings"
	imageIDs    = "s3_images"
)

func guestIDs(ctx context.Context, c *db.Cell, i *objects.Instance, e *objects.GuestEC2) error {
	images := []string{i.ImageRef}
	for _, p := range []*string{i.KernelID, i.RamdiskID} {
		if p != nil {
			images = append(images, *p)
		}
	}
	known := map[string]int64{}
	err := c.DB.Each(ctx, func(r *sql.Rows) error {
		var table, uuid string
		var id int64
		err := r.Scan(&table, &uuid, &id)
		known[table+uuid] = id
		return err
	}, "SELECT '"+instanceIDs+"', uuid, MIN(id) FROM instance_id_mappings WHERE uuid = ? GROUP BY uuid UNION ALL "+
		"SELECT '"+imageIDs+"', uuid, MIN(id) FROM s3_images WHERE uuid IN (?) GROUP BY uuid", i.UUID, db.In(images))
	if err != nil {
		return err
	}
	number := func(table, uuid string) (int64, error) {
		if id, ok := known[table+uuid]; ok {
			return id, nil
		}
		id, err := c.DB.Insert(ctx, c.DB, "INSERT INTO ? (created_at, uuid, deleted) VALUES (?, ?, 0)", bun.Ident(table), db.Now(ctx), uuid)
		known[table+uuid] = id
		return id, err
	}
	id, err := number(instanceIDs, i.UUID)
	if err != nil {
		return err
	}
	e.InstanceID = fmt.Sprintf("i-%08x", id)
	for _, image := range []struct {
		uuid *string
		kind string
		to   **string
	}{{&i.ImageRef, "ami", &e.AMI}, {i.KernelID, "aki", &e.AKI}, {i.RamdiskID, "ari", &e.ARI}} {
		if image.uuid == nil || *image.uuid == "" {
			continue
		}
		if id, err = number(imageIDs, *image.uuid); err != nil {
			return err
		}
		name := fmt.Sprintf("%s-%08x", image.kind, id)
		*image.to = &name
	}
	return nil
}

// SetGuestSystemMetadata sets keys of an instance's system metadata. Other keys stay. As when
// Nova saves an instance, updated_at of the instance changes, too.
func SetGuestSystemMetadata(ctx context.Context, c *db.Cell, uuid string, pairs map[string]string) error {
	return c.DB.InTx(ctx, func(tx bun.Tx) error {
		n, err := db.Exec(ctx, tx, "UPDATE instances SET updated_at = ? WHERE uuid = ? AND deleted = 0", db.Now(ctx), uuid)
		if err != nil {
			return err
		}
		if n == 0 {
			// MySQL reports no matched row for an update that changes nothing.
			if err := checkExists(ctx, tx, uuid); err != nil {
				return err
			}
		}
		return setPairs(ctx, tx, systemMetadata, uuid, pairs)
	})
}

// checkExists returns InstanceNotFound for a server that is not in the cell or is deleted.
func checkExists(ctx context.Context, tx bun.IDB, uuid string) error {
	var id int64
	err := db.One(ctx, tx, []any{&id}, "SELECT id FROM instances WHERE uuid = ? AND deleted = 0", uuid)
	if errors.Is(err, sql.ErrNoRows) {
		return objects.InstanceNotFound(uuid)
	}
	return err
}

// setPairs sets keys of an instance; other keys stay.
func setPairs(ctx context.Context, tx bun.Tx, t pairTable, uuid string, pairs map[string]string) error {
	key := bun.Ident("key")
	names := make([]string, 0, len(pairs))
	for k := range pairs {
		names = append(names, k)
	}
	type row struct {
		id    int64
		value sql.NullString
	}
	rows := map[string]row{}
	err := db.Each(ctx, tx, func(r *sql.Rows) error {
		var k string
		var have row
		err := r.Scan(&k, &have.id, &have.value)
		rows[k] = have
		return err
	}, "SELECT ?, id, value FROM ? WHERE instance_uuid = ? AND deleted = 0 AND ? IN (?)", key, bun.Ident(t.name), uuid, key, db.In(names))
	if err != nil {
		return err
	}
	for k, v := range pairs {
		have, ok := rows[k]
		switch {
		case !ok:
			_, err = db.Exec(ctx, tx, "INSERT INTO ? (created_at, instance_uuid, ?, value, deleted) VALUES (?, ?, ?, ?, 0)", bun.Ident(t.name),
				key, db.Now(ctx), uuid, k, v)
		case !have.value.Valid || have.value.String != v:
			_, err = db.Exec(ctx, tx, "UPDATE ? SET value = ?, updated_at = ? WHERE id = ?", bun.Ident(t.name), v, db.Now(ctx), have.id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
