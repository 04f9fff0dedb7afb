package config

// ServiceUser is the [service_user] group: the token that goes with the
// user's.
type ServiceUser struct {
	Session
	Auth

	// SendServiceUserToken adds X-Service-Token to calls of other services.
	SendServiceUserToken bool `opt:"send_service_user_token" default:"false"`
}
