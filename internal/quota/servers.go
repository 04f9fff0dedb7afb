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
	if over, ok := errors.AsType[*OverError](err); ok {
		return tooMany(over, deltas)
	}
	return err
}

// Upsize checks that a server's owner may have it grow by cores and MiB of RAM, or
// answers TooManyInstances. What does not grow is not checked.
func (q *Quotas) Upsize(ctx context.Context, o Owner, cores, ram int64) error {
	if cores <= 0 && ram <= 0 {
		return nil
	}
	deltas := Deltas{Cores: max(cores, 0), RAM: max(ram, 0)}
	err := q.Check(ctx, o, deltas)
	if over, ok := errors.AsType[*OverError](err); ok {
		return tooMany(over, deltas)
	}
	return err
}

func tooMany(over *OverError, deltas Deltas) error {
	var names, requested, used, allowed []string
	for _, r := range over.Over {
		names, requested = append(names, r.String()), append(requested, strconv.FormatInt(deltas[r], 10))
		used, allowed = append(used, strconv.FormatInt(over.Used[r], 10)), append(allowed, strconv.FormatInt(over.Limits[r], 10))
	}
	all := strings.Join(names, ", ")
	return objects.Errorf(objects.KindOverQuota, "TooManyInstances", "Quota exceeded for %s: Requested %s, but already used %s of %s %s",
		all, strings.Join(requested, ", "), strings.Join(used, ", "), strings.Join(allowed, ", "), all)
}
