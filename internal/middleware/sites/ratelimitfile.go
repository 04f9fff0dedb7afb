package sites

import (
	"fmt"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"go.yaml.in/yaml/v3"

	"github.com/nova-go/nova/internal/pyjson"
)

// rateLimits is the configuration file of the rate limit.
type rateLimits struct {
	// The scopes and users that are never limited, and those that are refused. A scope is the id
	// of a project, an address, or DOMAIN/PROJECT.
	whitelist, blacklist           []string
	whitelistUsers, blacklistUsers []string
	groups                         []rateGroup
	global, local                  []targetRates
	limited, refused               limitAnswer
}

// rateGroup counts several actions as one, which has its name.
type rateGroup struct {
	name    string
	actions []string // "update/*" stands for all that begin with "update/"
}

// targetRates are the limits of a target type, or of all that begin like one: "servers/*".
type targetRates struct {
	target string
	rates  []actionRate
}

type actionRate struct {
	action string
	rate   *rate // nil means unlimited
}

// rate is a number of requests in a sliding window.
type rate struct {
	text   string // "10r/5m"
	count  int
	window time.Duration
}

// limitAnswer is the answer to a request that is not served.
type limitAnswer struct {
	code   int
	header http.Header
	body   []byte
}

var (
	rateText   = regexp.MustCompile(`^(\d+(?:\.\d*)?)r/(\d*)(ms|ns|s|m|h|d)$`)
	windowText = regexp.MustCompile(`^(\d*)(ns|ms|s|m|h|d)$`)
	// Nanoseconds count a thousandfold: this is an error of SAP's filter that its
	// clock_accuracy relies on.
	windowUnits = map[string]time.Duration{"ns": time.Microsecond, "ms": time.Millisecond, "s": time.Second, "m": time.Minute,
		"h": time.Hour, "d": 24 * time.Hour}
)

// parseWindow reads a duration such as "5m" or "d".
func parseWindow(text string) (time.Duration, error) {
	m := windowText.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("%q is no time such as 1ns, 5m or 12h", text)
	}
	n := 1
	if m[1] != "" {
		n, _ = strconv.Atoi(m[1])
	}
	unit := windowUnits[m[2]]
	if n < 1 || time.Duration(n) > math.MaxInt64/2/unit {
		return 0, fmt.Errorf("%q is too short or too long", text)
	}
	return time.Duration(n) * unit, nil
}

// parseRate reads a limit such as "10r/5m"; "-1" means none.
func parseRate(text string) (*rate, error) {
	if text == "-1" {
		return nil, nil
	}
	m := rateText.FindStringSubmatch(text)
	if m == nil {
		return nil, fmt.Errorf("limit: %q is no rate such as 10r/m or 2r/5m, and not -1", text)
	}
	count, err := strconv.ParseFloat(m[1], 64)
	if err != nil || count < 1 || count > 1e6 {
		return nil, fmt.Errorf("limit: %q: the number of requests must be from 1 to 1000000", text)
	}
	window, err := parseWindow(m[2] + m[3])
	if err != nil {
		return nil, fmt.Errorf("limit: %w", err)
	}
	return &rate{text, int(count), window}, nil
}

