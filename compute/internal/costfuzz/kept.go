//go:build unix

package costfuzz

import (
	"strings"
	"testing"
)

// Kept sends the requests that once cost too much, and similar ones. Its bounds distinguish
// quadratic growth with the length from linear growth; benchmarks measure absolute times.
func Kept(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("what a build with the race detector spends says nothing; not with -short")
	}
	c := newCloud(t)
	const room = maxHead - 2000
	server := `{"server":{"name":"x","flavorRef":"1","imageRef":"IMAGE"%s}}`
	body := func(grown func(n int) string) string {
		text := c.placeholders().Replace(server)
		return strings.Replace(text, "%s", ","+grown(maxBody-len(text)-2), 1)
	}
	members := func(n int) string { return numbered(`"m%x":1`, ",", n) }
	list := func(query string) request { return request{Method: "GET", Path: "/v2.1/servers?" + query} }
	one := "limit=1&marker=" + c.server + "&"
	for name, q := range map[string]request{
		"unknown members, legacy": {Method: "POST", Path: "/v2/servers", Body: body(members)},
		"unknown members":         {Method: "POST", Path: "/v2.1/servers", Version: "2.100", Body: body(members)},
		"unknown members beside the server": {Method: "POST", Path: "/v2/servers",
			Body: strings.TrimSuffix(body(func(int) string { return `"a":1` }), "}") + "," + members(maxBody-300) + "}"},
		"unknown members of an alternative": {Method: "POST", Path: "/v2/os-server-external-events",
			Body: `{"events":[{"name":"network-changed","server_uuid":"` + c.server + `"}],` + members(maxBody-200) + "}"},
		"a long address in all links": {Method: "GET", Path: "/v2.1/servers/detail",
			Header: [][2]string{{"X-Forwarded-Prefix", repeat("/a", room)}}},
		"a long scheme in all links": {Method: "GET", Path: "/v2.1/servers/detail",
			Header: [][2]string{{"X-Forwarded-Proto", repeat("a", room)}}},
		"unknown parameters, legacy":      {Method: "GET", Path: "/v2/servers?" + numbered("m%x=1", "&", room)},
		"equal sort keys":                 list(one + repeat("sort_key=uuid&", room)),
		"equal sort keys with directions": list(one + repeat("sort_key=display_name&sort_dir=asc&", room)),
		"two sort keys in turn":           list(one + repeat("sort_key=uuid&sort_key=display_name&", room)),
		"sort keys that are passed over":  list(one + repeat("sort_key=id&sort_dir=asc&", room)),
		"tags":                            {Method: "GET", Path: "/v2.1/servers?tags=" + numbered("%x", ",", room), Version: "2.26"},
		"tags, again and again":           {Method: "GET", Path: "/v2.1/servers?tags=" + repeat("a,", room), Version: "2.26"},
		"not-tags":                        {Method: "GET", Path: "/v2.1/servers?not-tags=" + numbered("%x", ",", room), Version: "2.26"},
		"tags-any":                        {Method: "GET", Path: "/v2.1/servers?tags-any=" + numbered("%x", ",", room), Version: "2.26"},
		"not-tags-any":                    {Method: "GET", Path: "/v2.1/servers?not-tags-any=" + numbered("%x", ",", room), Version: "2.26"},
		"statuses":                        list(repeat("status=ACTIVE&", room)),
		"a large expression":              list("name=" + repeat("(a%3F){999}", room)),
		"an expression of alternatives":   list("name=" + numbered("%x", "|", room)),
		"an expression of groups":         list("name=" + repeat("(a%2B)%2B", room)),
		"many expressions":                list(expressionsOf(9000)),
	} {
		t.Run(name, func(t *testing.T) {
			q.Name = name
			got, status := c.leastCost(q)
			t.Logf("%d: %s", status, got)
			// SQLite rejects expressions that compile to large programs.
			if got.tooMuch() || status == 0 || status == 500 && !strings.Contains(name, "expression") {
				t.Errorf("%s: %d after %s", q, status, got)
			}
		})
	}
}

// expressionsOf returns filters with different expressions of up to n bytes.
func expressionsOf(n int) string {
	var all []string
	for i, column := range []string{"name", "hostname", "key_name", "description", "availability_zone", "created_at", "launched_at",
		"config_drive", "user_data", "node"} {
		all = append(all, column+"="+repeat("(a%3F){"+string(rune('1'+i%9))+"00}", n))
	}
	return strings.Join(all, "&")
}
