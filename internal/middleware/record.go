package middleware

import (
	"context"
	"net/http"

	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/reqctx"
)

// Record contains the data that filters have added to a request. Only the goroutine that serves
// the request may use it.
type Record struct {
	// RequestID is "req-<uuid>"; GlobalRequestID is the id that the caller has sent, or "".
	RequestID, GlobalRequestID string
	// Microversion is set for legacy v2, whose answers do not contain it; otherwise it is "".
	Microversion string
	// User is the caller, set by keystonecontext or noauth2.
	User *reqctx.Caller
	// Token and ServiceToken are the tokens that authtoken has validated; nil if there was none
	// or it was rejected. They are shared and must not be changed.
	Token, ServiceToken *Token

	// Recheck checks the user's token again: ErrInvalidToken if it has expired or was revoked, another error if Keystone
	// does not answer. It is nil unless WithRecheck has asked for it, and with noauth2. It may be called at any time.
	Recheck func(context.Context) error

	wantsRecheck bool
	// operation and version are the labels for Measure.
	operation *metrics.Operation
	version   string
	// failure is the error of NoteError.
	failure error
}

type recordKey struct{}

// RecordOf returns the record of a request, or nil if no filter has created one.
func RecordOf(ctx context.Context) *Record {
	rec, _ := ctx.Value(recordKey{}).(*Record)
	return rec
}

// WithRecord returns the request's record, and a request that has it in its context.
func WithRecord(r *http.Request) (*Record, *http.Request) {
	if rec := RecordOf(r.Context()); rec != nil {
		return rec, r
	}
	rec := &Record{}
	return rec, r.WithContext(context.WithValue(r.Context(), recordKey{}, rec))
}

// NoteError keeps the error that a request has failed with, for filters that report it.
func NoteError(ctx context.Context, err error) {
	if rec := RecordOf(ctx); rec != nil {
		rec.failure = err
	}
}

// Failure returns the error of NoteError; nil if there was none.
func (r *Record) Failure() error { return r.failure }

// Operation returns the name of the operation that serves the request; "" if none does.
func (r *Record) Operation() string {
	if r.operation == nil {
		return ""
	}
	return r.operation.Name()
}
