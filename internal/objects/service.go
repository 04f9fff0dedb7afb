package objects

import "time"

// Service is a row of services: a process of Nova on a host.
type Service struct {
	ID             int64
	UUID           string
	Host, Binary   string
	Topic          *string
	ReportCount    int64
	Disabled       bool
	DisabledReason *string
	ForcedDown     bool
	LastSeenUp     *time.Time
	CreatedAt      *time.Time
	UpdatedAt      *time.Time
	Version        int64
	Cell           string // UUID of the cell that contains the row
}

// Up reports whether the service has reported within downTime before now.
func (s *Service) Up(now time.Time, downTime time.Duration) bool {
	if s.ForcedDown {
		return false
	}
	age := now.Sub(s.LastSeen())
	return age <= downTime && age >= -downTime
}

// LastSeen returns the time of the last report, or the one of the row's creation before the first.
func (s *Service) LastSeen() time.Time {
	switch {
	case s.LastSeenUp != nil:
		return *s.LastSeenUp
	case s.CreatedAt != nil:
		return *s.CreatedAt
	}
	return time.Time{}
}

// HostStatus returns the host_status of a server: "UP", "DOWN", "MAINTENANCE", "UNKNOWN", or "" for a server that is on no
// host or deleted.
func (i *Instance) HostStatus(up func(*Service) bool) string {
	s := i.Service
	switch {
	case i.Host == nil || *i.Host == "" || i.Deleted || s == nil:
		return ""
	case s.ForcedDown:
		return "DOWN"
	case s.Disabled:
		return "MAINTENANCE"
	case up(s):
		return "UP"
	}
	return "UNKNOWN"
}
