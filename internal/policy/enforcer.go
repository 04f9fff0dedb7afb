package policy

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
)

// Options are the options of [oslo_policy]. Paths are absolute; "" and missing files are
// ignored.
type Options struct {
	File               string   // policy_file
	Dirs               []string // policy_dirs
	DefaultRule        string   // policy_default_rule; "" means "default"
	EnforceScope       bool     // deny tokens with another scope than the rule's
	EnforceNewDefaults bool     // do not allow what only a deprecated default allows
	// Release is the release whose rules and defaults apply.
	Release release.Release
	Remote  Remote
	// Log receives warnings about the operator's rules; it may be nil.
	Log func(string)
}

// Enforcer evaluates Nova's rules and the operator's. It is safe for concurrent use.
type Enforcer struct {
	opts     Options
	defaults []Default
	parser   *parser
	log      func(string)
	current  atomic.Pointer[ruleset]
}

// New reads the operator's files. Its error names the file that cannot be read. A rule that
// cannot be parsed is not an error; it denies everybody.
func New(o Options) (*Enforcer, error) {
	if o.Log == nil {
		o.Log = func(string) {}
	}
	if o.DefaultRule == "" {
		o.DefaultRule = "default"
	}
	e := &Enforcer{opts: o, defaults: Defaults(o.Release), log: o.Log, parser: &parser{remote: &remote{Remote: o.Remote}, log: o.Log}}
	if err := e.Reload(); err != nil {
		return nil, err
	}
	return e, nil
}

// Reload reads the files again. After an error the rules stay unchanged.
func (e *Enforcer) Reload() error {
	s, err := e.load()
	if err != nil {
		return err
	}
	e.current.Store(s)
	return nil
}

// UnknownRule is a rule of a policy file that has a name like Nova's and no effect.
type UnknownRule struct {
	Rule Rule
	File string
	Line int
}

// Unknown returns the rules of the files whose names begin as Nova's, and that neither the release nor another rule of the files
// has a use for: misspelt ones, and those of other releases.
func (e *Enforcer) Unknown() []UnknownRule { return e.current.Load().unknown }

// Watch checks the files with an interval until ctx ends, and reloads them if one has been
// changed, added or removed. Requests never access files. If a file cannot be loaded, Watch
// logs the error and the rules stay unchanged.
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

// Authorize returns nil if the rule allows the operation, and *Forbidden if the rule or the
// scope of the token denies it. In a release before the rule, it checks the rule that the release
// has in its place. It returns *NotRegistered for a rule that Nova does not have,
// and an objects.Error without kind, which clients see as a 500, if a service of an http: or
// https: check does not answer.
func (e *Enforcer) Authorize(c *reqctx.Caller, r Rule, t Target) error {
	s := e.current.Load()
	scopes, ok := s.registered[r]
	if former := laterRules[r]; !ok && former != "" {
		return e.Authorize(c, former, t)
	}
	if !ok {
		return &NotRegistered{r}
	}
	if e.opts.EnforceScope && len(scopes) > 0 && !slices.Contains(scopes, scopeOf(c)) {
		return &Forbidden{r}
	}
	ok, err := s.rules[r].allows(s, evaluation{cred: c, target: t, rule: r})
	if err != nil {
		e.log(fmt.Sprintf("Policy %s: %v", r, err))
		return err
	}
	if !ok {
		return &Forbidden{r}
	}
	return nil
}

// Allowed is Authorize for optional parts of an operation; an error counts as denied.
func (e *Enforcer) Allowed(c *reqctx.Caller, r Rule, t Target) bool {
	return e.Authorize(c, r, t) == nil
}

// IsAdmin evaluates the rule context_is_admin for a token, before the caller's context exists.
func (e *Enforcer) IsAdmin(c *reqctx.Caller) bool {
	return e.Allowed(c, ContextIsAdmin, Own(c))
}
