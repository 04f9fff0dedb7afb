package rest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/gophercloud/gophercloud/v2"
)

// retry is called by gophercloud after a failed request; nil means that the request is
// repeated. connect_retries applies to requests that have not reached a service, and to
// interrupted reads; status_code_retries applies to the statuses of retriable_status_codes.
// Pauses double from half a second, unless a delay is set.
func (s *Session) retry(ctx context.Context, method, _ string, _ *gophercloud.RequestOpts, err error, failed uint) error {
	a := s.o.Adapter
	var limit *int
	var delay *float64
	if status, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err); ok {
		codes := a.RetriableStatusCodes
		if codes == nil {
			codes = []int{http.StatusServiceUnavailable}
		}
		if slices.Contains(codes, status.Actual) {
			limit, delay = a.StatusCodeRetries, a.StatusCodeRetryDelay
		}
	} else if notReached(err) || method == http.MethodGet && IsNetwork(err) {
		limit, delay = a.ConnectRetries, a.ConnectRetryDelay
	}
	if limit == nil || failed > uint(max(*limit, 0)) {
		return err
	}
	if !Pause(ctx, failed, delay) {
		return err
	}
	return nil
}

// Pause waits before attempt failed+1, and returns false if ctx ends. delay is in seconds, the
// same for each attempt; nil means 0.5, 1, 2, ... up to a minute.
func Pause(ctx context.Context, failed uint, delay *float64) bool {
	d := min(time.Second/2<<min(max(failed, 1)-1, 10), time.Minute)
	if delay != nil {
		d = time.Duration(*delay * float64(time.Second))
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// notReached reports whether a request has not reached the service.
func notReached(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// IsNetwork reports whether a request failed in the network, without an answer.
func IsNetwork(err error) bool {
	var status interface{ GetStatusCode() int }
	if errors.As(err, &status) || errors.Is(err, context.Canceled) {
		return false
	}
	_, ok := errors.AsType[net.Error](err)
	return ok
}