// readRateLimits reads the file of config_file; path "" means that there is none.
func readRateLimits(path string, log zerolog.Logger) (*rateLimits, error) {
	l := &rateLimits{
		limited: jsonAnswer("429 Too Many Requests", http.StatusTooManyRequests, "Too Many Requests"),
		refused: jsonAnswer("497 Blacklisted", 497, "You have been blacklisted"),
	}
	if path == "" {
		return l, nil
	}
	f, err := readFilterFile("config_file", path, log)
	if err != nil {
		return nil, err
	}
	top, err := f.pairs(f.root, "the file")
	if err != nil {
		return nil, err
	}
	f.unread(top, "whitelist", "whitelist_users", "blacklist", "blacklist_users", "groups", "rates", "ratelimit_response",
		"blacklist_response")
	lists := map[string]*[]string{"whitelist": &l.whitelist, "whitelist_users": &l.whitelistUsers, "blacklist": &l.blacklist,
		"blacklist_users": &l.blacklistUsers}
	for _, p := range top {
		if list := lists[p.name]; list != nil {
			*list, err = f.texts(p.value, p.name)
		}
		switch p.name {
		case "groups":
			l.groups, err = readRateGroups(f, p.value)
		case "rates":
			err = l.readRates(f, p.value)
		case "ratelimit_response":
			err = l.limited.read(f, p)
		case "blacklist_response":
			err = l.refused.read(f, p)
		}
		if err != nil {
			return nil, err
		}
	}
	return l, nil
}

func readRateGroups(f *filterFile, n *yaml.Node) ([]rateGroup, error) {
	pairs, err := f.pairs(n, "groups")
	if err != nil {
		return nil, err
	}
	var groups []rateGroup
	for _, p := range pairs {
		actions, err := f.texts(p.value, "groups: "+p.name)
		if err != nil {
			return nil, err
		}
		groups = append(groups, rateGroup{p.name, actions})
	}
	return groups, nil
}

func (l *rateLimits) readRates(f *filterFile, n *yaml.Node) error {
	levels, err := f.pairs(n, "rates")
	if err != nil {
		return err
	}
	f.unread(levels, "global", "default")
	for _, level := range levels {
		if level.name != "global" && level.name != "default" {
			continue
		}
		targets, err := f.pairs(level.value, "rates: "+level.name)
		if err != nil {
			return err
		}
		var list []targetRates
		for _, t := range targets {
			rates, err := readActionRates(f, t)
			if err != nil {
				return err
			}
			list = append(list, targetRates{t.name, rates})
		}
		switch level.name {
		case "global":
			l.global = list
		case "default":
			l.local = list
		}
	}
	return nil
}

func readActionRates(f *filterFile, target yamlPair) ([]actionRate, error) {
	items, err := f.items(target.value, target.name)
	if err != nil {
		return nil, err
	}
	var rates []actionRate
	for _, item := range items {
		fields, err := f.pairs(item, "a rate of "+target.name)
		if err != nil {
			return nil, err
		}
		f.unread(fields, "action", "limit", "strategy")
		action, limit := "", ""
		for _, p := range fields {
			switch p.name {
			case "action":
				action, err = f.scalar(p.value, "action")
			case "limit":
				if isNull(p.value) {
					continue
				}
				limit, err = f.scalar(p.value, "limit")
			}
			if err != nil {
				return nil, err
			}
		}
		if action == "" || limit == "" {
			return nil, f.fail(item, "%s: a rate needs action and limit", target.name)
		}
		r, err := parseRate(limit)
		if err != nil {
			return nil, f.fail(item, "%s: %v", target.name, err)
		}
		rates = append(rates, actionRate{action, r})
	}
	return rates, nil
}

// find returns the limit of an action on a target; nil if there is none.
func findRate(list []targetRates, action, target string) *rate {
	var rates []actionRate
	for _, t := range list {
		if t.target == target {
			rates = t.rates
		}
	}
	if len(rates) == 0 {
		for _, t := range list {
			if begin, wild := strings.CutSuffix(t.target, "*"); wild && strings.HasPrefix(target, begin) {
				rates = t.rates
				break
			}
		}
	}
	for _, r := range rates {
		if r.action == action {
			return r.rate
		}
	}
	return nil
}

// group returns the name of the group of an action, or the action.
func (l *rateLimits) group(action string) string {
	for _, g := range l.groups {
		if slices.ContainsFunc(g.actions, func(a string) bool {
			begin, wild := strings.CutSuffix(a, "*")
			return a == action || wild && strings.HasPrefix(action, begin)
		}) {
			return g.name
		}
	}
	return action
}

