package serve_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nova-go/nova/internal/serve"
)

// A handler is done with only after its last request.
func TestSwitch(t *testing.T) {
	var s serve.Switch
	var ended atomic.Int64
	set := func(before *atomic.Bool) *atomic.Bool {
		over := &atomic.Bool{}
		s.Set(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if over.Load() {
				t.Error("a request after the end")
			}
			_, _ = io.WriteString(w, "x")
			if over.Load() {
				t.Error("the end before the request's")
			}
		}), func() {
			before.Store(true)
			ended.Add(1)
		})
		return over
	}
	current := set(nil)
	var load sync.WaitGroup
	var stop atomic.Bool
	for range 4 {
		load.Go(func() {
			for !stop.Load() {
				w := httptest.NewRecorder()
				s.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
				if w.Body.String() != "x" {
					t.Error("no answer")
				}
			}
		})
	}
	for range 500 {
		current = set(current)
	}
	stop.Store(true)
	load.Wait()
	for ended.Load() < 500 {
	}
}
