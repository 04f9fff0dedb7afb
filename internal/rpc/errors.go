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
	Args      json.RawMessage // positional arguments, a JSON array, or nil
	Kwargs    json.RawMessage // keyword arguments, a JSON object, or nil
	Traceback []string        // the lines of the service's traceback
}

func (e *RemoteError) Error() string {
	return fmt.Sprintf("remote error: %s: %s", e.Class, e.Message)
}

// Known tells whether Nova's client raises the exception as its own class: it does for the
// modules nova.exception and builtins. Callers receive exceptions of other modules as
// oslo_messaging's RemoteError.
func (e *RemoteError) Known() bool {
	return e.Module == "nova.exception" || e.Module == "builtins"
}

// PythonName returns the name of the class that Nova's client raises, as Python prints it.
func (e *RemoteError) PythonName() string {
	switch {
	case !e.Known():
		return "oslo_messaging.rpc.client.RemoteError"
	case e.Module == "builtins":
		return e.Class
	}
	return e.Module + "_Remote." + e.Class + "_Remote"
}

// IsRemote tells whether err is a known remote exception of the given class.
func IsRemote(err error, class objects.Class) bool {
	var e *RemoteError
	return errors.As(err, &e) && e.Known() && e.Class == class.Name()
}

// TimeoutError stands for oslo_messaging's MessagingTimeout: the message was sent, and no reply
// came in time. It unwraps to context.DeadlineExceeded.
type TimeoutError struct {
	MessageID, Topic, Method string
}

func (e *TimeoutError) Error() string {
	return "Timed out waiting for a reply to message ID " + e.MessageID
}

func (e *TimeoutError) Unwrap() error { return context.DeadlineExceeded }

// DeliveryError stands for oslo_messaging's MessageDeliveryFailure: no broker confirmed the
// message before the deadline of the context, or the broker refused the connection.
type DeliveryError struct {
	Topic string
	Err   error
}

func (e *DeliveryError) Error() string {
	return "message to " + e.Topic + " not sent: " + e.Err.Error()
}
func (e *DeliveryError) Unwrap() error { return e.Err }

// ErrClosed is the error of every call and cast after Close.
var ErrClosed = errors.New("rpc: client is closed")

// failure is the JSON of the key "failure" of a reply.
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
		return &RemoteError{Class: "Exception", Message: "the failure in a reply is not JSON: " + err.Error()}
	}
	if f.Module == "exceptions" { // the module's name in Python 2
		f.Module = "builtins"
	}
	return &RemoteError{Class: f.Class, Module: f.Module, Message: f.Message, Args: f.Args, Kwargs: f.Kwargs, Traceback: f.Tb}
}

// formatFailure returns the failure that the in-memory transport sends when a handler returns
// err.
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
