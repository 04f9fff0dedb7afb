//go:build unix

package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	loadServers  = 2                 // servers of each side that the load reads and writes
	loadKeys     = 60                // keys of metadata that the load writes on each
	loadAtOnce   = 1000              // requests of a side that are in progress at most
	loadPatience = 30 * time.Second  // how long a client waits for an answer
	guestSecret  = "metadata-secret" // metadata_proxy_shared_secret of nova.conf
	settleTime   = 90 * time.Second  // how long created servers may take to leave the state BUILD
)

// side is a nova-api under load.
type side struct {
	lab     *Lab
	name    string
	url     string // with /v2.1
	guests  string // the base URL of its nova-metadata
	project string // the name, later the id, of the project whose quota the load writes
	tenant  string // the id of the project of the servers
	image   string
	servers []string
	tokens  []string
	client  http.Client

	mu      sync.Mutex
	done    []request
	written map[string]*value // by server and key
	created map[string]bool   // servers by name: whether it was acknowledged
	groups  map[string]bool   // server groups by name

	aggregating sync.Mutex
	aggregate   string // the id of the aggregate that the load changes
	inAggregate bool   // firstHost is in it

	inFlight sync.WaitGroup
}

// request is a finished request of the load.
type request struct {
	operation    string
	began, ended time.Time
	status       int // 0: no answer
	fine         bool
	message      string
}

// value is what the load has written to a key.
type value struct {
	acknowledged int          // the number of the last acknowledged write
	unknown      map[int]bool // the numbers of writes that failed, and may have been done
	writing      bool
}

// failed tells whether the request was not served.
func (r request) failed() bool {
	return !r.fine && (r.status == 0 || r.status >= http.StatusBadRequest)
}

