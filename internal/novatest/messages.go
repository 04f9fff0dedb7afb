package novatest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/internal/versioned"
)

// Messages are the RPC messages and notifications that were sent, one line for each, such as "cast compute.compute-1
// reboot_instance 6.0 block_device_info=null instance=Instance/2.8 reboot_type=SOFT" or "notification notifications.info
// keypair.create.start". The arguments are in the order of their names. Versioned objects are shown as name and version;
// Of returns their content.
type Messages struct {
	t     testing.TB
	All   []rpc.Message
	Lines []string
}

// Messages returns the messages that f sends.
func (s *Stack) Messages(f func()) *Messages {
	s.t.Helper()
	r := s.Broker.Record()
	f()
	r.Stop()
	m := &Messages{t: s.t, All: r.Messages()}
	for _, one := range m.All {
		m.Lines = append(m.Lines, messageLine(one))
	}
	return m
}

// Expect fails the test unless the messages are exactly these lines; "*" matches any text.
func (m *Messages) Expect(want ...string) *Messages {
	m.t.Helper()
	ok := len(want) == len(m.Lines)
	for n := 0; ok && n < len(want); n++ {
		ok = Glob(want[n], m.Lines[n])
	}
	if !ok {
		m.t.Errorf("sent were\n\t%s\nwant\n\t%s", strings.Join(m.Lines, "\n\t"), strings.Join(want, "\n\t"))
	}
	return m
}

// Of returns the versioned object in an argument of the first message with a method.
func (m *Messages) Of(method, argument string) *versioned.Object {
	m.t.Helper()
	for _, one := range m.All {
		if one.Method == method {
			v, err := versioned.Parse(one.Args[argument])
			if err != nil || v == nil {
				m.t.Fatalf("%s: argument %s is %.80s: %v", method, argument, one.Args[argument], err)
			}
			return v
		}
	}
	m.t.Fatalf("no message %s among\n\t%s", method, strings.Join(m.Lines, "\n\t"))
	return nil
}

// messageLine returns the line of a message.
func messageLine(m rpc.Message) string {
	to := m.Target.Topic
	if m.Target.Server != "" {
		to += "." + m.Target.Server
	}
	if m.Kind == rpc.KindNotification {
		return fmt.Sprintf("%s %s %s", m.Kind, to, m.Event)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s %s", m.Kind, to, m.Method, m.Target.Version)
	for _, name := range slices.Sorted(maps.Keys(m.Args)) {
		fmt.Fprintf(&b, " %s=%s", name, argumentText(m.Args[name]))
	}
	return b.String()
}

// argumentText returns an argument without the content of its versioned objects.
func argumentText(raw json.RawMessage) string {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return string(raw)
	}
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		if name, ok := v["nova_object.name"]; ok {
			return fmt.Sprintf("%v/%v", name, v["nova_object.version"])
		}
	case []any:
		var parts []string
		for _, one := range v {
			text, err := json.Marshal(one)
			if err != nil {
				return string(raw)
			}
			parts = append(parts, argumentText(text))
		}
		return "[" + strings.Join(parts, " ") + "]"
	}
	return string(raw)
}
