package novatest

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/db"
)

// Changes are the differences of the databases: one line for each row, as
// "api INSERT flavors id=7 name=x", "cell1 UPDATE instances id=1 task_state=NULL→rebooting",
// "api DELETE keypairs id=1", in the order of databases, tables and rows. Columns
// stand in the order of the table; what is inserted as NULL is left out; times
// of this test are "now".
type Changes struct {
	t     testing.TB
	Lines []string
}

// Changes tells what f changes in the databases.
func (s *Stack) Changes(f func()) *Changes {
	s.t.Helper()
	before := s.snapshot()
	f()
	after := s.snapshot()
	c := &Changes{t: s.t}
	for _, name := range []string{"api", "cell0", "cell1"} {
		for _, table := range slices.Sorted(maps.Keys(after[name])) {
			c.Lines = append(c.Lines, before[name][table].diff(after[name][table], name, table)...)
		}
	}
	return c
}

// Expect wants exactly these lines; "*" stands for any text.
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

// content is a table: its columns, and its rows by their rowid.
type content struct {
	columns []string
	rows    map[int64][]string
}

func (s *Stack) snapshot() map[string]map[string]*content {
	s.t.Helper()
	all := map[string]map[string]*content{}
	for _, name := range []string{"api", "cell0", "cell1"} {
		d := s.database(name)
		all[name] = map[string]*content{}
		var tables []string
		s.must(d.Each(context.Background(), func(r *sql.Rows) error {
			var t string
			err := r.Scan(&t)
			tables = append(tables, t)
			return err
		}, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"))
		for _, t := range tables {
			c, err := s.read(d, t)
			s.must(err)
			all[name][t] = c
		}
	}
	return all
}

const null = "NULL"

func (s *Stack) read(d *db.DB, table string) (*content, error) {
	c := &content{rows: map[int64][]string{}}
	return c, d.Each(context.Background(), func(r *sql.Rows) error {
		var err error
		if c.columns == nil {
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
		row := make([]string, len(values)-1)
		for n, v := range values[1:] {
			row[n] = s.text(v)
		}
		c.rows[values[0].(int64)] = row
		return nil
	}, fmt.Sprintf("SELECT rowid AS row_id, * FROM %q", table))
}

func (s *Stack) text(v any) string {
	switch v := v.(type) {
	case nil:
		return null
	case time.Time:
		if v.After(s.began) {
			return "now"
		}
		return v.UTC().Format("2006-01-02T15:04:05")
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

func (c *content) diff(after *content, database, table string) []string {
	var lines []string
	columns := after.columns
	if columns == nil {
		columns = c.columns
	}
	id := func(row int64) string {
		if slices.Contains(columns, "id") {
			return fmt.Sprintf(" id=%d", row)
		}
		return ""
	}
	rows := slices.Sorted(maps.Keys(c.rows))
	for _, row := range slices.Sorted(maps.Keys(after.rows)) {
		if _, old := c.rows[row]; !old {
			rows = append(rows, row)
		}
	}
	for _, row := range rows {
		old, had := c.rows[row]
		now, has := after.rows[row]
		if had && has && slices.Equal(old, now) {
			continue
		}
		var b strings.Builder
		kind := map[bool]string{true: "UPDATE", false: "INSERT"}[had]
		if !has {
			kind = "DELETE"
		}
		fmt.Fprintf(&b, "%s %s %s%s", database, kind, table, id(row))
		for n, column := range columns[1:] {
			switch {
			case !has || column == "id":
			case !had && now[n] != null:
				fmt.Fprintf(&b, " %s=%s", column, now[n])
			case had && old[n] != now[n]:
				fmt.Fprintf(&b, " %s=%s→%s", column, old[n], now[n])
			}
		}
		lines = append(lines, b.String())
	}
	return lines
}
