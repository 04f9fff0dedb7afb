package servers

import (
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/nova-go/nova/compute/internal/api"
)

const (
	// largeList is the limit of a list from which on it waits for its admission. Smaller ones never
	// wait.
	largeList = 101
	// admitted is the number of servers that large lists have in memory at a time, about 12 KiB each.
	admitted = 6000
)

// admission limits the memory of large lists with details: those beyond it wait for others. The
// zero value is ready to use.
type admission struct {
	once sync.Once
	free *semaphore.Weighted
}

// wait returns when a list of up to limit servers may be read. The list is over when its answer is
// encoded, so that a client that reads slowly keeps only its text.
func (a *admission) wait(r *api.Request, limit int) error {
	if limit >= 0 && limit < largeList {
		return nil
	}
	a.once.Do(func() { a.free = semaphore.NewWeighted(admitted) })
	weight := int64(admitted)
	if limit >= 0 {
		weight = min(weight, int64(limit))
	}
	if err := a.free.Acquire(r.Context(), weight); err != nil {
		return err
	}
	r.WhenEncoded(func() { a.free.Release(weight) })
	return nil
}