// jsonAnswer has the body of SAP's filter: a JSON text in a JSON string.
func jsonAnswer(status string, code int, message string) limitAnswer {
	fault := pyjson.Object{{Key: "message", Value: message}, {Key: "status", Value: status}}
	body := pyjson.Append(nil, pyjson.Object{{Key: "error", Value: fault}})
	return limitAnswer{code: code, header: http.Header{"Content-Type": {"application/json"}}, body: pyjson.Append(nil, string(body))}
}

// read replaces the answer by that of the file, if it has a status, its code and a body. The
// reason after the code in the status is not sent, because HTTP servers in Go send their own.
func (a *limitAnswer) read(f *filterFile, p yamlPair) error {
	fields, err := f.pairs(p.value, p.name)
	if err != nil {
		return err
	}
	f.unread(fields, "status", "status_code", "headers", "body", "json_body")
	one, hasCode := limitAnswer{header: http.Header{}}, false
	var document *yaml.Node
	for _, p := range fields {
		if isNull(p.value) {
			continue
		}
		switch p.name {
		case "status":
			one.code, err = statusOf(f, p.value)
		case "status_code":
			hasCode = true
		case "headers":
			err = readHeaders(f, p, one.header)
		case "body":
			var text string
			if text, err = f.scalar(p.value, p.name); text != "" {
				one.body = []byte(text)
			}
		case "json_body":
			document = p.value
		}
		if err != nil {
			return err
		}
	}
	if one.body != nil {
		one.header.Set("Content-Type", "text/html; charset=UTF-8")
	} else if document != nil {
		text, err := sortedJSON(document)
		if err != nil {
			return f.fail(document, "json_body: %v", err)
		}
		one.header.Set("Content-Type", "application/json")
		one.body = pyjson.Append(nil, string(text))
	}
	if one.code == 0 || !hasCode || one.body == nil {
		f.log.Warn().Msg(f.text(p.key, "%s is not used: it needs status, status_code and body or json_body", p.name))
		return nil
	}
	*a = one
	return nil
}

// statusOf returns the number at the beginning of a status such as "498 Rate Limited".
func statusOf(f *filterFile, n *yaml.Node) (int, error) {
	text, err := f.scalar(n, "status")
	if err != nil {
		return 0, err
	}
	number, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	code, err := strconv.Atoi(number)
	if err != nil || code < 200 || code > 599 {
		return 0, f.fail(n, "status: %q does not begin with a status of HTTP", text)
	}
	return code, nil
}

func readHeaders(f *filterFile, p yamlPair, into http.Header) error {
	headers, err := f.pairs(p.value, p.name)
	if err != nil {
		return err
	}
	for _, h := range headers {
		if h.value.Kind != yaml.ScalarNode {
			return f.fail(h.value, "headers: %s is no text", h.name)
		}
		into.Set(h.name, h.value.Value)
	}
	return nil
}

// sortedJSON returns the JSON of a YAML value as Python has it, with sorted keys.
func sortedJSON(n *yaml.Node) ([]byte, error) {
	n = resolved(n)
	switch n.Kind {
	case yaml.MappingNode:
		o := pyjson.Object{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			text, err := sortedJSON(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			o = append(o, pyjson.Member{Key: n.Content[i].Value, Value: pyjson.Raw(text)})
		}
		slices.SortFunc(o, func(a, b pyjson.Member) int { return strings.Compare(a.Key, b.Key) })
		return pyjson.Append(nil, o), nil
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			text, err := sortedJSON(item)
			if err != nil {
				return nil, err
			}
			list[i] = pyjson.Raw(text)
		}
		return pyjson.Append(nil, list), nil
	}
	var v any
	if err := n.Decode(&v); err != nil {
		return nil, err
	}
	switch v.(type) {
	case nil, bool, int, int64, float64, string:
		return pyjson.Append(nil, v), nil
	}
	return pyjson.Append(nil, n.Value), nil
}
