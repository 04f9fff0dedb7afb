package objects

import "time"

// Aggregate is a host aggregate.
type Aggregate struct {
	ID                   int64
	UUID, Name           string
	Hosts                []string
	Metadata             map[string]string
	CreatedAt, UpdatedAt *time.Time
}

// Zone is the availability zone that the aggregate gives its hosts, or nil.
func (a *Aggregate) Zone() *string {
	if zone, ok := a.Metadata["availability_zone"]; ok {
		return &zone
	}
	return nil
}

// Versioned is the aggregate as it crosses the RPC.
func (a *Aggregate) Versioned() *Versioned {
	return NewVersioned("Aggregate", "1.3", map[string]any{"id": a.ID, "uuid": a.UUID, "name": a.Name, "hosts": a.Hosts, "metadata": a.Metadata,
		"created_at": a.CreatedAt, "updated_at": a.UpdatedAt, "deleted_at": nil, "deleted": false})
}
