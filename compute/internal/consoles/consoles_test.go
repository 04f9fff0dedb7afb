package consoles_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest"
)

func TestConsoleOutput(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	vm := s.Server(novatest.VM{})
	s.Answer("compute", "compute-1", map[string]any{"get_console_output": "one\x07\ntwo"})
	s.Messages(func() {
		s.As("demo").Do(vm.Action(), `{"os-getConsoleOutput": {"length": 2}}`).Expect(200).JSON(`{"output": "one\ntwo"}`)
	}).Expect("call compute.compute-1 get_console_output 6.0 instance=Instance/2.8 tail_length=2")
	nowhere := s.Server(novatest.VM{Host: "-"})
	s.As("demo").Do(nowhere.Action(), `{"os-getConsoleOutput": {}}`).Expect(409).Fault("conflictingRequest", "Instance "+nowhere.UUID+" is not ready")
	s.As("reader").Do(vm.Action(), `{"os-getConsoleOutput": {}}`).Expect(403)
}

// TestConsoleTokens finds a token by its hash while it lives.
func TestConsoleTokens(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	vm := s.Server(novatest.VM{})
	add := func(token string, until time.Time) {
		hash := sha256.Sum256([]byte(token))
		s.Insert("cell1", "console_auth_tokens", map[string]any{"token_hash": fmt.Sprintf("%x", hash), "console_type": "novnc", "host": "10.0.0.1", "port": 5900,
			"instance_uuid": vm.UUID, "expires": until.Unix(), "access_url_base": "http://x"})
	}
	add("live", time.Now().Add(time.Hour))
	add("late", time.Now().Add(-time.Hour))
	admin := s.As("admin").MV("2.31")
	admin.Do("GET /os-console-auth-tokens/live").Expect(200).Has(`{"console": {"host": "10.0.0.1", "port": 5900, "instance_uuid": "` + vm.UUID + `"}}`)
	admin.Do("GET /os-console-auth-tokens/late").Expect(404)
}
