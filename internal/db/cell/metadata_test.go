package cell_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
)

// guestTables are the columns that the metadata service reads and writes.
var guestTables = []string{
	`CREATE TABLE instances (id INTEGER PRIMARY KEY, uuid, user_id, project_id, image_ref, kernel_id, ramdisk_id, launch_index, key_name, key_data, hostname, display_name,
		user_data, reservation_id, availability_zone, root_device_name, default_ephemeral_device, default_swap_device, updated_at DATETIME, deleted)`,
	`CREATE TABLE instance_extra (instance_uuid, flavor, keypairs, device_metadata, numa_topology)`,
	`CREATE TABLE instance_info_caches (instance_uuid, network_info)`,
	`CREATE TABLE instance_metadata (instance_uuid, "key", value, deleted)`,
	`CREATE TABLE instance_system_metadata (id INTEGER PRIMARY KEY, created_at DATETIME, updated_at DATETIME, instance_uuid, "key", value, deleted)`,
	`CREATE TABLE block_device_mapping (id INTEGER PRIMARY KEY, instance_uuid, device_name, source_type, destination_type, guest_format, deleted)`,
	`CREATE TABLE instance_id_mappings (id INTEGER PRIMARY KEY, created_at DATETIME, uuid, deleted)`,
	`CREATE TABLE s3_images (id INTEGER PRIMARY KEY, created_at DATETIME, uuid, deleted)`,
	`INSERT INTO instances (id, uuid, user_id, project_id, image_ref, kernel_id, key_name, hostname, root_device_name, deleted) VALUES (7, 'u1', 'me', 'p1', 'image', 'kernel', 'k', 'vm', '/dev/vda', 0)`,
	`INSERT INTO instances (id, uuid, project_id, deleted) VALUES (8, 'gone', 'p1', 8)`,
	`INSERT INTO instance_extra VALUES ('u1', '{"cur": {"nova_object.data": {"name": "m1.tiny"}}}',
		'{"nova_object.data": {"objects": [{"nova_object.data": {"name": "k", "type": "ssh", "public_key": "ssh-rsa A"}}]}}',
		'{"nova_object.data": {"devices": [{"nova_object.name": "DiskMetadata", "nova_object.data": {"path": "/dev/sda", "tags": ["t"]}}]}}',
		'{"nova_object.data": {"cells": [{"nova_object.data": {"cpuset": [9], "pcpuset": [3, 1]}}, {"nova_object.data": {"cpuset": [2], "cpu_policy": "dedicated"}}]}}')`,
	`INSERT INTO instance_info_caches VALUES ('u1', '[{"id": "port"}]')`,
	`INSERT INTO instance_metadata VALUES ('u1', 'role', 'web', 0), ('u1', 'old', 'x', 1)`,
	`INSERT INTO instance_system_metadata (instance_uuid, "key", value, deleted) VALUES ('u1', 'image_os', 'linux', 0), ('u1', 'password_1', 'b', 0), ('u1', 'password_0', 'a', 0), ('u1', 'boot_roles', 'reader', 0)`,
	`INSERT INTO block_device_mapping (instance_uuid, device_name, source_type, destination_type, guest_format, deleted) VALUES ('u1', '/dev/vda', 'image', 'local', NULL, 0), ('u1', '/dev/vdb', 'blank', 'local', 'swap', 0), ('u1', '/dev/vdc', 'blank', 'local', NULL, 3)`,
	`INSERT INTO s3_images (id, uuid) VALUES (4, 'image'), (5, 'image')`,
}

func guestCell(t *testing.T) *db.Cell {
	t.Helper()
	d, err := db.Open("sqlite://", db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	for _, s := range guestTables {
		if _, err := d.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	return &db.Cell{DB: d}
}

// guest is the instance u1, read together with two that are not there.
func guest(t *testing.T, c *db.Cell) *objects.Guest {
	t.Helper()
	read, err := cell.Guests(t.Context(), c, []string{"gone", "u1", "never"})
	if err != nil || read["u1"] == nil {
		t.Fatal(err, read)
	}
	if len(read) != 1 {
		t.Errorf("%d instances are read, and one is there", len(read))
	}
	return read["u1"]
}

func TestGuest(t *testing.T) {
	c := guestCell(t)
	g := guest(t, c)
	if g.ProjectID != "p1" || *g.KeyName != "k" || g.Keypairs[0].PublicKey != "ssh-rsa A" || *g.Devices[0].Path.Value != "/dev/sda" {
		t.Errorf("%+v", g.Instance)
	}
	if vifs, err := g.Interfaces.VIFs(); err != nil || len(vifs) != 1 || vifs[0].ID != "port" {
		t.Errorf("%v %v", vifs, err)
	}
	if !slices.Equal(g.DedicatedCPUs, []int{1, 2, 3}) || len(g.Metadata) != 1 {
		t.Errorf("%v %v", g.DedicatedCPUs, g.Metadata)
	}
	if s, err := cell.GuestSystem(t.Context(), c, "u1"); err != nil || s.Password != "ab" || s.BootRoles != "reader" {
		t.Errorf("%+v %v", s, err)
	}
}

// A row that cannot be read is an error that names the column and the instance.
func TestGuestsOneIsBroken(t *testing.T) {
	c := guestCell(t)
	for _, s := range []string{`INSERT INTO instances (id, uuid, deleted) VALUES (9, 'BROKEN', 0)`, `INSERT INTO instance_extra (instance_uuid, keypairs) VALUES ('BROKEN', '{')`} {
		if _, err := c.DB.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	_, err := cell.Guests(t.Context(), c, []string{"BROKEN", "u1"})
	if err == nil || !strings.Contains(err.Error(), "instance_extra.keypairs of BROKEN") {
		t.Errorf("%v", err)
	}
}

func TestGuestEC2(t *testing.T) {
	c := guestCell(t)
	g := guest(t, c)
	for range 2 { // what is missing at first is made, once
		e, err := cell.GuestEC2(t.Context(), c, g.Instance)
		if err != nil {
			t.Fatal(err)
		}
		if e.InstanceID != "i-00000001" || *e.AMI != "ami-00000004" || *e.AKI != "aki-00000006" || e.ARI != nil || e.FlavorName != "m1.tiny" {
			t.Errorf("%+v", e)
		}
		if len(e.Disks) != 2 || e.Disks[1].GuestFormat != "swap" {
			t.Errorf("%+v", e.Disks)
		}
	}
}

func TestSetGuestSystemMetadata(t *testing.T) {
	c := guestCell(t)
	if err := cell.SetGuestSystemMetadata(t.Context(), c, "u1", map[string]string{"password_0": "new", "password_1": "b", "password_2": ""}); err != nil {
		t.Fatal(err)
	}
	if s, err := cell.GuestSystem(t.Context(), c, "u1"); err != nil || s.Password != "newb" {
		t.Errorf("%+v %v", s, err)
	}
	var rows, touched int
	if err := c.DB.One(t.Context(), []any{&rows, &touched}, "SELECT COUNT(*), COUNT(updated_at) FROM instance_system_metadata"); err != nil || rows != 5 || touched != 1 {
		t.Errorf("%d rows, %d updated, %v", rows, touched, err)
	}
	if err := c.DB.One(t.Context(), []any{&touched}, "SELECT COUNT(updated_at) FROM instances"); err != nil || touched != 1 {
		t.Errorf("%d instances updated, %v", touched, err)
	}
	if err := cell.SetGuestSystemMetadata(t.Context(), c, "gone", map[string]string{"a": "b"}); err == nil {
		t.Error("a deleted instance was written to")
	}
}
