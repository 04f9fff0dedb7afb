package devcloud

import (
	"context"
	_ "embed"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/devcloud/private"
	"github.com/nova-go/nova/internal/objects"
)

// Nova's schema at the heads of its migrations, for SQLite. nova-manage finds the revision in the
// table alembic_version.
var (
	//go:embed schema/api.sql
	apiSchema string
	//go:embed schema/cell.sql
	cellSchema string
)

// Databases are the SQLAlchemy URLs of Nova's databases, which have its current schema.
type Databases struct{ API, Cell0, Cell1 string }

// createDatabases creates the missing databases, each in one transaction, and inserts the rows of
// a new deployment into the API database.
func (c *Cloud) createDatabases(ctx context.Context) error {
	if c.databases != nil {
		d, err := db.Open(c.databases.API, db.Options{})
		if err != nil {
			return err
		}
		defer d.Close()
		return c.fill(ctx, d)
	}
	for _, d := range []struct {
		name, schema string
		fill         func(context.Context, *db.DB) error
	}{{"nova_cell0", c.cellSchema(), nil}, {"nova_cell1", c.cellSchema(), nil}, {"nova_api", apiSchema, c.fill}} {
		if err := c.create(ctx, d.name, d.schema, d.fill); err != nil {
			return fmt.Errorf("%s: %w", filepath.Join(c.state, d.name+".sqlite"), err)
		}
	}
	return nil
}

func (c *Cloud) connection(name string) string {
	if d := c.databases; d != nil {
		switch name {
		case "nova_api":
			return d.API
		case "nova_cell0":
			return d.Cell0
		case "nova_cell1":
			return d.Cell1
		}
	}
	return "sqlite:///" + c.state + "/" + name + ".sqlite"
}

func (c *Cloud) create(ctx context.Context, name, schema string, fill func(context.Context, *db.DB) error) error {
	if err := private.Create(filepath.Join(c.state, name+".sqlite")); err != nil {
		return err
	}
	d, err := db.Open(c.connection(name), db.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	var n int
	if err := d.One(ctx, []any{&n}, "SELECT COUNT(*) FROM sqlite_master WHERE name = 'alembic_version'"); err != nil {
		return err
	}
	if n == 0 {
		err = d.InTx(ctx, func(tx bun.Tx) error {
			statements := append(strings.Split(schema, ";\n"), wholeSeconds(schema)...)
			for _, statement := range statements {
				if strings.TrimSpace(statement) == "" {
					continue
				}
				if _, err := db.Exec(ctx, tx, statement); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if fill != nil {
		return fill(ctx, d)
	}
	return nil
}

// shownTimes are the columns, by table, that the API shows with fractions of seconds.
var shownTimes = []struct {
	table   string
	columns []string
}{
	{"aggregates", []string{"created_at", "updated_at"}},
	{"instance_actions", []string{"start_time", "updated_at"}},
	{"instance_actions_events", []string{"start_time", "finish_time"}},
	{"key_pairs", []string{"created_at", "updated_at"}},
	{"migrations", []string{"created_at", "updated_at"}},
	{"services", []string{"created_at", "updated_at", "last_seen_up"}},
}

// wholeSeconds returns triggers that remove fractions of seconds from shownTimes, whichever
// process writes the row. Clients see the same times as with MySQL, which stores whole seconds.
func wholeSeconds(schema string) []string {
	var list []string
	for _, t := range shownTimes {
		if !strings.Contains(schema, "CREATE TABLE "+t.table+" ") {
			continue
		}
		var cut, whole []string
		for _, c := range t.columns {
			cut = append(cut, fmt.Sprintf("%[1]s = substr(%[1]s, 1, 19) || '.000000'", c))
			whole = append(whole, "NEW."+c+" NOT LIKE '%.000000'")
		}
		for _, event := range []string{"INSERT", "UPDATE"} {
			list = append(list, fmt.Sprintf("CREATE TRIGGER whole_seconds_of_%s_%s AFTER %s ON %s WHEN %s BEGIN UPDATE %s SET %s WHERE id = "+
				"NEW.id; END",
				t.table, strings.ToLower(event), event, t.table, strings.Join(whole, " OR "), t.table, strings.Join(cut, ", ")))
		}
	}
	return list
}

// fill inserts the missing cell mappings and flavors.
func (c *Cloud) fill(ctx context.Context, d *db.DB) error {
	for _, cell := range []struct{ uuid, name string }{{db.Cell0UUID, "cell0"}, {"", "cell1"}} {
		// The URL is wrong if the cell was down when the cloud ended, or if the directory was
		// moved.
		n, err := db.Exec(ctx, d, "UPDATE cell_mappings SET database_connection = ? WHERE name = ?", c.connection("nova_"+cell.name), cell.name)
		if err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		id := cell.uuid
		if id == "" {
			id = uuid.NewString()
		}
		if _, err := d.Insert(ctx, d, "INSERT INTO cell_mappings (created_at, uuid, name, transport_url, database_connection, disabled) "+
			"VALUES (?, ?, ?, ?, ?, ?)",
			db.Now(ctx), id, cell.name, "fake://", c.connection("nova_"+cell.name), false); err != nil {
			return err
		}
	}
	var n int
	if err := d.One(ctx, []any{&n}, "SELECT COUNT(*) FROM flavors"); err != nil || n > 0 {
		return err
	}
	flavors := dbapi.NewFlavors(d)
	for _, f := range []objects.Flavor{
		{FlavorID: "42", Name: "m1.nano", MemoryMB: 64, VCPUs: 1, RootGB: 1},
		{FlavorID: "84", Name: "m1.micro", MemoryMB: 128, VCPUs: 1, RootGB: 1},
		{FlavorID: "1", Name: "m1.tiny", MemoryMB: 512, VCPUs: 1, RootGB: 1},
		{FlavorID: "2", Name: "m1.small", MemoryMB: 2048, VCPUs: 1, RootGB: 20},
		{FlavorID: "3", Name: "m1.medium", MemoryMB: 4096, VCPUs: 2, RootGB: 40},
		{FlavorID: "4", Name: "m1.large", MemoryMB: 8192, VCPUs: 4, RootGB: 80},
	} {
		f.RxtxFactor, f.IsPublic = 1, true
		if err := flavors.Create(ctx, &f); err != nil {
			return err
		}
	}
	return nil
}
