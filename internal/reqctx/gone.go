package reqctx

import (
	"context"
	"errors"
)

// ErrCutOff is the cause by which a listener ends the contexts of requests that
// are still under way when its time to stop is over.
var ErrCutOff = errors.New("the service stops")

// StatusClientGone is counted and logged, in the place of an error, for requests
// whose client has left before the answer; nobody gets to see it. The number is
// the one that nginx uses.
const StatusClientGone = 499

// ClientGone tells that the context of a request was cancelled because its client
// has left: what fails from then on fails for no fault of ours.
func ClientGone(ctx context.Context) bool {
	return errors.Is(ctx.Err(), context.Canceled) && !errors.Is(context.Cause(ctx), ErrCutOff)
}

// Answered is the status to count and to log for a request that was answered with
// status: an error of the server after its client has left is none.
func Answered(ctx context.Context, status int) int {
	if status >= 500 && ClientGone(ctx) {
		return StatusClientGone
	}
	return status
}
