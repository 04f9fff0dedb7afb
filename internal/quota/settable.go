package quota

import "context"

// Bounds are the minimum and maximum to which limits may be set. A Maximum of -1 means
// unlimited. A Minimum is at least 0, except for resources without limit and usage.
type Bounds struct{ Minimum, Maximum Values }

// Settable returns the bounds of limits. Those of a project must be at least the sum of its
// users' limits and the usage. Those of a user must be at least the user's usage, and at most
// the part of the project's limit that is not assigned to users.
func (q *Quotas) Settable(ctx context.Context, o Owner) (Bounds, error) {
	b := Bounds{Maximum: unlimitedValues()}
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
		remains := project.Limits[r] - sums[r.String()] // like Nova, this subtracts also from an unlimited (-1) project
		if o.User == "" {
			b.Minimum[r] = max(difference(project.Limits[r], remains), project.Used[r])
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

// difference returns the difference of two limits; it is unlimited if one of them is.
func difference(a, b int64) int64 {
	if a <= Unlimited || b <= Unlimited {
		return Unlimited
	}
	return a - b
}

// SetLimit creates or updates a limit of a project, or of a user in it. As in Nova,
// NoopQuotaDriver stores the rows, too; limits in Keystone are not changed.
func (q *Quotas) SetLimit(ctx context.Context, o Owner, r Resource, limit int64) error {
	if q.unified != nil {
		return nil
	}
	if r == FixedIPs || r == FloatingIPs { // these resources have only limits of projects
		o.User = ""
	}
	return q.store.SetLimit(ctx, o.Project, o.User, r.String(), limit)
}

// DeleteLimits deletes the limits of a project and its users, or of one user.
func (q *Quotas) DeleteLimits(ctx context.Context, o Owner) error {
	if q.unified != nil {
		return nil
	}
	return q.store.DeleteLimits(ctx, o.Project, o.User)
}

// SetClass creates or updates a limit of a quota class.
func (q *Quotas) SetClass(ctx context.Context, class string, r Resource, limit int64) error {
	if q.unified != nil {
		return nil
	}
	return q.store.SetClass(ctx, class, r.String(), limit)
}
