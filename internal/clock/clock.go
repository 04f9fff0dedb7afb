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

// source is the clock of a context.
type source struct {
	now    func() time.Time
	stored time.Duration // precision of Stored
}

// With returns a context in which Now is the result of a function.
func With(ctx context.Context, now func() time.Time) context.Context {
	return context.WithValue(ctx, key{}, source{now, time.Microsecond})
}

// WithSeconds returns With's context, in which Stored has whole seconds.
func WithSeconds(ctx context.Context, now func() time.Time) context.Context {
	return context.WithValue(ctx, key{}, source{now, time.Second})
}

// Now returns the time of a context.
func Now(ctx context.Context) time.Time {
	if s, ok := ctx.Value(key{}).(source); ok {
		return s.now()
	}
	return time.Now()
}

// Stored returns the time of a context for a column of a database, in microseconds or whole seconds.
func Stored(ctx context.Context) time.Time {
	if s, ok := ctx.Value(key{}).(source); ok {
		return s.now().UTC().Truncate(s.stored)
	}
	return time.Now().UTC().Truncate(time.Microsecond)
}

// Handler gives requests the clock of a context.
func Handler(ctx context.Context, h http.Handler) http.Handler {
	s, ok := ctx.Value(key{}).(source)
	if !ok {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, s)))
	})
}
