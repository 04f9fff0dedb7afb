//go:build lab

package main

import (
	"os"
	"testing"
	"time"
)

// TestLabScenarios runs scenarios in which the databases fail: ours fails no more requests
// than Python's nova-api, serves all within two seconds after the database is back, and loses no write
// that it has acknowledged. The other scenarios are measured, see docs/reliability.md.
func TestLabScenarios(t *testing.T) {
	l := clusters(t)
	rows := map[string]map[string]row{}
	names := []string{"galera-writer-killed", "galera-writer-frozen", "galera-writer-isolated", "galera-read-only", "database-reset",
		"database-hung", "haproxy-restarted"}
	err := l.runScenarios(t.Context(), t.Output(), names, func(of scenario, side string, r row) {
		if rows[of.Name] == nil {
			rows[of.Name] = map[string]row{}
		}
		rows[of.Name][side] = r
		t.Logf("| %s | %s | %s |", of.Name, side, r)
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, sides := range rows {
		ours, python := sides["ours"], sides["python"]
		if ours.failed > python.failed || ours.recovery > 2*time.Second || ours.lost > 0 || ours.twice > 0 {
			t.Errorf("%s: ours %s; python %s", name, ours, python)
		}
	}
}

// clusters returns the lab with clusters; without one the test is skipped.
func clusters(t *testing.T) *Lab {
	t.Helper()
	if os.Getenv("LAB_HA") == "" {
		t.Skip("LAB_HA is not set: this test needs the lab with clusters")
	}
	l, err := newLab(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	if !l.exists() {
		t.Skipf("there is no lab with clusters in %s: start it with make lab LAB_HA=1", l.Dir)
	}
	return l
}
