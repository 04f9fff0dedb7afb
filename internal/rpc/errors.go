package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nova-go/nova/internal/objects"
)

// RemoteError is an exception that the called service raised.
type RemoteError struct {
	Class     string          // "InstanceNotFound"
	Module    string          // "nova.exception"
	Message   string          // the exception as text, without the traceback
	Args      json.RawMessage // its positional arguments, an array, or nil
	Kwargs    json.RawMessage // its keyword arguments, an object, or nil
	Traceback []string        // of the service, for the log
}

func (e *RemoteError) Error() string {
	return fmt.Sprintf("remote error: %s: %s", e.Class, e.Message)
}

// Known tells whether Nova's client would raise the exception as itself: those
// of nova.exception and of Python. Any other reaches its callers as
// oslo_messaging's RemoteError.
func (e *RemoteError) Known() bool {
	return e.Module == "nova.exception" || e.Module == "builtins"
}

// IsRemote tells whether err is a known remote exception of the class.
func IsRemote(err error, class objects.Class) bool {
	var e *RemoteError
	return errors.As(err, &e) && e.Known() && e.Class == class.Name()
}

// TimeoutError is oslo_messaging's MessagingTimeout: the message was sent, and
// no reply came in time. It unwraps to context.DeadlineExceeded.
type TimeoutError struct {
	MessageID, Topic, Method string
}

func (e *TimeoutError) Error() string {
	return "Timed out waiting for a reply to message ID " + e.MessageID
}

func (e *TimeoutError) Unwrap() error { return context.DeadlineExceeded }

// DeliveryError is oslo_messaging's MessageDeliveryFailure: the message could
// not be handed to a broker before the caller's time was up, or the broker
// refuses us.
type DeliveryError struct {
	Topic string
	Err   error
}

func (e *DeliveryError) Error() string {
	return "message to " + e.Topic + " not sent: " + e.Err.Error()
}
func (e *DeliveryError) Unwrap() error { return e.Err }

// ErrClosed is the end of every call once the client is closed.
var ErrClosed = errors.New("rpc: client is closed")

// failure is the JSON in a reply's "failure".
type failure struct {
	Class   string          `json:"class"`
	Module  string          `json:"module"`
	Message string          `json:"message"`
	Tb      []string        `json:"tb"`
	Args    json.RawMessage `json:"args"`
	Kwargs  json.RawMessage `json:"kwargs"`
}

func parseFailure(text string) *RemoteError {
	var f failure
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		return &RemoteError{Class: "Exception", Message: "a failure that is no JSON: " + err.Error()}
	}
	if f.Module == "exceptions" { // Python 2's name
		f.Module = "builtins"
	}
	return &RemoteError{Class: f.Class, Module: f.Module, Message: f.Message, Args: f.Args, Kwargs: f.Kwargs, Traceback: f.Tb}
}

// formatFailure is what a service sends for an error of its handler.
func formatFailure(err error) (string, error) {
	var e *RemoteError
	if !errors.As(err, &e) {
		e = &RemoteError{Class: "Exception", Module: "builtins", Message: err.Error()}
	}
	f := failure{Class: e.Class, Module: e.Module, Message: e.Message, Tb: e.Traceback, Args: e.Args, Kwargs: e.Kwargs}
	if f.Args == nil {
		args, err := json.Marshal([]string{e.Message})
		if err != nil {
			return "", err
		}
		f.Args = args
	}
	if f.Kwargs == nil {
		f.Kwargs = json.RawMessage("{}")
	}
	if f.Tb == nil {
		f.Tb = []string{}
	}
	b, err := json.Marshal(f)
	return string(b), err
}
