package control

import (
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/nova-go/nova/internal/rpc"
)

// Message is a message to one of the services of the cloud.
type Message struct {
	At        time.Time `json:"at"`
	Kind      string    `json:"kind"` // "call", "cast", "fanout"
	Topic     string    `json:"topic"`
	Host      string    `json:"host,omitempty"`
	Method    string    `json:"method"`
	Servers   []string  `json:"servers,omitempty"`
	RequestID string    `json:"request_id,omitempty"`
}

// Messages keeps the last messages. Its zero value is ready for use.
type Messages struct {
	mu  sync.Mutex
	all []Message
}

// Add records a message.
func (m *Messages) Add(r *rpc.Request) {
	if r.Kind == rpc.KindNotification {
		return
	}
	one := Message{At: time.Now().UTC(), Kind: string(r.Kind), Topic: r.Target.Topic, Host: r.Target.Server, Method: r.Method,
		Servers: serversOf(r)}
	if r.Caller != nil {
		one.RequestID = r.Caller.RequestID
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.all) >= 2*maxEntries {
		m.all = m.all[:copy(m.all, m.all[len(m.all)-maxEntries+1:])]
	}
	m.all = append(m.all, one)
}

// About returns the messages about a server, or for "" all, the oldest first.
func (m *Messages) About(server string) []Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := []Message{}
	for _, one := range m.all {
		if server == "" || slices.Contains(one.Servers, server) {
			list = append(list, one)
		}
	}
	return list
}

// Forget deletes the messages.
func (m *Messages) Forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = nil
}

// serversOf returns the servers that the arguments of a message name: one as an object or a UUID, or several.
func serversOf(r *rpc.Request) (all []string) {
	type object struct {
		Data struct {
			UUID     string `json:"uuid"`
			Instance string `json:"instance_uuid"`
		} `json:"nova_object.data"`
	}
	add := func(o object) {
		for _, id := range []string{o.Data.Instance, o.Data.UUID} {
			if id != "" && !slices.Contains(all, id) {
				all = append(all, id)
				return
			}
		}
	}
	for _, name := range []string{"instance", "instances", "build_requests"} {
		raw := r.Args[name]
		var one object
		var several []object
		if json.Unmarshal(raw, &one) == nil {
			add(one)
		} else if json.Unmarshal(raw, &several) == nil {
			for _, o := range several {
				add(o)
			}
		}
	}
	var id string
	if json.Unmarshal(r.Args["instance_uuid"], &id) == nil && id != "" && !slices.Contains(all, id) {
		all = append(all, id)
	}
	return all
}
