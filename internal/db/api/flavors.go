// Package api has the SQL for the API database (nova_api), with one file per group of tables.
package api

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/objects"
)

// Flavors reads and writes the tables flavors, flavor_extra_specs and flavor_projects. Reads use
// a snapshot in memory. Every read compares the snapshot with the database in one query, which
// concurrent requests share, so that changes of other processes are visible at once.
type Flavors struct {
	db     *db.DB
	flight db.Flight[*flavorSnapshot]
	last   *flavorSnapshot // only the goroutine of flight uses it
	asked  *metrics.Cache
}

// NewFlavors returns the access to the flavors of d.
func NewFlavors(d *db.DB) *Flavors {
	f := &Flavors{db: d, asked: d.Metrics().Cache("flavors")}
	f.flight.Load = f.load
	return f
}

// flavorSnapshot has the contents of the three tables at one time.
type flavorSnapshot struct {
	all   []*objects.Flavor // by FlavorID
	byID  map[string]*objects.Flavor
	rank  map[string]map[int64]int // by column and row id: the position in the order of the database's collation
	state flavorState
	taken time.Time
}

// flavorState is a summary of the three tables. It changes when a row is inserted or deleted, and
// when a row is updated in another second than the previous change.
type flavorState struct {
	counts, ids [3]int64
	newest      string
}

// snapshotLife limits the age of a snapshot. flavorState does not show a change whose timestamp
// comes from a host with a slow clock.
const snapshotLife = 30 * time.Second

func (f *Flavors) load(ctx context.Context) (*flavorSnapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	state, err := f.state(ctx)
	if err != nil {
		return nil, err
	}
	s := f.last
	hit := s != nil && s.state == state && time.Since(s.taken) < snapshotLife && s.settled()
	f.asked.Asked(hit)
	if hit {
		return s, nil
	}
	if s, err = f.read(ctx); err != nil {
		return nil, err
	}
	s.state = state // read before the rows: after a concurrent change the next read loads again
	f.last = s
	return s, nil
}

// settled tells whether the newest change was more than a second old when the snapshot was taken.
// The columns have whole seconds, so that flavorState does not show a second change within the
// same second.
func (s *flavorSnapshot) settled() bool {
	newest, err := time.Parse("2006-01-02 15:04:05", s.state.newest[:min(19, len(s.state.newest))])
	return err != nil || s.taken.Sub(newest) > 2*time.Second
}

func (f *Flavors) state(ctx context.Context) (flavorState, error) {
	var s flavorState
	var newest [6]*time.Time
	dest, parts := []any{}, []string{}
	for i, table := range []string{"flavors", "flavor_extra_specs", "flavor_projects"} {
		parts = append(parts, fmt.Sprintf("(SELECT COUNT(*) FROM %[1]s), (SELECT COALESCE(MAX(id), 0) FROM %[1]s), (SELECT MAX(created_at) "+
			"FROM %[1]s), (SELECT MAX(updated_at) FROM %[1]s)", table))
		dest = append(dest, &s.counts[i], &s.ids[i], db.Time{P: &newest[2*i]}, db.Time{P: &newest[2*i+1]})
	}
	err := f.db.One(ctx, dest, "SELECT "+strings.Join(parts, ", "))
	for _, t := range newest {
		if t != nil {
			s.newest = max(s.newest, t.Format("2006-01-02 15:04:05.000000"))
		}
	}
	return s, err
}

const flavorColumns = "id, flavorid, name, memory_mb, vcpus, root_gb, ephemeral_gb, swap, rxtx_factor, vcpu_weight, disabled, " +
	"is_public, description, created_at, updated_at"

func scanFlavor(r *sql.Rows) (*objects.Flavor, error) {
	f := &objects.Flavor{ExtraSpecs: map[string]string{}}
	var root, ephemeral, weight sql.NullInt64
	var factor sql.NullFloat64
	var disabled, public sql.NullBool
	err := r.Scan(&f.ID, &f.FlavorID, &f.Name, &f.MemoryMB, &f.VCPUs, &root, &ephemeral, &f.Swap, &factor, &weight, &disabled, &public,
		&f.Description, db.Time{P: &f.CreatedAt}, db.Time{P: &f.UpdatedAt})
	f.RootGB, f.EphemeralGB, f.VCPUWeight, f.RxtxFactor = root.Int64, ephemeral.Int64, &weight.Int64, factor.Float64
	f.Disabled, f.IsPublic = disabled.Bool, public.Bool
	return f, err
}

