// Package versions serves the version documents and extensions.
package versions

// API holds what the handlers work with.
type API struct{}
