package server

import (
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/rpc"
)

// Kinds are what exceptions of other services mean to clients.
type Kinds map[objects.Class]objects.Kind

// Remote makes a domain error of an exception that another of Nova's services raised, if
// its class is one of kinds.
func Remote(err error, kinds Kinds) error {
	for class, kind := range kinds {
		if rpc.IsRemote(err, class) {
			return &objects.Error{Kind: kind, Class: class, Message: rpc.RemoteMessage(err), Cause: err}
		}
	}
	return err
}

// Supported makes a domain error of Python's NotImplementedError, which drivers of hosts
// raise for what they cannot do.
func Supported(err error) error {
	if rpc.IsRemote(err, objects.ErrNotImplementedError) {
		return &objects.Error{Kind: objects.KindNotImplemented, Class: objects.ErrNotImplementedError,
			Message: "The requested functionality is not supported.", Cause: err}
	}
	return err
}