func (f *Flavors) read(ctx context.Context) (*flavorSnapshot, error) {
	s := &flavorSnapshot{byID: map[string]*objects.Flavor{}, rank: map[string]map[int64]int{"flavorid": {}, "name": {}}, taken: time.Now()}
	rows := map[int64]*objects.Flavor{}
	err := f.db.Each(ctx, func(r *sql.Rows) error {
		fl, err := scanFlavor(r)
		if err != nil {
			return err
		}
		s.rank["flavorid"][fl.ID] = len(s.all)
		s.all = append(s.all, fl)
		rows[fl.ID] = fl
		s.byID[f.foldKey(fl.FlavorID)] = fl
		return nil
	}, "SELECT "+flavorColumns+" FROM flavors ORDER BY flavorid, id")
	if err != nil {
		return nil, err
	}
	err = f.db.Each(ctx, func(r *sql.Rows) error {
		var id int64
		if err := r.Scan(&id); err != nil {
			return err
		}
		s.rank["name"][id] = len(s.rank["name"])
		return nil
	}, "SELECT id FROM flavors ORDER BY name, id")
	if err != nil {
		return nil, err
	}
	err = f.db.Each(ctx, func(r *sql.Rows) error {
		var id int64
		var key string
		var value sql.NullString
		if err := r.Scan(&id, &key, &value); err != nil {
			return err
		}
		if fl := rows[id]; fl != nil {
			fl.ExtraSpecs[key] = value.String
		}
		return nil
	}, "SELECT flavor_id, ?, value FROM flavor_extra_specs", bun.Ident("key"))
	if err != nil {
		return nil, err
	}
	return s, f.db.Each(ctx, func(r *sql.Rows) error {
		var id int64
		var project string
		if err := r.Scan(&id, &project); err != nil {
			return err
		}
		if fl := rows[id]; fl != nil {
			fl.Projects = append(fl.Projects, project)
		}
		return nil
	}, "SELECT flavor_id, project_id FROM flavor_projects ORDER BY id")
}

// foldKey converts s so that equal results are equal in the database's collation: MySQL's
// collation ignores case and trailing spaces.
func (f *Flavors) foldKey(s string) string {
	if f.db.Kind() == "mysql" {
		return strings.ToLower(strings.TrimRight(s, " "))
	}
	return s
}

// FlavorQuery selects flavors. The zero value, with All and a Limit, selects all of them.
type FlavorQuery struct {
	Project   string // the project whose private flavors are selected; ignored with All
	All       bool   // for administrators: selects flavors of all projects
	IsPublic  *bool
	Disabled  *bool
	MinRAM    *int64
	MinDisk   *int64
	NameRegex string
	SortKey   string // a column of the table
	Desc      bool
	Marker    string // the FlavorID before the first result
	Limit     int
}

// MarkerNotFound returns Nova's exception MarkerNotFound, for a marker that does not exist.
func MarkerNotFound(marker string) error {
	return objects.ErrMarkerNotFound.Errorf(objects.KindInvalid, "Marker %s could not be found.", marker)
}

// List returns the flavors that q selects. Requests share them, so callers must not modify them.
func (f *Flavors) List(ctx context.Context, q FlavorQuery) ([]*objects.Flavor, error) {
	s, err := f.flight.Do(ctx)
	if err != nil {
		return nil, err
	}
	named, err := f.namesMatching(ctx, q.NameRegex)
	if err != nil {
		return nil, err
	}
	sorted := s.all
	if q.SortKey != "flavorid" || q.Desc {
		sorted = slices.Clone(s.all)
		compare, err := s.comparer(q.SortKey)
		if err != nil {
			return nil, err
		}
		slices.SortStableFunc(sorted, func(a, b *objects.Flavor) int {
			c := compare(a, b)
			if c == 0 {
				c = int(a.ID - b.ID)
			}
			if q.Desc {
				return -c
			}
			return c
		})
	}
	if q.Marker != "" {
		m := s.byID[f.foldKey(q.Marker)]
		if m == nil || !q.All && !m.VisibleTo(q.Project) {
			return nil, MarkerNotFound(q.Marker)
		}
		sorted = sorted[slices.Index(sorted, m)+1:]
	}
	out := make([]*objects.Flavor, 0, min(q.Limit, len(sorted)))
	for _, fl := range sorted {
		if len(out) == q.Limit {
			break
		}
		if q.shows(fl) && (named == nil || named[fl.ID]) {
			out = append(out, fl)
		}
	}
	return out, nil
}

func (q *FlavorQuery) shows(f *objects.Flavor) bool {
	switch {
	case !q.All && !f.VisibleTo(q.Project):
		return false
	case q.IsPublic != nil && *q.IsPublic != f.IsPublic && !(*q.IsPublic && slices.Contains(f.Projects, q.Project)):
		return false
	case q.Disabled != nil && *q.Disabled != f.Disabled:
		return false
	case q.MinRAM != nil && f.MemoryMB < *q.MinRAM, q.MinDisk != nil && f.RootGB < *q.MinDisk:
		return false
	}
	return true
}

