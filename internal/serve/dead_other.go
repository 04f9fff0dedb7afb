//go:build !linux

package serve

import "context"

// awaitDeath waits until the connection is cut off, and returns true, or until ctx ends. Other systems than Linux do not say
// whether a client has closed its connection or only its sending side.
func (c *conn) awaitDeath(ctx, cutOff context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-cutOff.Done():
		return true
	}
}

// interrupt waits for the end of awaitDeath, whose ctx has ended; over is closed then.
func (c *conn) interrupt(over <-chan struct{}, _ *pacedBody) { <-over }
