package hosts

import "github.com/nova-go/nova/compute/api"

// viaIronic refuses what Ironic took over, with the command that does it there.
func viaIronic(command string) func(*api.Request) (any, error) {
	return func(*api.Request) (any, error) {
		return nil, api.BadRequest("Command not supported. Please use Ironic command %s to perform this action.", command)
	}
}