// sides returns ours and Python's nova-api with their servers.
func (l *Lab) sides(ctx context.Context) ([]*side, error) {
	c, err := l.login(ctx)
	if err != nil {
		return nil, err
	}
	list := []*side{
		{lab: l, name: "ours", project: "demo", url: l.URL("ours") + "/v2.1", guests: l.URL("ours-metadata")},
		{lab: l, name: "python", project: "service", url: l.URL("nova-api") + "/v2.1", guests: l.URL("nova-metadata")},
	}
	for _, one := range list {
		one.client.Timeout = loadPatience
		one.client.Transport = &http.Transport{MaxIdleConnsPerHost: loadAtOnce}
		if err := one.prepare(ctx, c); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// reset forgets the last load, and gets the tokens of the next one.
func (s *side) reset(ctx context.Context, next scenario) error {
	c, err := s.lab.login(ctx)
	if err != nil {
		return err
	}
	s.done, s.tokens, s.written, s.created, s.groups = nil, nil, map[string]*value{}, map[string]bool{}, map[string]bool{}
	tokens := 1
	if next.Fresh {
		tokens = 1 + int(next.Rate*next.Length.Seconds())
	}
	for range tokens {
		token, err := s.lab.freshToken(ctx, c, tokens == 1)
		if err != nil {
			return err
		}
		s.tokens = append(s.tokens, token)
	}
	return s.calm(ctx)
}

// calm waits until the side serves a few requests in a row: services around it may still be busy with
// the end of the last scenario.
func (s *side) calm(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	for good := 0; good < 3; {
		began := time.Now()
		if s.ask("warm-up", s.lab.client.provider.Token(), http.MethodGet, "/servers/"+s.servers[0], "") == http.StatusOK &&
			time.Since(began) < probeWithin*2 {
			good++
		} else {
			good = 0
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %s", s.name, s.done[len(s.done)-1].message)
		case <-time.After(probeEvery):
		}
	}
	s.done = nil
	return nil
}

// freshToken returns a token that nobody has used yet, or the token of this program.
func (l *Lab) freshToken(ctx context.Context, c *client, shared bool) (string, error) {
	if shared {
		return c.provider.Token(), nil
	}
	body := fmt.Sprintf(`{"auth": {"identity": {"methods": ["token"], "token": {"id": "%s"}},`+
		` "scope": {"project": {"name": "%s", "domain": {"name": "Default"}}}}}`, c.provider.Token(), adminUser)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, l.URL("keystone")+"/v3/auth/tokens", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		return "", fmt.Errorf("a token for a token: %s", resp.Status)
	}
	return resp.Header.Get("X-Subject-Token"), nil
}

// prepare creates the servers of the load that are missing.
func (s *side) prepare(ctx context.Context, c *client) error {
	m := &maker{s.lab, c, map[string]string{}}
	image, err := m.find(ctx, resource{In: "glance /v2/images", Body: map[string]any{"name": "cirros"}})
	if err != nil {
		return err
	}
	network, err := m.find(ctx, resource{In: "neutron /v2.0/networks", Body: map[string]any{"name": "shared"}})
	if err != nil {
		return err
	}
	project, err := m.find(ctx, resource{In: "keystone /v3/projects", Body: map[string]any{"name": s.project}})
	if err != nil {
		return err
	}
	admin, err := m.find(ctx, resource{In: "keystone /v3/projects", Body: map[string]any{"name": adminUser}})
	if err != nil {
		return err
	}
	unlimited := map[string]any{"quota_set": map[string]any{"instances": -1, "cores": -1, "ram": -1, "server_groups": -1}}
	if err := c.do(ctx, http.MethodPut, s.lab.URL("nova-api-1")+"/v2.1/os-quota-sets/"+fmt.Sprint(admin["id"]), unlimited, nil); err != nil {
		return err
	}
	s.image, _ = image["id"].(string)
	s.project, _ = project["id"].(string)
	s.tenant, _ = admin["id"].(string)
	if err := s.prepareAggregate(ctx, m); err != nil {
		return err
	}
	for n := range loadServers {
		r := resource{In: "nova-api /v2.1/servers", Find: "name=ha-" + s.name, Until: "ACTIVE", Body: map[string]any{
			"name": fmt.Sprintf("ha-%s-%d", s.name, n), "flavorRef": "42", "imageRef": s.image,
			"networks": []any{map[string]any{"uuid": network["id"]}}}}
		if err := m.ensure(ctx, r); err != nil {
			return err
		}
		s.servers = append(s.servers, m.ids["server."+r.name()])
	}
	return nil
}

// prepareAggregate creates the aggregate of the load if it is missing.
func (s *side) prepareAggregate(ctx context.Context, m *maker) error {
	r := resource{In: "nova-api /v2.1/os-aggregates", Body: map[string]any{"name": "ha-" + s.name}}
	have, err := m.find(ctx, r)
	if have == nil && err == nil {
		have, err = m.create(ctx, r)
	}
	if err != nil {
		return err
	}
	s.aggregate = fmt.Sprint(have["id"])
	hosts, _ := have["hosts"].([]any)
	s.inAggregate = len(hosts) > 0
	return nil
}

// begin starts the load, which ends with ctx. The requests come at a fixed rate, whether or not
// earlier ones are answered, until loadAtOnce are in progress.
func (s *side) begin(ctx context.Context, of scenario) {
	random := rand.New(rand.NewPCG(1, 2)) // both sides have the same requests
	var weighted []string
	for _, operation := range slices.Sorted(maps.Keys(of.Mix)) {
		for range of.Mix[operation] {
			weighted = append(weighted, operation)
		}
	}
	servers := s.servers
	if of.Few {
		servers = servers[:1]
	}
	places := make(chan struct{}, loadAtOnce)
	s.inFlight.Go(func() {
		began := time.Now()
		for n := 1; ctx.Err() == nil; n++ {
			operation, server := weighted[random.IntN(len(weighted))], servers[random.IntN(len(servers))]
			token := s.tokens[n%len(s.tokens)]
			places <- struct{}{}
			s.inFlight.Go(func() {
				s.run(operation, server, token, n)
				<-places
			})
			select {
			case <-time.After(time.Until(began.Add(time.Duration(float64(n) / of.Rate * float64(time.Second))))):
			case <-ctx.Done():
			}
		}
	})
}

// wait returns when all requests have ended.
func (s *side) wait() { s.inFlight.Wait() }

// failures describes the failed requests, one kind a line.
func (s *side) failures(began time.Time) []string {
	type kind struct {
		count       int
		first, last time.Duration
		message     string
	}
	kinds := map[string]*kind{}
	for _, r := range s.done {
		if !r.failed() {
			continue
		}
		name := fmt.Sprintf("%s %d", r.operation, r.status)
		k := kinds[name]
		if k == nil {
			k = &kind{first: r.began.Sub(began), message: r.message[:min(len(r.message), 200)]}
			kinds[name] = k
		}
		k.count++
		k.first, k.last = min(k.first, r.began.Sub(began)), max(k.last, r.began.Sub(began))
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		k := kinds[name]
		lines = append(lines, fmt.Sprintf("%s: %d, begun from %.1f s to %.1f s: %s", name, k.count, k.first.Seconds(), k.last.Seconds(),
			strings.Join(strings.Fields(k.message), " ")))
	}
	return lines
}

// row is the result of a scenario for one side.
type row struct {
	requests, failed int
	gap, slowest     time.Duration // the longest time without an answer; the slowest request
	away             time.Duration // how long the neighbour was away
	recovery         time.Duration // from its return to the begin of the last request that failed
	lost, twice      int           // acknowledged writes that are lost; creations that were done twice
	states           string        // of the created servers
}

// String returns the cells of the table.
func (r row) String() string {
	return fmt.Sprintf("%d | %d | %s | %s | %s | %s | %d / %d | %s", r.requests, r.failed, seconds(r.gap), seconds(r.slowest),
		seconds(r.away), seconds(r.recovery), r.lost, r.twice, r.states)
}

// result returns the result of a finished load.
func (s *side) result(ctx context.Context, o outage) (row, error) {
	r := row{requests: len(s.done), away: o.back.Sub(o.away)}
	slices.SortFunc(s.done, func(a, b request) int { return a.ended.Compare(b.ended) })
	last := s.done[0].began
	for _, one := range s.done {
		if one.failed() {
			r.failed++
			if !o.back.IsZero() {
				r.recovery = max(r.recovery, one.began.Sub(o.back))
			}
		} else {
			r.gap, last = max(r.gap, one.ended.Sub(last)), one.ended
		}
		r.slowest = max(r.slowest, one.ended.Sub(one.began))
	}
	var err error
	r.lost, r.twice, r.states, err = s.left(ctx)
	return r, err
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// left reads the database after the load: acknowledged writes that are lost, creations that were
// done twice, and the states of the created servers, which it deletes.
func (s *side) left(ctx context.Context) (lost, twice int, states string, err error) {
	db, err := s.lab.openNode(s.lab.DatabaseNodes()[0])
	if err != nil {
		return 0, 0, "", err
	}
	defer db.Close()
	for at, v := range s.written {
		server, key, _ := strings.Cut(at, " ")
		var found int
		err := db.QueryRowContext(ctx, "SELECT COALESCE(MAX(CAST(value AS SIGNED)), 0) FROM nova_cell1.instance_metadata WHERE deleted = 0"+
			" AND instance_uuid = ? AND `key` = ?", server, key).Scan(&found)
		if err != nil {
			return 0, 0, "", err
		}
		if v.acknowledged > 0 && found != v.acknowledged && !v.unknown[found] {
			lost++
		}
	}
	lostGroups, twice, err := s.groupsLeft(ctx, db)
	if lost += lostGroups; err != nil || len(s.created) == 0 {
		return lost, twice, "", err
	}
	var found map[string][]string
	for end := time.Now().Add(settleTime); ; time.Sleep(time.Second) {
		building := false
		if found, building, err = s.made(ctx); err != nil {
			return 0, 0, "", err
		}
		if !building || time.Now().After(end) {
			break
		}
	}
	counts := map[string]int{}
	for name, acknowledged := range s.created {
		if acknowledged && len(found[name]) == 0 {
			lost++
		}
		if len(found[name]) > 1 {
			twice++
		}
		for _, state := range found[name] {
			counts[state]++
		}
	}
	var all []string
	for _, state := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, fmt.Sprintf("%d %s", counts[state], state))
	}
	return lost, twice, strings.Join(all, ", "), s.remove(ctx)
}

