package consoles_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/rpc"
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

// TestConsoleOfOtherDrivers answers for hosts that cannot open the console.
func TestConsoleOfOtherDrivers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		release, class string
		actions, since int // the statuses of the actions until 2.5, and since 2.6
	}{{"2026.2", "NotImplementedError", 501, 501}, {"2026.2", "KeyError", 500, 501}, {"2025.1", "KeyError", 500, 500}} {
		s := novatest.New(t, novatest.Conf("[wsgi]\nrelease = "+c.release))
		vm := s.Server(novatest.VM{})
		s.Answer("compute", "compute-1", map[string]any{"get_vnc_console": &rpc.RemoteError{Class: c.class, Module: "builtins", Message: "'type'"}})
		message := map[int]string{500: "Unexpected API Error. Please contact the administrator\n<class '" + c.class + "'>", 501: "The requested functionality is not supported."}
		name := map[int]string{500: "computeFault", 501: "notImplemented"}
		s.As("demo").MV("2.5").Do(vm.Action(), `{"os-getVNCConsole": {"type": "novnc"}}`).Expect(c.actions).Fault(name[c.actions], message[c.actions])
		s.As("demo").MV("2.6").Do("POST /servers/"+vm.UUID+"/remote-consoles", `{"remote_console": {"protocol": "vnc", "type": "novnc"}}`).
			Expect(c.since).Fault(name[c.since], message[c.since])
	}
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
