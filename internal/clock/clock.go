// Package clock is the time of day that rows, tokens and views have. It is the computer's, unless
// a context has another one: the embedded cloud can stop its clock and advance it. Timeouts,
// durations and logs use the computer's clock always.
package clock

import (
	"context"
	"net/http"
	"time"
)

type key struct{}

// With returns a context in which Now is the result of a function.
func With(ctx context.Context, now func() time.Time) context.Context {
	return context.WithValue(ctx, key{}, now)
}

// Now returns the time of a context.
func Now(ctx context.Context) time.Time {
	if now, ok := ctx.Value(key{}).(func() time.Time); ok {
		return now()
	}
	return time.Now()
}

// Handler gives requests the clock of a context.
func Handler(ctx context.Context, h http.Handler) http.Handler {
	now, ok := ctx.Value(key{}).(func() time.Time)
	if !ok {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r.WithContext(With(r.Context(), now))) })
}
