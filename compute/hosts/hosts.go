// Package hosts serves what administrators see of hosts: services, hypervisors, aggregates, availability zones.
package hosts

// API holds what the handlers work with.
type API struct{}
