package objects

import "time"

// Aggregate is a host aggregate.
type Aggregate struct {
	ID                   int64
	UUID, Name           string
	Hosts                []string
	Metadata             map[string]string
	CreatedAt, UpdatedAt *time.Time
	// Changes are the fields, by Nova's names, that were set since it was loaded.
	Changes []string
}

// Zone returns the availability zone of the aggregate's hosts, or nil if the aggregate has none.
func (a *Aggregate) Zone() *string {
	if zone, ok := a.Metadata["availability_zone"]; ok {
		return &zone
	}
	return nil
}
