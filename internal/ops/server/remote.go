package server

import (
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/rpc"
)

// Kinds maps the exceptions of other Nova services to the kind of domain error that clients receive.
type Kinds map[objects.Class]objects.Kind

// Remote converts an exception of another Nova service into a domain error, if its class is in kinds. It returns other
// errors unchanged.
func Remote(err error, kinds Kinds) error {
	for class, kind := range kinds {
		if rpc.IsRemote(err, class) {
			return &objects.Error{Kind: kind, Class: class, Message: rpc.RemoteMessage(err), Cause: err}
		}
	}
	return err
}

// Supported converts Python's NotImplementedError into a domain error. Virt drivers raise it for operations that they do
// not support.
func Supported(err error) error {
	if rpc.IsRemote(err, objects.ErrNotImplementedError) {
		return &objects.Error{Kind: objects.KindNotImplemented, Class: objects.ErrNotImplementedError,
			Message: "The requested functionality is not supported.", Cause: err}
	}
	return err
}
