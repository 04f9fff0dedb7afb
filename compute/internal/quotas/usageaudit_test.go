package quotas_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

func TestAuditSendsNotifications(t *testing.T) {
	t.Parallel()
	withAudit := novatest.Before(func(s *novatest.Stack) {
		file := filepath.Join(s.State, "api-paste.ini")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		paste := strings.ReplaceAll(string(text), "authtoken keystonecontext", "authtoken keystonecontext audit") +
			"\n[filter:audit]\npaste.filter_factory = keystonemiddleware.audit:filter_factory\n"
		if err := os.WriteFile(file, []byte(paste), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	s := novatest.New(t, withAudit, novatest.Conf("[audit_middleware_notifications]\ndriver = messagingv2\ntopics = security"))
	m := s.Messages(func() { s.As("demo").Do("GET /flavors").Expect(200) })
	m.Expect("notification security.info audit.http.request", "notification security.info audit.http.response")
	var event struct{ Action, Outcome string }
	if err := json.Unmarshal(m.All[1].Payload, &event); err != nil || event.Action != "read" || event.Outcome != "success" {
		t.Errorf("the answer's event is %s, %v", m.All[1].Payload, err)
	}
}
