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

// Quotas reads and writes limits and usage; *quota.Quotas implements it.
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

// Projects checks that a project exists. It returns nil also if Keystone is unreachable, or
// does not allow the caller to read projects.
type Projects interface {
	VerifyProject(ctx context.Context, caller *reqctx.Caller, id string) error
	// CheckProject is VerifyProject for reads: a project may have been deleted a few seconds ago.
	CheckProject(ctx context.Context, caller *reqctx.Caller, id string) error
}

// Usages reads the usage of servers; cell.Everywhere implements it.
type Usages interface {
	// ActiveBetween returns the servers that existed at some time between the begin and the end
	// of w, of one project or, for "", of all projects: at most limit servers after the marker.
	ActiveBetween(ctx context.Context, w objects.UsageWindow) ([]*objects.Instance, error)
}

// Audits reads the task log of audits and the computes that report to it.
type Audits interface {
	AuditTasks(ctx context.Context, begin, end time.Time) ([]objects.AuditTask, error)
	ComputeHosts(ctx context.Context) ([]string, error)
}

// API holds the dependencies of the handlers.
type API struct {
	Quotas      Quotas
	Projects    Projects
	Usages      Usages
	Audits      Audits
	AuditPeriod string // instance_usage_audit_period: "month", "day@18"
	Now         func() time.Time
}

// writeResources calls each for the resources that a microversion shows.
func writeResources(o *api.Object, shown func(quota.Resource) bool, each func(quota.Resource, *api.Object)) {
	for _, r := range quota.Resources() {
		if shown(r) {
			each(r, o)
		}
	}
}
