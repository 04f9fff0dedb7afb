// Package servers serves servers, their actions and everything below them.
package servers

// API holds what the handlers work with.
type API struct{}
