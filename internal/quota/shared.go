package quota

import (
	"context"
	"sync"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// sharedUsage counts instances once for concurrent requests that need the same numbers. A count
// begins after the requests that use it, so that each contains the instances that the request has
// created itself.
type sharedUsage struct {
	Usage
	counts db.Coalescer[objects.Used[objects.InstanceUsage]]
}

// InstanceUsage counts for a project, and for a user in it if user is not empty.
func (s *sharedUsage) InstanceUsage(ctx context.Context, project, user string) (objects.Used[objects.InstanceUsage], error) {
	return s.counts.Do(ctx, project+"\x00"+user, func(ctx context.Context) (objects.Used[objects.InstanceUsage], error) {
		return s.Usage.InstanceUsage(ctx, project, user)
	})
}

// inParallel makes calls concurrently. It returns the error of the first one that fails in their
// order, so that the error does not depend on which service is faster.
func inParallel(calls ...func() error) error {
	errs := make([]error, len(calls))
	var wait sync.WaitGroup
	for n, call := range calls {
		wait.Go(func() { errs[n] = call() })
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
