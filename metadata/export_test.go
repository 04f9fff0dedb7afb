package metadata

// For tests of the service alone, without paste file and start-up.
type (
	HandlerOptions = handlerOptions
	PortOwner      = portOwner
)

var NewHandler = newHandler
