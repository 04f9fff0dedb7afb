// Package images serves the image proxy.
package images

// API holds what the handlers work with.
type API struct{}
