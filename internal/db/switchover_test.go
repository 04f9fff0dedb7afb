package db_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// TestSwitchoverOfPostgreSQL: statements that a server refuses or loses are repeated on another connection,
// and those that it has aborted on the same one, unless they may have been done.
func TestSwitchoverOfPostgreSQL(t *testing.T) {
	t.Parallel()
	insert := func(ctx context.Context, d *db.DB) error {
		_, err := d.Insert(ctx, d, "INSERT x")
		return err
	}
	for _, c := range []struct {
		name, code string // the name of SQLSTATE; "": the connection ends without a word
		at         string // "": the login
		do         func(context.Context, *db.DB) error
		want       string // what is sent; "!" at the end: it fails
	}{
		{"read only", "25006", "UPDATE x", transaction, "1 UPDATE x;2 UPDATE x;2 commit"},
		{"read only", "25006", "UPDATE x", alone, "1 UPDATE x;2 UPDATE x"},
		{"read only", "25006", "INSERT x", insert, "1 INSERT x;2 INSERT x!"}, // there is no row with the id
		{"shutdown", "57P01", "SELECT x", read, "1 SELECT x;2 SELECT x"},
		{"shutdown", "57P01", "UPDATE x", transaction, "1 UPDATE x;2 UPDATE x;2 commit"},
		{"shutdown", "57P01", "commit", transaction, "1 UPDATE x;1 commit!"},
		{"shutdown", "57P01", "UPDATE x", alone, "1 UPDATE x!"},
		{"shutdown", "57P01", "INSERT x", insert, "1 INSERT x!"},
		{"crash", "57P02", "UPDATE x", transaction, "1 UPDATE x;2 UPDATE x;2 commit"},
		{"crash", "57P02", "UPDATE x", alone, "1 UPDATE x!"},
		{"lost", "", "SELECT x", read, "1 SELECT x;2 SELECT x"},
		{"lost", "", "UPDATE x", transaction, "1 UPDATE x;2 UPDATE x;2 commit"},
		{"lost", "", "commit", transaction, "1 UPDATE x;1 commit!"},
		{"lost", "", "UPDATE x", alone, "1 UPDATE x!"},
		{"lost", "", "INSERT x", insert, "1 INSERT x!"},
		{"not accepting connections", "57P03", "", alone, "2 UPDATE x"},
		{"too many connections", "53300", "", alone, "2 UPDATE x"},
		{"password", "28P01", "", alone, "!"},
		{"serialization", "40001", "UPDATE x", transaction, "1 UPDATE x;1 UPDATE x;1 commit"},
		{"serialization", "40001", "commit", transaction, "1 UPDATE x;1 commit;2 UPDATE x;2 commit"},
		{"deadlock", "40P01", "UPDATE x", transaction, "1 UPDATE x;1 UPDATE x;1 commit"},
		{"deadlock", "40P01", "UPDATE x", alone, "1 UPDATE x;1 UPDATE x"},
		{"unique", "23505", "UPDATE x", transaction, "1 UPDATE x!"},
	} {
		t.Run(c.name+" "+c.at, func(t *testing.T) {
			t.Parallel()
			var sent record
			var failed atomic.Bool
			_, port := servePostgreSQL(t, nil, func(connection int, query string) string {
				query = strings.TrimSuffix(query, " RETURNING id")
				if query != "" && !strings.Contains("UPDATE x SELECT x INSERT x commit", query) || query == "" && connection > 1 {
					return ""
				}
				if query != "" {
					sent.add(connection, " ", query)
				}
				if query != c.at || failed.Swap(true) {
					return ""
				}
				if c.code == "" {
					return hangUp
				}
				return c.code
			})
			d, err := db.Open("postgresql://nova:x@127.0.0.1:"+port+"/nova?sslmode=disable", db.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { d.Close() })
			err = c.do(t.Context(), d)
			got := sent.String()
			if err != nil {
				got += "!"
			}
			if got != c.want {
				t.Errorf("%v: %s, want %s", err, got, c.want)
			}
		})
	}
}

// TestErrorsOfPostgreSQL: errors that repeating does not help against have the classes of psycopg2 and oslo.db.
func TestErrorsOfPostgreSQL(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]objects.Class{
		"25P02": objects.ErrDBError, "40001": objects.ErrSQLOperationalError, "40P01": objects.ErrDBDeadlock,
		"55P03": objects.ErrSQLOperationalError, "57P01": objects.ErrDBConnectionError,
	} {
		_, port := servePostgreSQL(t, nil, func(_ int, query string) string {
			if query == "UPDATE x" {
				return code
			}
			return ""
		})
		d, err := db.Open("postgresql://nova:x@127.0.0.1:"+port+"/nova?sslmode=disable", db.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Close() })
		var domain *objects.Error
		if err := alone(t.Context(), d); !errors.As(err, &domain) || domain.Class != want {
			t.Errorf("%s: %v", code, err)
		}
	}
}
