// Package networks serves the proxies of networks, security groups and floating IPs.
package networks

// API holds what the handlers work with.
type API struct{}
