// Package control lets tests of clients change the behaviour of the embedded cloud (delays,
// faults, hosts that are down), records its requests, and serves a web page that shows them.
package control

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"time"
)

// Metadata keys of servers that control their own steps: "dev:delay" = "5s", "dev:fail" = the
// message of the fault, "dev:hang" = any value.
const (
	keyDelay = "dev:delay"
	keyFail  = "dev:fail"
	keyHang  = "dev:hang"
	keyOnly  = "dev:only" // the method that the other keys apply to; "": build_and_run_instance
)

// build is the method with which hosts build servers.
const build = "build_and_run_instance"

// Rule is a planned fault.
type Rule struct {
	Method  string `json:"method,omitempty"` // an RPC method: "stop_instance"; "": the next build
	Server  string `json:"server,omitempty"` // a UUID; "": any server
	Message string `json:"message,omitempty"`
	Delay   string `json:"delay,omitempty"` // "3s"
	Hang    bool   `json:"hang,omitempty"`  // the step never ends
	Times   int    `json:"times,omitempty"` // how often; 0: once; below 0: always

	// Request and Status fail requests instead of steps: "POST /v2.1/servers", 503.
	Request string `json:"request,omitempty"`
	Status  int    `json:"status,omitempty"`
}

// Plan has the planned faults. With the zero value all steps succeed at once.
type Plan struct {
	mu        sync.Mutex
	buildTime time.Duration
	rules     []*Rule
	down      []string // hosts
	cellDown  bool     // all hosts are down, too
}

// SetBuildTime sets how long builds and rebuilds take.
func (p *Plan) SetBuildTime(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.buildTime = d
}

// Step implements compute.Plan.
func (p *Plan) Step(server, host, method string, metadata map[string]string) (takes time.Duration, hangs bool, fails error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cellDown || slices.Contains(p.down, host) {
		if method == "report" {
			return 0, false, errors.New("the host is down")
		}
		return 0, true, nil
	}
	if server == "" {
		return 0, false, nil
	}
	if method == build || method == "rebuild_instance" {
		takes = p.buildTime
	}
	if cmp.Or(metadata[keyOnly], build) == method {
		if d, err := time.ParseDuration(metadata[keyDelay]); err == nil {
			takes = d
		}
		if text, ok := metadata[keyFail]; ok {
			fails = errors.New(text)
		}
		_, hangs = metadata[keyHang]
	}
	r := p.take(func(r *Rule) bool { return r.isAbout(server, method) })
	if r == nil {
		return takes, hangs, fails
	}
	if d, err := time.ParseDuration(r.Delay); err == nil {
		takes = d
	}
	if r.Message != "" {
		fails = errors.New(r.Message)
	}
	return takes, hangs || r.Hang, fails
}

// isAbout tells whether the fault applies to a step of a server.
func (r *Rule) isAbout(server, method string) bool {
	return r.Request == "" && cmp.Or(r.Method, build) == method && (r.Server == "" || r.Server == server)
}

// take returns the first rule that matches, and decrements its number of times.
func (p *Plan) take(match func(*Rule) bool) *Rule {
	for n, r := range p.rules {
		if !match(r) {
			continue
		}
		if r.Times--; r.Times == 0 {
			p.rules = slices.Delete(slices.Clone(p.rules), n, n+1)
		}
		return r
	}
	return nil
}

// Add adds a fault.
func (p *Plan) Add(r Rule) {
	if r.Times == 0 {
		r.Times = 1
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = append(p.rules, &r)
}

// SetDown sets whether a host is down.
func (p *Plan) SetDown(host string, down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = slices.DeleteFunc(slices.Clone(p.down), func(h string) bool { return h == host })
	if down {
		p.down = append(p.down, host)
	}
}

// SetCellDown sets whether the cell of the hosts is down, and returns the previous value.
func (p *Plan) SetCellDown(down bool) (was bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	was, p.cellDown = p.cellDown, down
	return was
}

// IsCellDown tells whether the cell is down.
func (p *Plan) IsCellDown() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cellDown
}

// Reset removes all faults. It keeps the build time and whether the cell is down.
func (p *Plan) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules, p.down = nil, nil
}

// Rules returns the planned faults.
func (p *Plan) Rules() []Rule {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := []Rule{}
	for _, r := range p.rules {
		list = append(list, *r)
	}
	return list
}

// BuildTime returns how long builds and rebuilds take.
func (p *Plan) BuildTime() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.buildTime
}

func (p *Plan) isDown(host string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cellDown || slices.Contains(p.down, host)
}
