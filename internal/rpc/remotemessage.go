package rpc

import (
	"encoding/json"
	"errors"
	"fmt"
)

// RemoteMessage returns the text of a remote exception as the service raised it: its first
// argument. The message itself is not always that text, because the exceptions that a service
// received from another service are printed with their origin.
func RemoteMessage(err error) string {
	var e *RemoteError
	if !errors.As(err, &e) {
		return err.Error()
	}
	var args []any
	if json.Unmarshal(e.Args, &args) == nil && len(args) > 0 {
		if text, ok := args[0].(string); ok {
			return text
		}
	}
	return e.Message
}

// RemoteArgument returns a keyword argument of a remote exception as text, or "".
func RemoteArgument(err error, name string) string {
	var e *RemoteError
	if !errors.As(err, &e) {
		return ""
	}
	var kwargs map[string]any
	if json.Unmarshal(e.Kwargs, &kwargs) != nil || kwargs[name] == nil {
		return ""
	}
	return fmt.Sprint(kwargs[name])
}

// KnownRemote tells whether err is an exception of the modules nova.exception or builtins that
// the called service raised.
func KnownRemote(err error) bool {
	var e *RemoteError
	return errors.As(err, &e) && e.Known()
}
