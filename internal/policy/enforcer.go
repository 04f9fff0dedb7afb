package policy

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/nova-go/nova/internal/reqctx"
)

// Options are those of [oslo_policy]. Paths have been found by the caller; ""
// and missing ones are left out.
type Options struct {
	File               string   // policy_file
	Dirs               []string // policy_dirs
	DefaultRule        string   // policy_default_rule; "" means "default"
	EnforceScope       bool     // refuse tokens of a scope that is not the rule's
	EnforceNewDefaults bool     // do not allow whom only a deprecated default allows
	Remote             Remote
	// Log takes warnings about the operator's rules; nil drops them.
	Log func(string)
}

// Enforcer decides by Nova's rules and the operator's. It may be used by many
// goroutines at once.
type Enforcer struct {
	opts     Options
	defaults []Default
	parser   *parser
	log      func(string)
	current  atomic.Pointer[ruleset]
}

// New reads the operator's files. An error names the file that cannot be read;
// a rule that cannot be understood is no error but allows nobody.
func New(o Options) (*Enforcer, error) {
	if o.Log == nil {
		o.Log = func(string) {}
	}
	if o.DefaultRule == "" {
		o.DefaultRule = "default"
	}
	e := &Enforcer{opts: o, defaults: Defaults(), log: o.Log, parser: &parser{remote: &remote{Remote: o.Remote}, log: o.Log}}
	if err := e.Reload(); err != nil {
		return nil, err
	}
	return e, nil
}

// Reload reads the files again. On an error the rules stay as they are.
func (e *Enforcer) Reload() error {
	s, err := e.load()
	if err != nil {
		return err
	}
	e.current.Store(s)
	return nil
}

// Watch looks at the files every interval until ctx ends, and reloads them when
// one has changed, come or gone. It does not return before; requests never look
// at files. What cannot be loaded is logged, and the rules stay as they are.
func (e *Enforcer) Watch(ctx context.Context, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	var failed []source
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_, seen, err := sources(e.opts.File, e.opts.Dirs)
		if err != nil {
			e.log(err.Error())
			continue
		}
		if slices.Equal(seen, e.current.Load().seen) || failed != nil && slices.Equal(seen, failed) {
			continue
		}
		failed = nil
		if err := e.Reload(); err != nil {
			failed = seen
			e.log(err.Error())
		}
	}
}

// Authorize answers nil if the rule allows the operation, *Forbidden if not,
// also where the token is of the wrong scope, *NotRegistered for a rule that is
// not Nova's, and an objects.Error of no kind, a 500 to clients, where a service
// that the rule asks (http:, https:) cannot be asked.
func (e *Enforcer) Authorize(c *reqctx.Caller, r Rule, t Target) error {
	s := e.current.Load()
	scopes, ok := s.registered[r]
	if !ok {
		return &NotRegistered{r}
	}
	if e.opts.EnforceScope && len(scopes) > 0 && !slices.Contains(scopes, scopeOf(c)) {
		return &Forbidden{r}
	}
	ok, err := s.rules[r].allows(s, ask{cred: c, target: t, rule: r})
	if err != nil {
		e.log(fmt.Sprintf("Policy %s: %v", r, err))
		return err
	}
	if !ok {
		return &Forbidden{r}
	}
	return nil
}

// Allowed is Authorize for callers that go on either way: what cannot be decided
// is not allowed.
func (e *Enforcer) Allowed(c *reqctx.Caller, r Rule, t Target) bool {
	return e.Authorize(c, r, t) == nil
}

// IsAdmin decides whether a token is an administrator's: the rule
// context_is_admin, for a Context that is being made.
func (e *Enforcer) IsAdmin(c *reqctx.Caller) bool {
	return e.Allowed(c, ContextIsAdmin, Own(c))
}