// made returns the states of the servers that the load has created, by name, and whether one of
// them is still being built.
func (s *side) made(ctx context.Context) (map[string][]string, bool, error) {
	list, err := s.list(ctx)
	found, building := map[string][]string{}, false
	for _, one := range list {
		state := one.Status
		if one.Task != "" {
			state += " " + one.Task
		}
		found[one.Name] = append(found[one.Name], state)
		building = building || one.Status == "BUILD"
	}
	return found, building, err
}

// listed is a server in a list.
type listed struct {
	ID, Name, Status string
	Task             string `json:"OS-EXT-STS:task_state"`
}

// list returns the servers that the load has created.
func (s *side) list(ctx context.Context) ([]listed, error) {
	c, err := s.lab.login(ctx)
	if err != nil {
		return nil, err
	}
	var v struct{ Servers []listed }
	err = c.do(ctx, http.MethodGet, s.lab.URL("ours-1")+"/v2.1/servers/detail?limit=1000&name=ha-made-"+s.name, nil, &v)
	return v.Servers, err
}

// remove deletes the servers that the load has created.
func (s *side) remove(ctx context.Context) error {
	list, err := s.list(ctx)
	if err != nil {
		return err
	}
	c, err := s.lab.login(ctx)
	if err != nil {
		return err
	}
	for _, one := range list {
		if err := c.do(ctx, http.MethodDelete, s.lab.URL("ours-1")+"/v2.1/servers/"+one.ID, nil, nil); err != nil {
			return err
		}
	}
	return nil
}
