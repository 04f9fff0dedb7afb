package middleware

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/internal/webob"
)

// SizeLimitOptions configure SizeLimit.
type SizeLimitOptions struct {
	// MaxBody is max_request_body_size in bytes.
	MaxBody int64
	Log     zerolog.Logger
}

// SizeLimit answers 413 to bodies larger than the limit. For a body of unknown length
// (chunked), reads beyond the limit fail with *http.MaxBytesError; the client then gets 413,
// whatever the application answers, unless the answer has already begun.
func SizeLimit(o SizeLimitOptions) func(http.Handler) http.Handler {
	logger := log.Named(o.Log, "oslo_middleware.sizelimit")
	// oslo.middleware does not substitute the number in this text, which clients see.
	announced := webob.Page{Status: http.StatusRequestEntityTooLarge,
		Explanation: "Request is too large. Larger than max_request_body_size (%s)."}
	found := webob.Page{Status: http.StatusRequestEntityTooLarge, Explanation: fmt.Sprintf("Request is too large. Larger than %d.", o.MaxBody)}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.ContentLength > o.MaxBody:
				logger.Info().Msgf("Request is too large. Larger than max_request_body_size (%d).", o.MaxBody)
				announced.Write(w, r)
			case r.ContentLength < 0 && r.Body != nil:
				body := &limitedBody{ReadCloser: http.MaxBytesReader(w, r.Body, o.MaxBody)}
				r = r.WithContext(r.Context())
				r.Body = body
				out := &filter.Response{ResponseWriter: w}
				out.OnHeader = func(status int) (int, []byte) {
					if !body.exceeded {
						return status, nil
					}
					text, contentType := found.Render(strings.Join(r.Header.Values("Accept"), ", "))
					w.Header().Set("Content-Type", contentType)
					return found.Status, text
				}
				next.ServeHTTP(out, r)
				out.Finish()
			default:
				next.ServeHTTP(w, r)
			}
		})
	}
}

// limitedBody records whether its limit was exceeded.
type limitedBody struct {
	io.ReadCloser
	exceeded bool
}

func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		b.exceeded = true
	}
	return n, err
}
