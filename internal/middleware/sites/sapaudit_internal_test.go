package sites

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/middleware/cadf"
)

// TestAuditQueue: events that a broker does not take, or not fast enough, go to the log, each once.
func TestAuditQueue(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer // only written under the queue's lock, or when its goroutine has ended
	begun, answer := make(chan string), make(chan error)
	q := &auditQueue{size: 3, log: zerolog.New(&out), send: func(_ context.Context, e *cadf.Event) error {
		begun <- e.ID
		return <-answer
	}}
	q.notify(&cadf.Event{ID: "1"})
	if id := <-begun; id != "1" {
		t.Errorf("first was %s", id)
	}
	for _, id := range []string{"2", "3", "4", "5"} { // the broker is busy with 1; there is room for three
		q.notify(&cadf.Event{ID: id})
	}
	text := out.String()
	for _, id := range []string{"2", "3", "4", "5"} {
		if strings.Count(text, `\"id\":\"`+id+`\"`) != 1 {
			t.Errorf("event %s is not once in the log: %s", id, text)
		}
	}
	answer <- nil
	q.notify(&cadf.Event{ID: "6"})
	if id := <-begun; id != "6" {
		t.Errorf("then came %s", id)
	}
	q.notify(&cadf.Event{ID: "7"})
	answer <- errors.New("away")
	for running := true; running; { // the goroutine ends when it has written 6 and 7 to the log
		q.mu.Lock()
		running = q.running
		q.mu.Unlock()
		runtime.Gosched()
	}
	if text := out.String(); strings.Contains(text, `\"id\":\"1\"`) || strings.Count(text, `\"id\":\"6\"`) != 1 ||
		strings.Count(text, `\"id\":\"7\"`) != 1 || !strings.Contains(text, "away") {
		t.Errorf("the log has %s", text)
	}
}
