package quota

import "context"

// Bounds are what the limits of a project or user may be set to. A Maximum of -1
// is none; a Minimum is never below 0 but for resources without limit and usage.
type Bounds struct{ Minimum, Maximum Values }

// Settable answers the bounds of a project's limits: no lower than what its users
// may have together and what is in use; or those of a user's: no lower than the
// use, and no higher than what the project has not given to its users yet.
func (q *Quotas) Settable(ctx context.Context, o Owner) (Bounds, error) {
	b := Bounds{Maximum: unlimited()}
	if q.noop || q.unified != nil {
		return b, nil
	}
	sums, err := q.store.UserLimitSums(ctx, o.Project)
	if err != nil {
		return b, err
	}
	rows, err := q.store.Limits(ctx, o.Project, o.User)
	if err != nil {
		return b, err
	}
	project, user, err := q.read(ctx, o)
	if err != nil {
		return b, err
	}
	for _, r := range Resources() {
		remains := project.Limits[r] - sums[r.String()] // of a project without limit, too: Nova subtracts all the same
		if o.User == "" {
			b.Minimum[r] = max(less(project.Limits[r], remains), project.Used[r])
			continue
		}
		b.Minimum[r] = user.Used[r]
		if own := rows.User[r.String()]; remains <= Unlimited || own <= Unlimited {
			b.Maximum[r] = Unlimited
		} else {
			b.Maximum[r] = remains + own
		}
	}
	return b, nil
}

// less is a difference of limits; what is taken from or of no limit is none.
func less(a, b int64) int64 {
	if a <= Unlimited || b <= Unlimited {
		return Unlimited
	}
	return a - b
}

// SetLimit makes or changes a limit of a project, or of a user in it. The driver
// that counts nothing keeps the rows, too; those in Keystone are left to it.
func (q *Quotas) SetLimit(ctx context.Context, o Owner, r Resource, limit int64) error {
	if q.unified != nil {
		return nil
	}
	if r == FixedIPs || r == FloatingIPs { // limits of these are the project's alone
		o.User = ""
	}
	return q.store.SetLimit(ctx, o.Project, o.User, r.String(), limit)
}

// DeleteLimits forgets the limits of a project and its users, or of one user.
func (q *Quotas) DeleteLimits(ctx context.Context, o Owner) error {
	if q.unified != nil {
		return nil
	}
	return q.store.DeleteLimits(ctx, o.Project, o.User)
}

// SetClass makes or changes a limit of a quota class.
func (q *Quotas) SetClass(ctx context.Context, class string, r Resource, limit int64) error {
	if q.unified != nil {
		return nil
	}
	return q.store.SetClass(ctx, class, r.String(), limit)
}
