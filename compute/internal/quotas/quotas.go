// Package quotas serves quotas, limits and usage.
package quotas

import (
	"context"
	"time"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/quota"
	"github.com/nova-go/nova/internal/reqctx"
)

// Quotas answers limits and usage; *quota.Quotas is one.
type Quotas interface {
	Project(ctx context.Context, project string) (quota.Set, error)
	User(ctx context.Context, o quota.Owner) (quota.Set, error)
	Defaults(context.Context) (quota.Values, error)
	Class(ctx context.Context, name string) (quota.Values, error)
	Settable(ctx context.Context, o quota.Owner) (quota.Bounds, error)
	SetLimit(ctx context.Context, o quota.Owner, r quota.Resource, limit int64) error
	DeleteLimits(ctx context.Context, o quota.Owner) error
	SetClass(ctx context.Context, class string, r quota.Resource, limit int64) error
	Reserved() int64
}

// Projects tells whether a project exists. It answers nil, too, when Keystone
// cannot be asked or does not let the caller know.
type Projects interface {
	VerifyProject(ctx context.Context, caller *reqctx.Caller, id string) error
}

// Usages reads what servers have used; cell.Everywhere is one.
type Usages interface {
	// ActiveBetween answers the servers that lived at some time between begin and
	// end, of one project or, for "", of all: at most limit behind the one that
	// marker names.
	ActiveBetween(ctx context.Context, w objects.UsageWindow) ([]*objects.Instance, error)
}

// Audits reads the log of the audit task and the computes that it is about.
type Audits interface {
	AuditTasks(ctx context.Context, begin, end time.Time) ([]objects.AuditTask, error)
	ComputeHosts(ctx context.Context) ([]string, error)
}

// API holds what the handlers work with.
type API struct {
	Quotas      Quotas
	Projects    Projects
	Usages      Usages
	Audits      Audits
	AuditPeriod string // instance_usage_audit_period: "month", "day@18"
	Now         func() time.Time
}

// write writes those resources of values that are shown in a microversion.
func write(o *api.Object, shown func(quota.Resource) bool, each func(quota.Resource, *api.Object)) {
	for _, r := range quota.Resources() {
		if shown(r) {
			each(r, o)
		}
	}
}
