package objects

// ConsoleToken contains the target of a console connection: a row of console_auth_tokens.
type ConsoleToken struct {
	Kind, Host, InstanceUUID string
	Port                     int64
	TLSPort                  *int64
	InternalAccessPath       *string
}
