package middleware

import (
	"encoding/binary"
	"math/rand/v2"
	"net/http"
	"regexp"

	"github.com/google/uuid"
)

const (
	headerRequestID        = "X-Openstack-Request-Id"
	headerComputeRequestID = "X-Compute-Request-Id"
)

var requestID = regexp.MustCompile(`^req-[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}$`)

// ComputeRequestID assigns an id to each request, and sends it in x-openstack-request-id and
// x-compute-request-id unless the application sets these headers. A well-formed
// X-Openstack-Request-Id of the caller becomes the global request id; any other value is
// ignored.
func ComputeRequestID() func(http.Handler) http.Handler {
	return requestIDFilter(headerRequestID, headerComputeRequestID)
}

// RequestID is oslo.middleware's filter request_id: like ComputeRequestID, with only
// x-openstack-request-id.
func RequestID() func(http.Handler) http.Handler { return requestIDFilter(headerRequestID) }

func requestIDFilter(headers ...string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec, r := WithRecord(r)
			if id := r.Header.Get(headerRequestID); requestID.MatchString(id) {
				rec.GlobalRequestID = id
			}
			rec.RequestID = newRequestID()
			h := w.Header()
			for _, name := range headers {
				h[name] = []string{rec.RequestID}
			}
			next.ServeHTTP(w, r)
		})
	}
}

// newRequestID returns an id from random numbers that need no system call, because it is not
// secret.
func newRequestID() string {
	var id uuid.UUID
	binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // version 4
	return "req-" + id.String()
}
