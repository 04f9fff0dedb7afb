// Package keypairs serves keypairs.
package keypairs

// API holds what the handlers work with.
type API struct{}
