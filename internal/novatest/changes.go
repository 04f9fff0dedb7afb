package novatest

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
)

// Changes are the differences of the databases: one line for each row, such as "api INSERT flavors id=7 name=x", "cell1
// UPDATE instances id=1 task_state=NULL→rebooting" or "api DELETE keypairs id=1". They are ordered by database, table and
// row, and the columns are in the order of the table. Inserted NULLs are left out, and times during the test are "now".
type Changes struct {
	t     testing.TB
	Lines []string
}

// Changes returns what f changes in the databases.
func (s *Stack) Changes(f func()) *Changes {
	s.t.Helper()
	before := s.snapshot()
	f()
	after := s.snapshot()
	c := &Changes{t: s.t}
	for _, name := range []string{"api", "cell0", "cell1"} {
		tables := maps.Clone(before[name])
		maps.Copy(tables, after[name])
		for _, table := range slices.Sorted(maps.Keys(tables)) {
			c.Lines = append(c.Lines, tableDiff(before[name][table], after[name][table], name, table)...)
		}
	}
	return c
}

// Expect fails the test unless the changes are exactly these lines; "*" matches any text.
func (c *Changes) Expect(want ...string) {
	c.t.Helper()
	ok := len(want) == len(c.Lines)
	for n := 0; ok && n < len(want); n++ {
		ok = Glob(want[n], c.Lines[n])
	}
	if !ok {
		c.t.Errorf("the databases changed by\n\t%s\nwant\n\t%s", strings.Join(c.Lines, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// tableContent contains the columns and rows of a table.
type tableContent struct {
	columns []string
	rows    map[rowKey][]string
}

// rowKey identifies a row: by its id, or in tables without ids by all its values.
type rowKey struct {
	id   int64
	text string
}

func (k rowKey) compare(other rowKey) int {
	return cmp.Or(cmp.Compare(k.id, other.id), cmp.Compare(k.text, other.text))
}

// snapshot returns the content of the tables that have rows, by database and name.
func (s *Stack) snapshot() map[string]map[string]*tableContent {
	s.t.Helper()
	all := map[string]map[string]*tableContent{}
	for _, name := range []string{"api", "cell0", "cell1"} {
		tables, err := s.shared.snapshots[name].tables(context.Background(), s.text)
		s.must(err)
		all[name] = tables
	}
	return all
}

// snapshots reads one database, again only where somebody has written to it.
type snapshots struct {
	d *db.DB

	mu      sync.Mutex
	conn    *bun.Conn // SQLite's: data_version counts what other connections have written
	version int64
	last    map[string]*tableContent // nil: not read yet
}

// tables answers the tables that have rows, by name.
func (s *snapshots) tables(ctx context.Context, text func(any) string) (map[string]*tableContent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var from bun.IDB = s.d
	if s.d.Kind() == "sqlite" {
		if s.conn == nil {
			conn, err := s.d.Conn(ctx)
			if err != nil {
				return nil, err
			}
			s.conn = &conn
		}
		var version int64
		if err := db.One(ctx, s.conn, []any{&version}, "PRAGMA data_version"); err != nil {
			return nil, err
		}
		if s.last != nil && version == s.version {
			return s.last, nil
		}
		from, s.version = s.conn, version
	}
	names, err := nonEmptyTables(ctx, from, s.d.Kind())
	if err != nil {
		return nil, err
	}
	tables := map[string]*tableContent{}
	for _, name := range names {
		if tables[name], err = read(ctx, from, name, text); err != nil {
			return nil, err
		}
	}
	s.last = tables
	return tables, nil
}

func (s *snapshots) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		_ = s.conn.Close()
	}
	_ = s.d.Close()
}

const nullText = "NULL"

func read(ctx context.Context, d bun.IDB, table string, text func(any) string) (*tableContent, error) {
	c := &tableContent{rows: map[rowKey][]string{}}
	return c, db.Each(ctx, d, func(r *sql.Rows) error {
		if c.columns == nil {
			var err error
			if c.columns, err = r.Columns(); err != nil {
				return err
			}
		}
		values := make([]any, len(c.columns))
		dest := make([]any, len(values))
		for n := range values {
			dest[n] = &values[n]
		}
		if err := r.Scan(dest...); err != nil {
			return err
		}
		row := make([]string, len(values))
		for n, v := range values {
			row[n] = text(v)
		}
		k := rowKey{text: strings.Join(row, " ")}
		if id := slices.Index(c.columns, "id"); id >= 0 {
			var err error
			if k.id, err = strconv.ParseInt(row[id], 10, 64); err != nil {
				return err
			}
			k.text = ""
		}
		c.rows[k] = row
		return nil
	}, "SELECT * FROM ?", bun.Ident(table))
}

// text returns a value of a column in the form of Changes.
func (s *Stack) text(v any) string {
	switch v := v.(type) {
	case nil:
		return nullText
	case time.Time:
		if v.After(s.began) {
			return "now"
		}
		return v.UTC().Format("2006-01-02T15:04:05")
	case bool: // from PostgreSQL
		return map[bool]string{false: "0", true: "1"}[v]
	case []byte:
		return string(v)
	case string:
		if t, err := time.Parse("2006-01-02 15:04:05.000000", v); err == nil {
			return s.text(t)
		}
		return v
	}
	return fmt.Sprint(v)
}

// tableDiff returns the lines of the differences between two contents of a table; nil is an empty table.
func tableDiff(before, after *tableContent, database, table string) []string {
	var lines []string
	c := cmp.Or(after, before)
	none := &tableContent{}
	before, after = cmp.Or(before, none), cmp.Or(after, none)
	keys := slices.SortedFunc(maps.Keys(before.rows), rowKey.compare)
	for _, k := range slices.SortedFunc(maps.Keys(after.rows), rowKey.compare) {
		if _, old := before.rows[k]; !old {
			keys = append(keys, k)
		}
	}
	for _, k := range keys {
		old, had := before.rows[k]
		now, has := after.rows[k]
		if had && has && slices.Equal(old, now) {
			continue
		}
		var b strings.Builder
		kind := map[bool]string{true: "UPDATE", false: "INSERT"}[had]
		if !has {
			kind = "DELETE"
		}
		fmt.Fprintf(&b, "%s %s %s", database, kind, table)
		if k.text == "" {
			fmt.Fprintf(&b, " id=%d", k.id)
		}
		for n, column := range c.columns {
			switch {
			case column == "id" || !has && k.text == "":
			case !has && old[n] != nullText:
				fmt.Fprintf(&b, " %s=%s", column, old[n])
			case !had && now[n] != nullText:
				fmt.Fprintf(&b, " %s=%s", column, now[n])
			case had && has && old[n] != now[n]:
				fmt.Fprintf(&b, " %s=%s→%s", column, old[n], now[n])
			}
		}
		lines = append(lines, b.String())
	}
	return lines
}
