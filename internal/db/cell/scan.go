package cell

import (
	"context"
	"sync"
	"time"

	"github.com/nova-go/nova/internal/db"
)

// Scans decides whether MySQL reads the whole table for a list that no index answers. Its optimizer
// prefers the index of the instances that are not deleted, although reading most rows of a table
// through an index takes three times as long as reading the table. Where deleted instances are
// never archived, they are most of the table, and the index is better.
//
// It also decides which index has the pages of a project: the one on projects, of which all instances
// are sorted, or the one on created_at, in which instances of other projects are passed over. The zero
// value is ready to use, and leaves the choice to the database until it knows the sizes.
type Scans struct {
	mu    sync.Mutex
	sizes map[counted]*tableSize
}

// counted is what a tableSize is about: a cell, or a project of the cell.
type counted struct {
	in      *db.DB
	project string
}

// tableSize has the numbers of instances of a cell or a project, as of a moment.
type tableSize struct {
	all, live int64
	counted   time.Time
	counting  bool
}

// maxSizes limits the projects whose sizes are known.
const maxSizes = 10_000

// sizeLife is how long sizes are used; they are counted again in the background.
const sizeLife = 10 * time.Minute

// manyChanges is the number of changes above which a page by creation is read from the index of the
// instances by creation, which then has a change every few rows, instead of sorting all changes.
const manyChanges = 2000

// unindexed tells whether no index answers the list, or only one that has most of the instances.
func (q *InstanceQuery) unindexed() bool {
	for name, v := range q.Filters {
		if _, is := v.(string); is && name == "display_name" {
			return true
		}
	}
	return !q.indexed()
}

// scans tells whether to read the table, or, where the list is split, its two parts. A list of changes
// reads the index on updated_at if there are few of them.
func (s *Scans) scans(ctx context.Context, c *db.Cell, q *InstanceQuery) bool {
	if s == nil || q.selective() || !q.unindexed() || c.DB.Kind() != "mysql" && !q.splitByDeleted() {
		return false
	}
	size := s.size(ctx, counted{in: c.DB})
	if q.ChangesSince == nil {
		return q.Deleted != nil && !*q.Deleted && 3*size.live > size.all
	}
	if size.all == 0 {
		return false
	}
	many := size.all/8 + 1
	if q.splitByDeleted() {
		many = min(many, manyChanges)
	}
	var n int64
	err := c.DB.One(ctx, []any{&n}, "SELECT COUNT(*) FROM (SELECT 1 FROM instances WHERE updated_at >= ? LIMIT ?) changed",
		*q.ChangesSince, many)
	return err == nil && n == many
}

// dominant tells whether a page of a project is read faster in the order of the instances of all projects: whether
// fewer rows are passed over than the project has, if its instances are spread over time. It must have a quarter of all, so
// that not much is lost if they are all old. Only that filter may be set, because others could pass over more.
func (s *Scans) dominant(ctx context.Context, c *db.Cell, q *InstanceQuery) bool {
	project, is := q.ofProject()
	if s == nil || !is || !s.knows(counted{c.DB, project}) {
		return false
	}
	of, all := s.size(ctx, counted{c.DB, project}), s.size(ctx, counted{in: c.DB})
	return 4*of.live > all.live && 2*int64(q.Limit)*all.live < of.live*of.live
}

// filled notes that a list has as many instances of a cell as it may have. Only then the instances of its project are
// counted: most projects of a large cloud have few instances in a cell.
func (s *Scans) filled(ctx context.Context, c *db.Cell, q *InstanceQuery) {
	if project, is := q.ofProject(); s != nil && is {
		s.size(ctx, counted{c.DB, project})
	}
}

// ofProject returns the project of a page in the order of the index on created_at that has no other filter. It is not "", which
// is no project, and under which counted has the whole cell.
func (q *InstanceQuery) ofProject() (project string, is bool) {
	project, is = q.Filters["project_id"].(string)
	return project, is && project != "" && len(q.Filters) == 1 && len(q.Tags)+len(q.TagsAny)+len(q.NotTags)+len(q.NotTagsAny) == 0 &&
		q.ordered() && q.Sort[0].Column == "created_at"
}

// knows tells whether a size is counted.
func (s *Scans) knows(of counted) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sizes[of] != nil
}

func (s *Scans) size(ctx context.Context, of counted) tableSize {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sizes == nil || len(s.sizes) > maxSizes {
		s.sizes = map[counted]*tableSize{}
	}
	t := s.sizes[of]
	if t == nil {
		t = &tableSize{}
		s.sizes[of] = t
	}
	if !t.counting && time.Since(t.counted) > sizeLife {
		t.counting = true
		go s.count(context.WithoutCancel(ctx), of, t)
	}
	return *t
}

func (s *Scans) count(ctx context.Context, of counted, t *tableSize) {
	ctx, cancel := context.WithTimeout(ctx, db.CellTimeout)
	defer cancel()
	query, args := "SELECT COUNT(*), COUNT(CASE WHEN deleted = 0 THEN 1 END) FROM instances", []any{}
	if of.project != "" {
		query, args = query+" WHERE project_id = ?", []any{of.project}
	}
	var all, live int64
	err := of.in.One(ctx, []any{&all, &live}, query, args...)
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.counting, t.counted = false, time.Now(); err == nil {
		t.all, t.live = all, live
	}
}