// namesMatching returns the row ids of the flavors whose names match a regular expression. The
// database evaluates it, because clients use the dialect of the database. nil stands for all
// flavors.
func (f *Flavors) namesMatching(ctx context.Context, expression string) (map[int64]bool, error) {
	if expression == "" {
		return nil, nil
	}
	ids := map[int64]bool{}
	return ids, f.db.Each(ctx, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		ids[id] = true
		return err
	}, "SELECT id FROM flavors WHERE name "+f.db.Regexp()+" ?", f.db.SafeRegexp(expression))
}

func (s *flavorSnapshot) comparer(key string) (func(a, b *objects.Flavor) int, error) {
	number := func(of func(*objects.Flavor) int64) func(a, b *objects.Flavor) int {
		return func(a, b *objects.Flavor) int { return compareNumbers(of(a), of(b)) }
	}
	moment := func(t *time.Time) int64 {
		if t == nil {
			return -1 << 62
		}
		return t.UnixNano()
	}
	truth := func(b bool) int64 {
		if b {
			return 1
		}
		return 0
	}
	switch key {
	case "flavorid", "name":
		rank := s.rank[key]
		return func(a, b *objects.Flavor) int { return rank[a.ID] - rank[b.ID] }, nil
	case "description":
		return func(a, b *objects.Flavor) int {
			return strings.Compare(objects.OrZero(a.Description), objects.OrZero(b.Description))
		}, nil
	case "rxtx_factor":
		return func(a, b *objects.Flavor) int { return compareNumbers(a.RxtxFactor, b.RxtxFactor) }, nil
	case "id":
		return number(func(f *objects.Flavor) int64 { return f.ID }), nil
	case "memory_mb":
		return number(func(f *objects.Flavor) int64 { return f.MemoryMB }), nil
	case "vcpus":
		return number(func(f *objects.Flavor) int64 { return f.VCPUs }), nil
	case "root_gb":
		return number(func(f *objects.Flavor) int64 { return f.RootGB }), nil
	case "ephemeral_gb":
		return number(func(f *objects.Flavor) int64 { return f.EphemeralGB }), nil
	case "swap":
		return number(func(f *objects.Flavor) int64 { return f.Swap }), nil
	case "vcpu_weight":
		return number(func(f *objects.Flavor) int64 { return objects.OrZero(f.VCPUWeight) }), nil
	case "disabled":
		return number(func(f *objects.Flavor) int64 { return truth(f.Disabled) }), nil
	case "is_public":
		return number(func(f *objects.Flavor) int64 { return truth(f.IsPublic) }), nil
	case "created_at":
		return number(func(f *objects.Flavor) int64 { return moment(f.CreatedAt) }), nil
	case "updated_at":
		return number(func(f *objects.Flavor) int64 { return moment(f.UpdatedAt) }), nil
	}
	return nil, fmt.Errorf("flavors have no column %q to sort by", key)
}

func compareNumbers[T int64 | float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Get returns a flavor by its FlavorID. A private flavor is found only by its projects, or by any
// caller with all. Requests share the flavor, so callers must not modify it.
func (f *Flavors) Get(ctx context.Context, id, project string, all bool) (*objects.Flavor, error) {
	s, err := f.flight.Do(ctx)
	if err != nil {
		return nil, err
	}
	fl := s.byID[f.foldKey(id)]
	if fl == nil || !all && !fl.VisibleTo(project) {
		return nil, objects.FlavorNotFound(id)
	}
	return fl, nil
}

// Create inserts a flavor and sets its row id and creation time.
func (f *Flavors) Create(ctx context.Context, fl *objects.Flavor) error {
	now := db.Now(ctx)
	id, err := f.db.Insert(ctx, f.db, "INSERT INTO flavors (created_at, name, memory_mb, vcpus, root_gb, ephemeral_gb, flavorid, swap, "+
		"rxtx_factor, disabled, is_public, description) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		now, fl.Name, fl.MemoryMB, fl.VCPUs, fl.RootGB, fl.EphemeralGB, fl.FlavorID, fl.Swap, fl.RxtxFactor, fl.Disabled, fl.IsPublic,
		fl.Description)
	if detail, ok := db.Duplicate(err); ok {
		if strings.Contains(detail, "flavorid") {
			return objects.ErrFlavorIDExists.Errorf(objects.KindConflict, "Flavor with ID %s already exists.", fl.FlavorID)
		}
		return objects.ErrFlavorExists.Errorf(objects.KindConflict, "Flavor with name %s already exists.", fl.Name)
	}
	fl.ID, fl.CreatedAt = id, &now
	return err
}

// rowID returns the row id of a FlavorID, without regard to the flavor's access list.
func rowID(ctx context.Context, q bun.IDB, flavorID string) (int64, error) {
	var id int64
	err := db.One(ctx, q, []any{&id}, "SELECT id FROM flavors WHERE flavorid = ? ORDER BY id LIMIT 1", flavorID)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, objects.FlavorNotFound(flavorID)
	}
	return id, err
}

