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
