package quota

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/nova-go/nova/internal/hardware"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
)

// MetadataItems checks the number of a server's metadata items against the caller's limits. It
// returns MetadataLimitExceeded if it exceeds them.
func (q *Quotas) MetadataItems(ctx context.Context, caller *reqctx.Caller, n int) error {
	err := q.CheckLimits(ctx, Owner{Project: caller.ProjectID, User: caller.UserID}, Deltas{MetadataItems: int64(n)})
	if over, ok := errors.AsType[*OverError](err); ok {
		return over.Fault(objects.ErrMetadataLimitExceeded, "Maximum number of metadata items exceeds %d", over.Limits[MetadataItems])
	}
	return err
}

// Taker is a server that will use the resources of its flavor, with its owner.
type Taker struct {
	Owner
	Flavor       *objects.Flavor
	VolumeBacked bool
}

// OneMore checks that an owner may have one more server. It returns TooManyInstances otherwise.
func (q *Quotas) OneMore(ctx context.Context, caller *reqctx.Caller, t Taker) error {
	deltas := Deltas{Instances: 1, Cores: t.Flavor.VCPUs, RAM: t.Flavor.MemoryMB}
	err := q.Check(ctx, t.Owner, deltas)
	if over, ok := errors.AsType[*OverError](err); ok {
		return tooManyInstances(over, deltas)
	}
	if err != nil {
		return err
	}
	return q.Beside(ctx, caller, t)
}

// Beside checks the resources of a server against unified limits, in addition to the current
// usage. It returns TooManyInstances if they are exceeded. During a resize Placement contains
// the old and the new resources of a server.
func (q *Quotas) Beside(ctx context.Context, caller *reqctx.Caller, t Taker) error {
	if q.unified == nil {
		return nil
	}
	classes, err := hardware.Resources(q.release, t.Flavor, nil, t.VolumeBacked)
	if err == nil {
		_, err = q.Fit(ctx, caller, t.Project, classes, 1, 1)
	}
	return err
}

// Unshelve checks that a shelved-offloaded server may use cores and RAM again. The check is
// needed only if these are counted in Placement; otherwise shelved servers count as well. As in
// Nova, the usage of the caller is compared with the limits of the server's owner. spec is the
// server's RequestSpec; load returns the server if it is needed. Errors: OverQuota,
// TooManyInstances.
func (q *Quotas) Unshelve(ctx context.Context, caller *reqctx.Caller, spec *objects.RequestSpec, load func() (Taker, error)) error {
	if q.inCells || q.noop {
		return nil
	}
	t, err := load()
	if err != nil {
		return err
	}
	if q.unified != nil {
		image, groups := spec.Image, spec.Resources
		if !q.unified.release.Has(release.UnifiedLimitsOfDevices) {
			image, groups = nil, nil
		}
		classes, err := hardware.Resources(q.release, t.Flavor, image, objects.OrZero(spec.VolumeBacked), groups...)
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

// Upsize checks that the owner of a server may use further cores and MiB of RAM. It returns
// TooManyInstances otherwise. Resources that do not grow are not checked.
func (q *Quotas) Upsize(ctx context.Context, o Owner, cores, ram int64) error {
	if cores <= 0 && ram <= 0 {
		return nil
	}
	deltas := Deltas{Cores: max(cores, 0), RAM: max(ram, 0)}
	err := q.Check(ctx, o, deltas)
	if over, ok := errors.AsType[*OverError](err); ok {
		return tooManyInstances(over, deltas)
	}
	return err
}

func tooManyInstances(over *OverError, deltas Deltas) error {
	var names, requested, used, allowed []string
	for _, r := range over.Over {
		names, requested = append(names, r.String()), append(requested, strconv.FormatInt(deltas[r], 10))
		used, allowed = append(used, strconv.FormatInt(over.Used[r], 10)), append(allowed, strconv.FormatInt(over.Limits[r], 10))
	}
	all := strings.Join(names, ", ")
	return objects.ErrTooManyInstances.Errorf(objects.KindOverQuota, "Quota exceeded for %s: Requested %s, but already used %s of %s %s",
		all, strings.Join(requested, ", "), strings.Join(used, ", "), strings.Join(allowed, ", "), all)
}
