package reqctx

import (
	"context"
	"errors"
)

// ErrCutOff is the cause with which a listener cancels the requests that are still in progress
// at the end of its drain time.
var ErrCutOff = errors.New("the service stops")

// StatusClientGone is recorded in metrics and logs instead of an error if the client has
// disconnected before the answer; it is never sent. nginx uses the same number.
const StatusClientGone = 499

// ClientGone reports whether the context of a request was cancelled because its client has
// disconnected. Errors after that are not errors of the service.
func ClientGone(ctx context.Context) bool {
	return errors.Is(ctx.Err(), context.Canceled) && !errors.Is(context.Cause(ctx), ErrCutOff)
}

// Answered returns the status for metrics and logs of a request with an answer:
// StatusClientGone for a 5xx after the client has disconnected, otherwise status.
func Answered(ctx context.Context, status int) int {
	if status >= 500 && ClientGone(ctx) {
		return StatusClientGone
	}
	return status
}
