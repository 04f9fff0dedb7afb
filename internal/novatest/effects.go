package novatest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
)

// Effects returns all that f changes: rows of the databases, RPC messages, and the documents of the stand-ins for other
// services. Values that differ between two equal requests (ids, numbers, times) are replaced by "#", and the lines are
// sorted, so that requests with the same effects return equal lines. Periodic reports of hosts are left out.
// Effects waits until the application is idle and the hosts have finished.
func (s *Stack) Effects(f func()) []string {
	s.t.Helper()
	var sent *Messages
	before := s.documents()
	changed := s.Changes(func() {
		sent = s.Messages(func() {
			f()
			s.Idle()
			s.Settle()
		})
	})
	lines := slices.Concat(changed.Lines, sent.Lines, removedLines(before, s.documents(), "-"), removedLines(s.documents(), before, "+"))
	for n, line := range lines {
		lines[n] = volatileValues.ReplaceAllString(line, "#")
	}
	slices.Sort(lines)
	return slices.DeleteFunc(lines, func(line string) bool {
		return strings.Contains(line, " UPDATE compute_nodes ") || strings.Contains(line, " UPDATE services ") && strings.Contains(line, " report_count=")
	})
}

// volatileValues matches the values that differ between two equal requests: first addresses of ports, reservation ids and
// passwords, which may contain no digit, then UUIDs, then all other words with a digit.
var volatileValues = regexp.MustCompile(`([0-9a-f]{2}:){5}[0-9a-f]{2}|tap[0-9a-f]{8}-[0-9a-f]{2}|\br-[0-9a-z]{8}\b|\b(new_pass|rescue_password|admin_password)=\S+|` +
	`[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}|[0-9a-f]*[0-9][0-9a-f]*`)

// documents returns the documents of the stand-ins, one line for each.
func (s *Stack) documents() []string {
	s.t.Helper()
	var dump struct {
		Services map[string][]json.RawMessage `json:"services"`
	}
	answer := httptest.NewRecorder() // not over HTTP, because the application may have terminated
	s.cloud.ServeHTTP(answer, httptest.NewRequestWithContext(s.t.Context(), http.MethodGet, s.URL+"/dev/dump", nil))
	s.must(json.Unmarshal(answer.Body.Bytes(), &dump))
	var lines []string
	for kind, documents := range dump.Services {
		for _, d := range documents {
			lines = append(lines, fmt.Sprintf("%s %s", kind, d))
		}
	}
	return lines
}

// removedLines returns the lines of before that are not in after, with a sign.
func removedLines(before, after []string, sign string) []string {
	there := map[string]int{}
	for _, line := range after {
		there[line]++
	}
	var gone []string
	for _, line := range before {
		if there[line]--; there[line] < 0 {
			gone = append(gone, sign+" "+line)
		}
	}
	return gone
}
