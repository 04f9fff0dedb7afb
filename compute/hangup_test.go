package compute_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest"
)

// TestReadsEndWithTheirClients cancels what a read waits for when its client goes away,
// and counts that as no error of this service.
func TestReadsEndWithTheirClients(t *testing.T) {
	t.Parallel()
	asked, cancelled := make(chan struct{}), make(chan struct{})
	glance := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
		close(cancelled)
	}))
	defer glance.Close()
	s := novatest.New(t, novatest.Conf("[glance]\nendpoint_override = "+glance.URL))
	demo := s.As("demo")
	ctx, hangUp := context.WithCancel(t.Context())
	go func() {
		<-asked
		hangUp()
	}()
	demo.HangUpOn(ctx, "GET /images/"+novatest.Image)
	select {
	case <-cancelled:
	case <-time.After(time.Minute):
		t.Fatal("Glance is still asked")
	}
	s.Idle()
	counted := 0.0
	for name, n := range series(t, s) {
		if strings.HasPrefix(name, "nova_requests_total{operation=images.show,") {
			counted += n
			if !strings.Contains(name, "status=499") {
				t.Errorf("it counts as %s", name)
			}
		}
	}
	if counted != 1 {
		t.Errorf("it counts %v times", counted)
	}
	if log := s.Log(); strings.Contains(log, `"level":"error"`) {
		t.Errorf("the log has an error:\n%s", log)
	}
}
