package rpc_test

import (
	"bytes"
	"testing"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/internal/rpc"
)

func TestPublishErrors(t *testing.T) {
	m := rpc.NewMemory()
	rec := m.Record()
	var text bytes.Buffer
	l, err := newPool(t, m).PublishErrors(t.Context(), zerolog.New(&text))
	if err != nil {
		t.Fatal(err)
	}
	l.Warn().Msg("no error")
	named := l.With().Str("name", "nova.api").Logger()
	named.Error().Str("other", "field").Msg("one")
	l.WithLevel(zerolog.FatalLevel).Msg("two")
	testproc.Eventually(t, "two messages", func() bool { return len(rec.Messages()) == 2 })
	for i, want := range []string{"one", "two"} {
		got := rec.Messages()[i]
		body := inner(t, got.Body)
		payload, _ := body["payload"].(map[string]any)
		if got.Target.Topic != "notifications.error" || got.Event != "error_notification" || body["publisher_id"] != "error.publisher" ||
			body["priority"] != "ERROR" || len(payload) != 1 || payload["error"] != want {
			t.Errorf("got %+v %v", got, body)
		}
		for key := range body {
			if len(key) > 9 && key[:9] == "_context_" {
				t.Errorf("a context: %s", key)
			}
		}
	}
	if bytes.Count(text.Bytes(), []byte("\n")) != 3 {
		t.Errorf("the log: %s", text.String())
	}
}

// With the driver log each notification is a log record, and would be sent again.
func TestPublishErrorsWithoutEnd(t *testing.T) {
	m := rpc.NewMemory()
	rec := m.Record()
	o := rpc.Options{Memory: m}
	o.Transport.TransportURL = "fake://"
	o.Notifications.Driver = []string{"messagingv2", "log"}
	p, err := rpc.NewPool(o)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	l, err := p.PublishErrors(t.Context(), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	l.Error().Msg("one")
	n, err := p.Notifier()
	if err != nil {
		t.Fatal(err)
	}
	n.Notify(t.Context(), nil, rpc.Event{Publisher: "p", Type: "last", Priority: "ERROR"})
	if all := rec.Messages(); len(all) != 1 || all[0].Event != "last" {
		t.Errorf("got %+v", all)
	}
}
