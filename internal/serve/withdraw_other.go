//go:build !linux

package serve

import "net"

func refuseNew(net.Listener) bool { return false }

func hasQueued(net.Listener) bool { return false }
