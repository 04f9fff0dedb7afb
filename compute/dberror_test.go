package compute_test

import (
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

// An error of the database that no operation expects is a 500 with the class that oslo.db raises for it.
func TestDatabaseErrorClass(t *testing.T) {
	t.Parallel()
	novatest.OnSQLite(t)
	s := novatest.New(t)
	admin := s.As("admin")
	vm := s.Server(novatest.VM{})
	s.Exec("api", "ALTER TABLE instance_mappings RENAME TO moved")
	admin.Do("GET /servers/"+vm.UUID).Expect(500).Fault("computeFault", novatest.Unexpected("oslo_db.exception.DBNonExistentTable"))
	s.Exec("api", "ALTER TABLE moved RENAME TO instance_mappings")
	s.Exec("api", "ALTER TABLE key_pairs RENAME COLUMN fingerprint TO moved")
	admin.Do("GET /os-keypairs").Expect(500).Fault("computeFault", novatest.Unexpected("sqlalchemy.exc.OperationalError"))
}
