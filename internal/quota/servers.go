package quota

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/nova-go/nova/internal/hardware"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// MetadataItems holds the number of a server's metadata against the caller's
// limits, or answers MetadataLimitExceeded.
func (q *Quotas) MetadataItems(ctx context.Context, caller *reqctx.Caller, n int) error {
	err := q.CheckLimits(ctx, Owner{Project: caller.ProjectID, User: caller.UserID}, Deltas{MetadataItems: int64(n)})
	if over, ok := errors.AsType[*OverError](err); ok {
		return over.Fault(objects.ErrMetadataLimitExceeded, "Maximum number of metadata items exceeds %d", over.Limits[MetadataItems])
	}
	return err
}

// Taker is a server that is to take what its flavor says, for its owner.
type Taker struct {
	Owner
	Flavor       *objects.Flavor
	VolumeBacked bool
}

// OneMore checks that an owner may have one more server, or answers
// TooManyInstances.
func (q *Quotas) OneMore(ctx context.Context, caller *reqctx.Caller, t Taker) error {
	deltas := Deltas{Instances: 1, Cores: t.Flavor.VCPUs, RAM: t.Flavor.MemoryMB}
	err := q.Check(ctx, t.Owner, deltas)
	if over, ok := errors.AsType[*OverError](err); ok {
		return tooMany(over, deltas)
	}
	if err != nil {
		return err
	}
	return q.Beside(ctx, caller, t)
}

// Beside holds what a server is to take, as one more, against unified limits, or
// answers TooManyInstances. One that is resized holds both in Placement: what it has
// and what it gets.
func (q *Quotas) Beside(ctx context.Context, caller *reqctx.Caller, t Taker) error {
	if q.unified == nil {
		return nil
	}
	classes, err := hardware.Resources(t.Flavor, nil, t.VolumeBacked)
	if err == nil {
		_, err = q.Fit(ctx, caller, t.Project, classes, 1, 1)
	}
	return err
}

// Unshelve checks that a server of no host may take cores and RAM again, where these
// are counted in Placement: else they count all the time. As in Nova, what the caller
// has is held against the limits of the server's owner. spec is the server's
// RequestSpec; load answers the server where it is needed. Errors: OverQuota,
// TooManyInstances.
func (q *Quotas) Unshelve(ctx context.Context, caller *reqctx.Caller, spec *objects.RequestSpec, load func() (Taker, error)) error {
	if _, there := q.usage.(*fromPlacement); !there && q.unified == nil {
		return nil
	}
	t, err := load()
	if err != nil {
		return err
	}
	if q.unified != nil {
		classes, err := hardware.Resources(t.Flavor, spec.Image, objects.OrZero(spec.VolumeBacked), spec.Resources...)
		if err == nil {
			_, err = q.Fit(ctx, caller, caller.ProjectID, classes, 0, 0)
		}
		return err
	}
	rows, err := q.store.Limits(ctx, t.Project, t.User)
	if err != nil {
		return err
	}
	deltas := Deltas{Instances: 0, Cores: t.Flavor.VCPUs, RAM: t.Flavor.MemoryMB}
	project, user, err := q.count(ctx, Owner{Project: caller.ProjectID, User: caller.UserID}, rows, deltas)
	if err != nil {
		return err
	}
	if over, ok := errors.AsType[*OverError](checkBoth(project, user, deltas)); ok {
		return over.Fault(objects.ErrOverQuota, "%s", over.Error())
	}
	return nil
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
	return objects.ErrTooManyInstances.Errorf(objects.KindOverQuota, "Quota exceeded for %s: Requested %s, but already used %s of %s %s",
		all, strings.Join(requested, ", "), strings.Join(used, ", "), strings.Join(allowed, ", "), all)
}
