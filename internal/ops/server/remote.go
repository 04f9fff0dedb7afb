package server

import (
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/rpc"
)

// Remote makes a domain error of an exception that another of Nova's services raised, if
// its class is one of kinds.
func Remote(err error, kinds map[objects.Class]objects.Kind) error {
	for class, kind := range kinds {
		if rpc.IsRemote(err, class) {
			return &objects.Error{Kind: kind, Class: class, Message: rpc.RemoteMessage(err), Cause: err}
		}
	}
	return err
}
