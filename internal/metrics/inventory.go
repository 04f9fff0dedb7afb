package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// InventoryServers is a number of servers of a project in a VM state.
type InventoryServers struct {
	Project, State string
	Count          int64
}

// InventoryUse is what a project uses of a resource, and its limit; below 0 there is none.
type InventoryUse struct {
	Project, Resource string
	Used, Limit       int64
}

// Inventory shows what the databases contain. It has no series before Set. A nil Inventory shows nothing.
type Inventory struct {
	mu      sync.Mutex
	servers []InventoryServers
	uses    []InventoryUse
	limited bool
	at      time.Time
}

// Inventory returns the inventory of the application.
func (m *Metrics) Inventory() *Inventory {
	if m == nil {
		return nil
	}
	return m.inventory
}

// Set replaces the inventory by one that was read at a time. The limits are left out unless limited.
func (i *Inventory) Set(servers []InventoryServers, uses []InventoryUse, limited bool, at time.Time) {
	if i == nil {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.servers, i.uses, i.limited, i.at = servers, uses, limited, at
}

var (
	inventoryServers = prometheus.NewDesc("nova_inventory_servers", "Servers by project and VM state.", []string{"project", "state"}, nil)
	inventoryUsed    = prometheus.NewDesc("nova_inventory_used", "What projects use of resources with quotas: instances, cores, ram in MiB.",
		[]string{"project", "resource"}, nil)
	inventoryLimit = prometheus.NewDesc("nova_inventory_limit", "The quotas of projects that use something; -1: none.",
		[]string{"project", "resource"}, nil)
	inventoryAge = prometheus.NewDesc("nova_inventory_age_seconds", "Time since the inventory was read.", nil, nil)
)

// Describe implements prometheus.Collector.
func (i *Inventory) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{inventoryServers, inventoryUsed, inventoryLimit, inventoryAge} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (i *Inventory) Collect(to chan<- prometheus.Metric) {
	i.mu.Lock()
	servers, uses, limited, at := i.servers, i.uses, i.limited, i.at
	i.mu.Unlock()
	if at.IsZero() {
		return
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	for _, s := range servers {
		gauge(inventoryServers, float64(s.Count), s.Project, s.State)
	}
	for _, u := range uses {
		gauge(inventoryUsed, float64(u.Used), u.Project, u.Resource)
		if limited {
			gauge(inventoryLimit, float64(max(u.Limit, -1)), u.Project, u.Resource)
		}
	}
	gauge(inventoryAge, time.Since(at).Seconds())
}
