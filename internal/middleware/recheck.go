package middleware

import "context"

// WithRecheck returns a context of a request whose record receives Recheck from authtoken, for answers that last longer than a
// request: they must end when the token does.
func WithRecheck(ctx context.Context) (*Record, context.Context) {
	rec := &Record{wantsRecheck: true}
	return rec, context.WithValue(ctx, recordKey{}, rec)
}

// recheck returns a function that checks a token of a user again. It keeps no reference to the request.
func (a *authToken) recheck(token string, allowExpired bool) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := a.check(ctx, token, allowExpired, false)
		return err
	}
}
