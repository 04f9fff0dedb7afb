package objects

// ConsoleToken is where the token of an opened console leads.
type ConsoleToken struct {
	Kind, Host, InstanceUUID string
	Port                     int64
	TLSPort                  *int64
	InternalAccessPath       *string
}
