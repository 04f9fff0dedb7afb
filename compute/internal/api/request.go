package api

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gorilla/mux"

	"github.com/nova-go/nova/compute/internal/body"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/compute/internal/schema"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/reqctx"
)

// Request is one request as a handler sees it: routed, validated and, where its
// row says so, authorised.
type Request struct {
	*http.Request
	Caller  *reqctx.Caller // who asks
	Version mv.Version

	api    *API
	op     *operation
	legacy bool
	body   any // as schema.Decode answers it
	query  Query
}

// Reply is an answer that needs more than its row says: another status, a header.
type Reply struct {
	Status int // 0: the row's
	Header http.Header
	Body   any // nil: none
}

// Since tells whether the request asks for v or later. A /v2 request never does.
func (r *Request) Since(v mv.Version) bool { return !r.legacy && r.Version >= v }

// Legacy tells whether the request came by /v2.
func (r *Request) Legacy() bool { return r.legacy }

// Var is a variable of the path, as Python has it: PEP 3333 gives the path's bytes as
// characters of Latin-1, whatever they were encoded in. "%C3%A9" is the two characters
// "Ã©" there, in rows and messages, too.
func (r *Request) Var(name string) string { return latin1(mux.Vars(r.Request)[name]) }

// latin1 reads each byte as a character.
func latin1(s string) string {
	if !strings.ContainsFunc(s, func(c rune) bool { return c >= utf8.RuneSelf }) {
		return s
	}
	runes := make([]rune, len(s))
	for n := range len(s) {
		runes[n] = rune(s[n])
	}
	return string(runes)
}

// Query is what the query string holds, without what the schema strips.
func (r *Request) Query() Query { return r.query }

// MaxLimit is [api] max_limit.
func (r *Request) MaxLimit() int { return r.api.MaxLimit }

// Can checks a rule that the row declares, and answers *policy.Forbidden when it does
// not hold.
func (r *Request) Can(rule policy.Rule, t policy.Target) error {
	if !r.op.Authz.asks(rule) {
		return r.undeclaredError(rule)
	}
	return r.api.Policy.Authorize(r.Caller, rule, t)
}

// Allowed is Can for what is left out rather than refused.
func (r *Request) Allowed(rule policy.Rule, t policy.Target) bool {
	if !r.op.Authz.asks(rule) {
		r.api.Log.Error().Str("request_id", r.requestID()).Err(r.undeclaredError(rule)).Msg("What the rule allows is left out")
		return false
	}
	return r.api.Policy.Allowed(r.Caller, rule, t)
}

// authorize checks the rule that guards the request.
func (r *Request) authorize(t policy.Target) error {
	return r.api.Policy.Authorize(r.Caller, r.op.Authz.ruleOf(r), t)
}

// Own is the target of a rule that is about the caller's own project.
func (r *Request) Own() policy.Target {
	return policy.Target{ProjectID: r.Caller.ProjectID, UserID: r.Caller.UserID}
}

func (r *Request) requestID() string {
	if r.Caller == nil {
		return "-"
	}
	return r.Caller.RequestID
}

func (r *Request) opName() string {
	if r.op == nil {
		return "-"
	}
	return r.op.Op
}

func (r *Request) versionHeaders(h http.Header) { r.versionHeadersOf(r.Version.String(), h) }

func (r *Request) versionHeadersOf(v string, h http.Header) {
	if r.legacy {
		return // the /v2 filter would take them away again
	}
	h["Openstack-Api-Version"] = []string{"compute " + v}
	h["X-Openstack-Nova-Api-Version"] = []string{v}
	h["Vary"] = append(h["Vary"], "OpenStack-API-Version", "X-OpenStack-Nova-API-Version")
}

// Query is a decoded query string.
type Query url.Values

// Get is the last value of a parameter, and whether it is given at all.
func (q Query) Get(key string) (string, bool) {
	v := q[key]
	if len(v) == 0 {
		return "", false
	}
	return v[len(v)-1], true
}

// pythonNone is how Python prints a string that may be None.
func pythonNone(s string) string {
	if s == "" {
		return "None"
	}
	return s
}

// Body reads the object that the body holds under key into a T: see [body.Unmarshal].
// Without a key it reads the body as a whole. Errors: 400 for a value that the schema
// accepts and Nova's code refuses.
func Body[T any](r *Request, key ...string) (T, error) {
	var into T
	doc := r.body
	for _, k := range key {
		o, ok := doc.(*schema.Object)
		if !ok {
			return into, nil // null, where an action takes nothing
		}
		doc, _ = o.Get(k)
	}
	err := body.Unmarshal(doc, &into)
	if refused, ok := errors.AsType[*body.ValueError](err); ok {
		return into, BadRequest("%s", refused.Message)
	}
	if err != nil {
		return into, fmt.Errorf("the body: %w", err)
	}
	return into, nil
}

// BodyKeys are the keys of the body, or of the object it holds under one of them,
// in the order of the document: Nova reports the first mistake in that order.
func (r *Request) BodyKeys(under ...string) []string {
	o, _ := r.body.(*schema.Object)
	for _, key := range under {
		if o == nil {
			return nil
		}
		v, _ := o.Get(key)
		o, _ = v.(*schema.Object)
	}
	if o == nil {
		return nil
	}
	keys := make([]string, 0, o.Len())
	for key := range o.All() {
		keys = append(keys, key)
	}
	return keys
}

// Keys are the keys of an object, in order.
func Keys[V any](o map[string]V) []string { return slices.Sorted(maps.Keys(o)) }

// Text is a JSON scalar as Python's str shows it.
func Text(v any) string { return schema.Text(v) }

// Truth reads a JSON scalar, or a parameter, that is a truth value or a word for one.
// Errors: 400.
func Truth(v any) (bool, error) {
	s := Text(v)
	b, ok := objects.ParseBool(s)
	if !ok {
		return false, BadRequest("Unrecognized value '%s', acceptable values are: '0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'", s)
	}
	return b, nil
}

// Time reads a time, or the beginning of one, as timeutils.parse_isotime does; without a
// zone it is UTC.
func Time(s string) (time.Time, bool) { return schema.Time(s) }
