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
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/pytext"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
)

// Request is a request as a handler receives it: routed, validated and, if its row has a rule,
// authorised.
type Request struct {
	*http.Request
	Caller  *reqctx.Caller // the user and project of the token
	Version mv.Version

	api    *API
	op     *operation
	legacy bool
	body   any // the result of schema.Decode
	query  Query
	// ends are functions of WhenEncoded.
	ends []func()
}

// WhenEncoded has f called when the answer is encoded and its value is no longer needed, or when
// the request has failed.
func (r *Request) WhenEncoded(f func()) { r.ends = append(r.ends, f) }

func (r *Request) encoded() {
	for _, f := range r.ends {
		f()
	}
	r.ends = nil
}

// Reply is an answer with another status than that of the row, or with headers.
type Reply struct {
	Status int // 0: the status of the row
	Header http.Header
	Body   any // nil: no body
}

// Since reports whether the microversion of the request is v or later. For /v2 it returns
// false.
func (r *Request) Since(v mv.Version) bool { return !r.legacy && r.Version >= v }

// Legacy reports whether the request came through /v2.
func (r *Request) Legacy() bool { return r.legacy }

// Var returns a variable of the path as Nova sees it: PEP 3333 passes each byte of the path as
// a character of Latin-1, whatever the encoding was. "%C3%A9" becomes the two characters "Ã©",
// also in rows and messages.
func (r *Request) Var(name string) string { return latin1(mux.Vars(r.Request)[name]) }

// latin1 converts each byte to a character.
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

// Query returns the query parameters, without those that the schema removes.
func (r *Request) Query() Query { return r.query }

// Release returns the release of Nova whose API is served.
func (r *Request) Release() release.Release { return r.api.Release }

// MaxLimit returns [api] max_limit.
func (r *Request) MaxLimit() int { return r.api.MaxLimit }

// Can checks a rule that the row declares, and returns *policy.Forbidden if the rule denies it.
func (r *Request) Can(rule policy.Rule, t policy.Target) error {
	if !r.op.Authz.asks(rule) {
		return r.undeclaredError(rule)
	}
	return r.api.Policy.Authorize(r.Caller, rule, t)
}

// Allowed is Can for optional parts of an answer: it returns false if the rule denies it.
func (r *Request) Allowed(rule policy.Rule, t policy.Target) bool {
	if !r.op.Authz.asks(rule) {
		r.api.Log.Error().Str("request_id", r.requestID()).Err(r.undeclaredError(rule)).Msg("A part of the answer is left out, because the " +
			"row does not declare its rule")
		return false
	}
	return r.api.Policy.Allowed(r.Caller, rule, t)
}

// authorize checks the rule of the row.
func (r *Request) authorize(t policy.Target) error {
	return r.api.Policy.Authorize(r.Caller, r.op.Authz.ruleOf(r), t)
}

// Own returns the target for rules about the caller's own project.
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
		return // the /v2 filter removes these headers
	}
	h["Openstack-Api-Version"] = []string{"compute " + v}
	h["X-Openstack-Nova-Api-Version"] = []string{v}
	h["Vary"] = append(h["Vary"], "OpenStack-API-Version", "X-OpenStack-Nova-API-Version")
}

// Query is a decoded query string.
type Query url.Values

// Get returns the last value of a parameter, and whether the parameter is present.
func (q Query) Get(key string) (string, bool) {
	v := q[key]
	if len(v) == 0 {
		return "", false
	}
	return v[len(v)-1], true
}

// pythonNone formats a string that may be None as Python prints it.
func pythonNone(s string) string {
	if s == "" {
		return "None"
	}
	return s
}

// Body reads the member key of the request body, an object, into a T: see [body.Unmarshal].
// Without a key it reads the whole body. It returns a 400 for values that the schema accepts
// and Nova's code rejects.
func Body[T any](r *Request, key ...string) (T, error) {
	var into T
	doc := r.body
	for _, k := range key {
		o, ok := doc.(*schema.Object)
		if !ok {
			return into, nil // null is the value of actions without parameters
		}
		doc, _ = o.Get(k)
	}
	err := body.Unmarshal(doc, &into)
	if refused, ok := errors.AsType[*body.ValueError](err); ok {
		return into, BadRequest("%s", refused.Message)
	}
	if raised, ok := errors.AsType[*schema.Exception](err); ok {
		return into, Raised(raised.Name, "%v", raised)
	}
	if err != nil {
		return into, fmt.Errorf("the body: %w", err)
	}
	return into, nil
}

// BodyKeys returns the keys of the body, or of an object inside it, in the order of the
// document, because Nova reports the first error in this order.
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

// Keys returns the sorted keys of an object.
func Keys[V any](o map[string]V) []string { return slices.Sorted(maps.Keys(o)) }

// Text formats a JSON scalar as Python's str does.
func Text(v any) string { return schema.Text(v) }

// Truth converts a JSON scalar or a parameter to a boolean, from a boolean or a word for one.
// Its error is a 400.
func Truth(v any) (bool, error) {
	s := Text(v)
	b, ok := pytext.Bool(s)
	if !ok {
		return false, BadRequest("Unrecognized value '%s', acceptable values are: '0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', "+
			"'true', 'y', 'yes'", s)
	}
	return b, nil
}

// Time parses a time, or the beginning of one, as timeutils.parse_isotime does; the default
// zone is UTC.
func Time(s string) (time.Time, bool) { return pytext.Time(s) }

// BeyondPython reports whether a time with another zone leaves the years 1 to 9999 in UTC. Nova
// parses such times, and fails when it compares them with rows: its lists are then empty.
func BeyondPython(t *time.Time) bool {
	return t != nil && (t.UTC().Year() < 1 || t.UTC().Year() > 9999)
}
