package novatest

import "net/http"

// FaultOf is the kind of the fault that Nova answers with a status: "badRequest" of 400.
func FaultOf(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "badRequest"
	case http.StatusNotFound:
		return "itemNotFound"
	case http.StatusConflict:
		return "conflictingRequest"
	}
	return "computeFault"
}

// Unexpected is the message of the fault that an exception of a class becomes where Nova
// expects none: "ValueError", "nova.exception.InvalidInput".
func Unexpected(class string) string {
	return "Unexpected API Error. Please contact the administrator\n<class '" + class + "'>"
}
