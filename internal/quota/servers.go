package quota

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// MetadataItems holds the number of a server's metadata against the caller's
// limits, or answers MetadataLimitExceeded.
func (q *Quotas) MetadataItems(ctx context.Context, caller *reqctx.Context, n int) error {
	err := q.CheckLimits(ctx, Owner{Project: caller.ProjectID, User: caller.UserID}, Deltas{MetadataItems: int64(n)})
	if over, ok := errors.AsType[*OverError](err); ok {
		return objects.Errorf(objects.KindOverQuota, "MetadataLimitExceeded", "Maximum number of metadata items exceeds %d", over.Limits[MetadataItems])
	}
	return err
}

// OneMore checks that an owner may have one more server of a size, or answers
// TooManyInstances.
func (q *Quotas) OneMore(ctx context.Context, project, user string, vcpus, memoryMB int64) error {
	deltas := Deltas{Instances: 1, Cores: vcpus, RAM: memoryMB}
	err := q.Check(ctx, Owner{Project: project, User: user}, deltas)
	over, ok := errors.AsType[*OverError](err)
	if !ok {
		return err
	}
	var names, requested, used, allowed []string
	for _, r := range over.Over {
		names, requested = append(names, r.String()), append(requested, strconv.FormatInt(deltas[r], 10))
		used, allowed = append(used, strconv.FormatInt(over.Used[r], 10)), append(allowed, strconv.FormatInt(over.Limits[r], 10))
	}
	all := strings.Join(names, ", ")
	return objects.Errorf(objects.KindOverQuota, "TooManyInstances", "Quota exceeded for %s: Requested %s, but already used %s of %s %s",
		all, strings.Join(requested, ", "), strings.Join(used, ", "), strings.Join(allowed, ", "), all)
}
