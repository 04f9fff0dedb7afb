package rpc

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// envelopeVersion is the version of oslo.messaging's envelope. A consumer accepts the same major
// version with an equal or lower minor version.
const envelopeVersion = "2.0"

// field is a key of a message with its value. Messages keep the order of keys of the Python
// services, so that recorded messages can be compared.
type field struct {
	key   string
	value any
}

// message is the content of an envelope.
type message []field

func (m message) encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, f := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := enc.Encode(f.key); err != nil {
			return nil, err
		}
		b.Truncate(b.Len() - 1) // the newline that Encode writes
		b.WriteByte(':')
		if err := enc.Encode(f.value); err != nil {
			return nil, fmt.Errorf("rpc: %s: %w", f.key, err)
		}
		b.Truncate(b.Len() - 1)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// seal encodes the message and puts it into the envelope.
func (m message) seal() ([]byte, error) {
	body, err := m.encode()
	if err != nil {
		return nil, err
	}
	return seal(body)
}

// seal puts an encoded message into the envelope.
func seal(body []byte) ([]byte, error) {
	return message{{"oslo.version", envelopeVersion}, {"oslo.message", string(body)}}.encode()
}

// newRequest returns the message that invokes a method, without the fields that differ between
// calls, casts and notifications.
func newRequest(t Target, method string, args map[string]any) message {
	if args == nil {
		args = map[string]any{}
	}
	m := message{{"method", method}, {"args", args}}
	if t.Namespace != "" {
		m = append(m, field{"namespace", t.Namespace})
	}
	if t.Version != "" {
		m = append(m, field{"version", t.Version})
	}
	return m
}

// forReply adds the fields of a call: its id, the reply queue and the timeout of monitoring.
func (m message) forReply(id, queue string, o CallOptions) message {
	var monitor any
	if o.MonitorTimeout > 0 {
		monitor = json.Number(formatSeconds(o.MonitorTimeout))
	}
	return append(m, field{"_msg_id", id}, field{"_reply_q", queue}, field{"_timeout", monitor})
}

// signed adds _unique_id, by which consumers recognize a message that they receive twice, and the
// request context.
func (m message) signed(e *envelope) message {
	m = append(m, field{"_unique_id", newID()})
	if e.nobody {
		return m
	}
	m = append(m, contextFields(e.caller)...)
	if e.trace != nil {
		m = append(m, field{contextPrefix + "trace_info", e.trace})
	}
	return m
}

// unwrapEnvelope returns the message in an envelope. A body without an envelope (version 1 of
// notifications) is the message itself.
func unwrapEnvelope(body []byte) (map[string]json.RawMessage, error) {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, fmt.Errorf("rpc: message: %w", err)
	}
	version, ok := m["oslo.version"]
	inner, ok2 := m["oslo.message"]
	if !ok || !ok2 {
		return m, nil
	}
	var v, text string
	if err := json.Unmarshal(version, &v); err != nil {
		return nil, fmt.Errorf("rpc: envelope's version: %w", err)
	}
	if !Compatible(envelopeVersion, v) {
		return nil, fmt.Errorf("rpc: specified RPC envelope version, %s, not supported by this endpoint", v)
	}
	if err := json.Unmarshal(inner, &text); err != nil {
		return nil, fmt.Errorf("rpc: envelope's message: %w", err)
	}
	m = nil
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return nil, fmt.Errorf("rpc: message: %w", err)
	}
	return m, nil
}

// reply is one frame of the reply to a call: a heartbeat (neither Result, Failure nor Ending is
// set), or a part of the result.
type reply struct {
	ID      string          `json:"_msg_id"`
	Result  json.RawMessage `json:"result"`
	Failure *string         `json:"failure"`
	Ending  bool            `json:"ending"`
}

func openReply(body []byte) (reply, error) {
	var r reply
	m, err := unwrapEnvelope(body)
	if err != nil {
		return r, err
	}
	for key, to := range map[string]any{"_msg_id": &r.ID, "failure": &r.Failure, "ending": &r.Ending} {
		if raw, ok := m[key]; ok {
			if err := json.Unmarshal(raw, to); err != nil {
				return r, fmt.Errorf("rpc: reply's %s: %w", key, err)
			}
		}
	}
	r.Result = m["result"]
	return r, nil
}

// collectedReply collects the frames of the reply to one call. Older services send the result and
// the ending in two frames, and heartbeats precede them.
type collectedReply struct {
	result json.RawMessage
	err    error
}

// take adds a frame. done tells that the reply is complete, alive that the frame was a heartbeat.
func (a *collectedReply) take(r reply) (done, alive bool) {
	switch {
	case r.Failure != nil && *r.Failure != "":
		a.err = parseFailure(*r.Failure)
	case len(r.Result) > 0 && string(r.Result) != "null":
		a.result, a.err = r.Result, nil
	case !r.Ending:
		alive = true
	}
	return r.Ending, alive
}

func (a *collectedReply) value() (json.RawMessage, error) {
	if a.err != nil {
		return nil, a.err
	}
	if a.result == nil {
		return json.RawMessage("null"), nil
	}
	return a.result, nil
}

// newID returns a random UUID without hyphens, as Python's uuid4().hex.
func newID() string {
	id := uuid.New()
	return hex.EncodeToString(id[:])
}

func requestContext(m map[string]json.RawMessage) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for k, v := range m {
		if name, ok := strings.CutPrefix(k, contextPrefix); ok {
			out[name] = v
		}
	}
	return out
}

// encode returns the body to publish.
func (e envelope) encode() ([]byte, error) {
	m := e.msg.signed(&e)
	if e.bare {
		return m.encode()
	}
	return m.seal()
}
