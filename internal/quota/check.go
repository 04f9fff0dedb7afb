package quota

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// OverError reports a quota that would be exceeded. Callers convert it to the domain error of
// their operation, whose text may contain the numbers.
type OverError struct {
	Over   []Resource // the exceeded resources, by name
	Limits Values     // the applied limits: those of the user if one of them is exceeded, otherwise those of the project
	Used   Values     // the usage in the same scope
	Scope  string     // "project", "user", or "" if both limits apply to one count
	// unified is the text for limits in Keystone, for which Limits and Used are empty; "" for
	// other limits.
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

// Fault returns the error of an operation with a class of Nova. The text is that of format, or
// for limits in Keystone the text that names the exceeded limits.
func (e *OverError) Fault(class objects.Class, format string, args ...any) error {
	text := e.unified
	if text == "" {
		text = fmt.Sprintf(format, args...)
	}
	return &objects.Error{Kind: objects.KindOverQuota, Class: class, Message: text, Cause: e}
}

// Headroom returns the remaining amount of a resource.
func (e *OverError) Headroom(r Resource) int64 { return e.Limits[r] - e.Used[r] }

// Deltas are the resources that an operation is about to use.
type Deltas map[Resource]int64

// Check counts the owner's instances, cores, RAM and server groups, and returns an *OverError
// if the deltas exceed a limit. Deltas of 0 check the current usage. Of unified limits Check
// applies only that of server groups; Fit applies those of servers. The usage of the user is
// counted only if the user has own limits, because otherwise the limits of the project are
// sufficient.
func (q *Quotas) Check(ctx context.Context, o Owner, deltas Deltas) error {
	if q.unified != nil {
		delta, asked := deltas[ServerGroups]
		if !asked { // Fit checks the other resources
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

// count counts only the resources of the deltas.
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
	project.Used, user.Used = countedValues(used.Project, groups.Project), countedValues(used.User, groups.User)
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

// CheckLimits returns an *OverError if a value exceeds a limit of the caller or the caller's
// project, for resources that are not counted: metadata items, injected files.
func (q *Quotas) CheckLimits(ctx context.Context, caller Owner, values Deltas) error {
	if q.unified != nil {
		for _, r := range slices.Backward(Resources()) { // the limit of path lengths is reported first
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

// CheckImage is CheckLimits for the properties of an image, which have no unified limits.
func (q *Quotas) CheckImage(ctx context.Context, caller Owner, properties int) error {
	if q.unified != nil {
		return nil
	}
	return q.CheckLimits(ctx, caller, Deltas{MetadataItems: int64(properties)})
}

// CheckKeyPairs returns an *OverError if delta further keypairs of user exceed the limit. The
// limits are those of the caller, also for an administrator who acts for another user: the
// lower one of project and caller, where unlimited (-1) is the lowest.
func (q *Quotas) CheckKeyPairs(ctx context.Context, caller *reqctx.Caller, user string, delta int64) error {
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
	if caller.ProjectID == "" && !caller.IsAdmin { // Nova's functions that read quotas require a project
		return objects.ErrForbidden.Errorf(objects.KindForbidden, "Forbidden")
	}
	rows, err := q.store.Limits(ctx, caller.ProjectID, caller.UserID)
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
