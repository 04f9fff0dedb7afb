package rpc

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/reqctx"
)

// envelopeVersion is oslo.messaging's; a reader takes any 2.x that is not above
// its own.
const envelopeVersion = "2.0"

// field is a key of a message. Messages keep Python's order of keys: it makes
// them easy to compare.
type field struct {
	key   string
	value any
}

// message is what one side tells the other, before the envelope.
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
		b.Truncate(b.Len() - 1) // the newline
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

// newRequest is the message for a method, without what the kind of sending adds.
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

// forReply adds what a call says about its reply.
func (m message) forReply(id, queue string, o CallOptions) message {
	var monitor any
	if o.MonitorTimeout > 0 {
		monitor = json.Number(formatSeconds(o.MonitorTimeout))
	}
	return append(m, field{"_msg_id", id}, field{"_reply_q", queue}, field{"_timeout", monitor})
}

// signed adds the id by which readers know a message that was sent twice, and
// who sends it.
func (m message) signed(caller *reqctx.Caller) message {
	return append(append(m, field{"_unique_id", newID()}), contextFields(caller)...)
}

// open is the message in an envelope, or the bare message of version 1.
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

// reply is one frame of the answer to a call: a sign of life (neither Result,
// Failure nor Ending), or the answer.
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

// answer gathers the frames of one call's reply: older services send the result
// and the ending apart, and signs of life come before them.
type answer struct {
	result json.RawMessage
	err    error
}

// take adds a frame. done tells that the reply is complete, alive that the frame
// was but a sign of life.
func (a *answer) take(r reply) (done, alive bool) {
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

func (a *answer) value() (json.RawMessage, error) {
	if a.err != nil {
		return nil, a.err
	}
	if a.result == nil {
		return json.RawMessage("null"), nil
	}
	return a.result, nil
}

// newID is uuid4().hex.
func newID() string {
	id := uuid.New()
	return hex.EncodeToString(id[:])
}

func contextOf(m map[string]json.RawMessage) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for k, v := range m {
		if name, ok := strings.CutPrefix(k, contextPrefix); ok {
			out[name] = v
		}
	}
	return out
}

// encode is the body that is published.
func (e envelope) encode() ([]byte, error) {
	m := e.msg.signed(e.caller)
	if e.bare {
		return m.encode()
	}
	return m.seal()
}
