package quota

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/objects"
)

// OverError is a quota that would be exceeded. Callers turn it into the domain
// error of their operation, whose text may show the numbers.
type OverError struct {
	Over   []Resource // those exceeded, by name
	Limits Values     // the limits that count: the user's, where one of those is exceeded
	Used   Values     // what is in use, in the same scope
	Scope  string     // "project", "user", or "" where both limits apply to one count
	// unified is the text about limits in Keystone, "" for others; of those there
	// are no Limits and Used.
	unified string
}

func (e *OverError) Error() string {
	if e.unified != "" {
		return e.unified
	}
	quoted := make([]string, len(e.Over))
	for i, r := range e.Over {
		quoted[i] = "'" + r.String() + "'"
	}
	return fmt.Sprintf("Quota exceeded for resources: [%s]", strings.Join(quoted, ", "))
}

// Fault is the error of an operation, of Nova's class and with the text that Nova has
// for limits of its own: about those in Keystone clients see which they are.
func (e *OverError) Fault(class objects.Class, format string, args ...any) error {
	text := e.unified
	if text == "" {
		text = fmt.Sprintf(format, args...)
	}
	return &objects.Error{Kind: objects.KindOverQuota, Class: class, Message: text, Cause: e}
}

// Headroom is what is left of a resource.
func (e *OverError) Headroom(r Resource) int64 { return e.Limits[r] - e.Used[r] }

// Deltas are resources that an operation is about to take.
type Deltas map[Resource]int64

// Check counts what the owner has of instances, cores, RAM and server groups and
// answers an *OverError when the deltas would exceed a limit. Deltas of 0 check
// what is there already. Of unified limits, only that of server groups is checked
// here: for what servers take there is Fit. Usage of the user is only counted where the user has
// limits of their own: else those of the project hold for both.
func (q *Quotas) Check(ctx context.Context, o Owner, deltas Deltas) error {
	if q.unified != nil {
		delta, asked := deltas[ServerGroups]
		if !asked { // Fit says about the others
			return nil
		}
		_, groups, err := q.store.LimitsAndGroups(ctx, o.Project, "")
		if err != nil {
			return err
		}
		return q.unified.local(ctx, ServerGroups, groups.Project, delta)
	}
	if q.noop {
		return nil
	}
	rows, err := q.store.Limits(ctx, o.Project, o.User)
	if err != nil {
		return err
	}
	own := false
	for r := range deltas {
		_, set := rows.User[r.String()]
		own = own || set
	}
	if !own {
		o.User = ""
	}
	projectSet, userSet, err := q.count(ctx, o, rows, deltas)
	if err != nil {
		return err
	}
	if own {
		return checkBoth(projectSet, userSet, deltas)
	}
	return checkOne(projectSet, deltas)
}

// count reads no more than the deltas are about.
func (q *Quotas) count(ctx context.Context, o Owner, rows objects.QuotaLimits, deltas Deltas) (project, user Set, err error) {
	project.Limits, user.Limits = q.limits(rows)
	var used objects.Used[objects.InstanceUsage]
	_, instances := deltas[Instances]
	_, cores := deltas[Cores]
	_, ram := deltas[RAM]
	if instances || cores || ram {
		if used, err = q.usage.InstanceUsage(ctx, o.Project, o.User); err != nil {
			return project, user, err
		}
	}
	var groups objects.Used[int64]
	if _, asked := deltas[ServerGroups]; asked {
		if _, groups, err = q.store.LimitsAndGroups(ctx, o.Project, o.User); err != nil {
			return project, user, err
		}
	}
	project.Used, user.Used = counts(used.Project, groups.Project), counts(used.User, groups.User)
	return project, user, nil
}

func exceeded(limit, used, delta int64) bool { return limit >= 0 && limit < used+delta }

func checkOne(s Set, deltas Deltas) error {
	over := &OverError{Limits: s.Limits, Used: s.Used}
	for _, r := range Resources() {
		if d, asked := deltas[r]; asked && exceeded(s.Limits[r], s.Used[r], d) {
			over.Over = append(over.Over, r)
		}
	}
	if over.Over == nil {
		return nil
	}
	return over
}

func checkBoth(project, user Set, deltas Deltas) error {
	over := &OverError{Limits: project.Limits, Used: project.Used, Scope: "project"}
	for _, r := range Resources() {
		d, asked := deltas[r]
		switch {
		case !asked:
		case exceeded(project.Limits[r], project.Used[r], d):
			over.Over = append(over.Over, r)
		case exceeded(user.Limits[r], user.Used[r], d):
			over.Over = append(over.Over, r)
			over.Limits, over.Used, over.Scope = user.Limits, user.Used, "user"
		}
	}
	if over.Over == nil {
		return nil
	}
	return over
}

// CheckLimits answers an *OverError when a value exceeds the limit of a resource
// that is not counted, of the caller's project or of the caller: metadata items,
// injected files.
func (q *Quotas) CheckLimits(ctx context.Context, caller Owner, values Deltas) error {
	if q.unified != nil {
		for _, r := range slices.Backward(Resources()) { // a path that is too long is told first
			if n, asked := values[r]; asked {
				if err := q.unified.local(ctx, r, 0, n); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if q.noop {
		return nil
	}
	rows, err := q.store.Limits(ctx, caller.Project, caller.User)
	if err != nil {
		return err
	}
	project, user := q.limits(rows)
	if err := checkOne(Set{Limits: project}, values); err != nil {
		return err
	}
	return checkOne(Set{Limits: user}, values)
}

// CheckImage is CheckLimits for the properties of an image, for which there are no
// unified limits.
func (q *Quotas) CheckImage(ctx context.Context, caller Owner, properties int) error {
	if q.unified != nil {
		return nil
	}
	return q.CheckLimits(ctx, caller, Deltas{MetadataItems: int64(properties)})
}

// CheckKeyPairs answers an *OverError when user would have more keypairs, with
// delta further ones, than allowed. The limits are those of the caller, even when
// an administrator works for another user: the lower one of project and caller,
// where no limit is the lowest.
func (q *Quotas) CheckKeyPairs(ctx context.Context, caller Owner, user string, delta int64) error {
	if q.noop {
		return nil
	}
	n, err := q.store.Keypairs(ctx, user)
	if err != nil {
		return err
	}
	if q.unified != nil {
		return q.unified.local(ctx, KeyPairs, n, delta)
	}
	rows, err := q.store.Limits(ctx, caller.Project, caller.User)
	if err != nil {
		return err
	}
	s := Set{}
	var ofUser Values
	s.Limits, ofUser = q.limits(rows)
	s.Limits[KeyPairs] = min(s.Limits[KeyPairs], ofUser[KeyPairs])
	s.Used[KeyPairs] = n
	return checkOne(s, Deltas{KeyPairs: delta})
}
