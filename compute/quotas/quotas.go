// Package quotas serves quotas, limits and usage.
package quotas

import (
	"context"

	"github.com/nova-go/nova/internal/quota"
)

// Quotas answers limits and usage; *quota.Quotas is one.
type Quotas interface {
	Project(ctx context.Context, project string) (quota.Set, error)
}

// API holds what the handlers work with.
type API struct {
	Quotas Quotas
}
