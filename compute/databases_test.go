package compute_test

import (
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/novatest/testproc"
)

// The tests of this file are about SQL that databases could read differently; see
// docs/testing.md for those that they run on.

// TestConnectionsEndWithTheApplication: none is left when its context has ended.
func TestConnectionsEndWithTheApplication(t *testing.T) {
	t.Parallel()
	var s *novatest.Stack
	open := func() (n float64) {
		for name, value := range series(t, s) {
			if strings.HasPrefix(name, "nova_database_connections{") && !strings.Contains(name, "state=max") {
				n += value
			}
		}
		return n
	}
	t.Run("life", func(t *testing.T) {
		s = novatest.New(t)
		s.As("demo").Do("GET /servers/detail").Expect(200)
		if open() == 0 {
			t.Error("none is open")
		}
	})
	testproc.Eventually(t, "none is open", func() bool { return open() == 0 })
}

// TestNothingIsPrepared: arguments stand in the text of a query, so no text is sent twice.
func TestNothingIsPrepared(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	if !strings.HasPrefix(s.Connection("nova_api"), "postgresql") {
		t.Skip("this is about PostgreSQL's driver, and NOVATEST_API names no PostgreSQL")
	}
	if n := s.Value("api", "SELECT COUNT(*) FROM pg_prepared_statements"); n != "0" {
		t.Errorf("%s statements are prepared", n)
	}
}
