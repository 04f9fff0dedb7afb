// Package volumes serves the volume proxy and assisted snapshots.
package volumes

// API holds what the handlers work with.
type API struct{}
