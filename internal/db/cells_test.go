package db_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/nova-go/nova/internal/db"
)

// TestTemplatesOfCellMappings compares with what Nova makes of the same templates
// (testdata/databaseurl.py templates).
func TestTemplatesOfCellMappings(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("testdata/templates.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]map[string]string
	if err := json.Unmarshal(content, &want); err != nil {
		t.Fatal(err)
	}
	api, err := db.Open("sqlite:///"+filepath.Join(t.TempDir(), "api"), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	if _, err := db.Exec(t.Context(), api, "CREATE TABLE cell_mappings (id INTEGER PRIMARY KEY, uuid TEXT, name TEXT, transport_url TEXT, database_connection TEXT, disabled BOOLEAN)"); err != nil {
		t.Fatal(err)
	}
	for base, templates := range want {
		if _, err := db.Exec(t.Context(), api, "DELETE FROM cell_mappings"); err != nil {
			t.Fatal(err)
		}
		for template := range templates {
			if _, err := db.Exec(t.Context(), api, "INSERT INTO cell_mappings (uuid, name, transport_url, database_connection, disabled) VALUES (?, ?, ?, 'sqlite://', FALSE)",
				template, template, template); err != nil {
				t.Fatal(err)
			}
		}
		cells := &db.Cells{API: api, Transport: base}
		all, err := cells.All(t.Context())
		if err != nil || len(all) != len(templates) {
			t.Fatalf("%d cells, %v", len(all), err)
		}
		for _, cell := range all {
			if got := cell.TransportURL; got != templates[cell.Name] {
				t.Errorf("%s with %s: %s, not %s", cell.Name, base, got, templates[cell.Name])
			}
		}
		cells.Close()
	}
}

// TestCellDatabaseFromTemplate opens the database of a cell whose mapping has the password of
// [database] connection, as it is quoted there.
func TestCellDatabaseFromTemplate(t *testing.T) {
	t.Parallel()
	s, port := serveMySQL(t, nil)
	api, err := db.Open("sqlite:///"+filepath.Join(t.TempDir(), "api"), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	for _, statement := range []string{
		"CREATE TABLE cell_mappings (id INTEGER PRIMARY KEY, uuid TEXT, name TEXT, transport_url TEXT, database_connection TEXT, disabled BOOLEAN)",
		"INSERT INTO cell_mappings VALUES (1, 'u', 'one', 'none://', '{scheme}://{username}:{password}@127.0.0.1:" + port + "/cell1?{query}', FALSE)",
	} {
		if _, err := db.Exec(t.Context(), api, statement); err != nil {
			t.Fatal(err)
		}
	}
	cells := &db.Cells{API: api, Connection: "mysql+pymysql://no%40va:p%40:%2Fs%23s@nowhere/nova?charset=utf8mb4"}
	all, err := cells.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer cells.Close()
	if _, err := db.Exec(t.Context(), all[0].DB, "UPDATE x"); err != nil {
		t.Fatal(err)
	}
	if user, database := s.login(); user != "no@va" || database != "cell1" {
		t.Errorf("%q logs in to %q", user, database)
	}
}
