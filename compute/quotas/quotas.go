// Package quotas serves quotas, limits and usage.
package quotas

// API holds what the handlers work with.
type API struct{}
