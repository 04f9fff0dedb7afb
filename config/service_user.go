package config

// ServiceUser is the [service_user] group: the service token that is sent with the user's
// token.
type ServiceUser struct {
	Session
	Auth

	// SendServiceUserToken adds X-Service-Token to calls of other services.
	SendServiceUserToken bool `opt:"send_service_user_token" default:"false"`
}
