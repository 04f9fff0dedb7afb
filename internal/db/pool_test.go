package db_test

import (
	"testing"

	"github.com/nova-go/nova/internal/db"
)

// TestPool has as many connections as SQLAlchemy's pools of these options.
func TestPool(t *testing.T) {
	for _, c := range []struct {
		size, overflow *int
		most           int // 0: any number
	}{
		{nil, nil, 55}, {new(3), nil, 53}, {nil, new(0), 5}, {new(1), new(0), 1}, {new(1), new(-1), 0}, {new(0), new(2), 0},
	} {
		d, err := db.Open("sqlite:///"+t.TempDir()+"/x.sqlite", db.Options{MaxPoolSize: c.size, MaxOverflow: c.overflow})
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Stats().MaxOpenConnections; got != c.most {
			t.Errorf("pool of %v and %v: %d connections, want %d", c.size, c.overflow, got, c.most)
		}
		d.Close()
	}
}