// Delete deletes a flavor with its extra specs and its access list.
func (f *Flavors) Delete(ctx context.Context, flavorID string) error {
	return f.db.InTx(ctx, func(tx bun.Tx) error {
		id, err := rowID(ctx, tx, flavorID)
		if err != nil {
			return err
		}
		for _, q := range []string{"DELETE FROM flavor_projects WHERE flavor_id = ?", "DELETE FROM flavor_extra_specs WHERE flavor_id = ?",
			"DELETE FROM flavors WHERE id = ?"} {
			if _, err := db.Exec(ctx, tx, q, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// SetDescription changes the description of a flavor, the only field that can change.
func (f *Flavors) SetDescription(ctx context.Context, id int64, description *string) error {
	_, err := db.Exec(ctx, f.db, "UPDATE flavors SET updated_at = ?, description = ? WHERE id = ?", db.Now(ctx), description, id)
	return err
}

// SetExtraSpecs adds extra specs to a flavor or replaces their values.
func (f *Flavors) SetExtraSpecs(ctx context.Context, fl *objects.Flavor, specs map[string]string) error {
	const tries = 10
	for range tries {
		err := f.db.InTx(ctx, func(tx bun.Tx) error { return setExtraSpecs(ctx, tx, fl.ID, specs) })
		if _, again := db.Duplicate(err); !again {
			return err
		}
	}
	return objects.ErrFlavorExtraSpecUpdateCreateFailed.Errorf(objects.KindConflict,
		"Flavor %d extra spec cannot be updated or created after %d retries.", fl.ID, tries)
}

func setExtraSpecs(ctx context.Context, tx bun.Tx, id int64, specs map[string]string) error {
	have := map[string]string{}
	err := db.Each(ctx, tx, func(r *sql.Rows) error {
		var key string
		var value sql.NullString
		err := r.Scan(&key, &value)
		have[key] = value.String
		return err
	}, "SELECT ?, value FROM flavor_extra_specs WHERE flavor_id = ?", bun.Ident("key"), id)
	if err != nil {
		return err
	}
	for _, key := range sortedKeys(specs) {
		old, exists := have[key]
		switch {
		case !exists:
			_, err = db.Exec(ctx, tx, "INSERT INTO flavor_extra_specs (created_at, flavor_id, ?, value) VALUES (?, ?, ?, ?)", bun.Ident("key"),
				db.Now(ctx), id, key, specs[key])
		case old != specs[key]:
			_, err = db.Exec(ctx, tx, "UPDATE flavor_extra_specs SET updated_at = ?, value = ? WHERE flavor_id = ? AND ? = ?", db.Now(ctx),
				specs[key], id, bun.Ident("key"), key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// DeleteExtraSpec deletes one extra spec.
func (f *Flavors) DeleteExtraSpec(ctx context.Context, fl *objects.Flavor, key string) error {
	n, err := db.Exec(ctx, f.db, "DELETE FROM flavor_extra_specs WHERE flavor_id = ? AND ? = ?", fl.ID, bun.Ident("key"), key)
	if err == nil && n == 0 {
		return objects.ErrFlavorExtraSpecsNotFound.Errorf(objects.KindNotFound, "Flavor %d has no extra specs with key %s.", fl.ID, key)
	}
	return err
}

// AddAccess gives a project access to a private flavor.
func (f *Flavors) AddAccess(ctx context.Context, fl *objects.Flavor, project string) error {
	_, err := db.Exec(ctx, f.db, "INSERT INTO flavor_projects (created_at, flavor_id, project_id) VALUES (?, ?, ?)",
		db.Now(ctx), fl.ID, project)
	if _, ok := db.Duplicate(err); ok {
		return objects.ErrFlavorAccessExists.Errorf(objects.KindConflict,
			"Flavor access already exists for flavor %d and project %s combination.", fl.ID, project)
	}
	return err
}

// RemoveAccess removes a project's access to a private flavor.
func (f *Flavors) RemoveAccess(ctx context.Context, fl *objects.Flavor, project string) error {
	n, err := db.Exec(ctx, f.db, "DELETE FROM flavor_projects WHERE flavor_id = ? AND project_id = ?", fl.ID, project)
	if err == nil && n == 0 {
		return objects.ErrFlavorAccessNotFound.Errorf(objects.KindNotFound, "Flavor access not found for %d / %s combination.", fl.ID, project)
	}
	return err
}
