package rpc

import (
	"encoding/json"
	"errors"
	"fmt"
)

// RemoteMessage is the text of a remote exception, as the service raised it.
func RemoteMessage(err error) string {
	var e *RemoteError
	if errors.As(err, &e) {
		return e.Message
	}
	return err.Error()
}

// RemoteArgument is a keyword argument of a remote exception, as text, or "".
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

// KnownRemote tells whether err is an exception of Nova's or Python's that the
// called service raised.
func KnownRemote(err error) bool {
	var e *RemoteError
	return errors.As(err, &e) && e.Known()
}
