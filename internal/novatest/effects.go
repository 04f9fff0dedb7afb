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

// Effects are all that f changes: rows of the databases, messages, and the documents of
// the other services. What differs between two requests alike (ids, numbers, times) is
// "#", and the lines are sorted: two requests with the same effects have equal ones. What
// hosts report of themselves is none of them.
// Effects waits until the application answers no request and the hosts have settled.
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
	lines := slices.Concat(changed.Lines, sent.Lines, removed(before, s.documents(), "-"), removed(s.documents(), before, "+"))
	for n, line := range lines {
		lines[n] = volatile.ReplaceAllString(line, "#")
	}
	slices.Sort(lines)
	return slices.DeleteFunc(lines, func(line string) bool {
		return strings.Contains(line, " UPDATE compute_nodes ") || strings.Contains(line, " UPDATE services ") && strings.Contains(line, " report_count=")
	})
}

// volatile are addresses of ports, names of reservations and passwords, which may have no digit,
// then ids, then whatever has a digit.
var volatile = regexp.MustCompile(`([0-9a-f]{2}:){5}[0-9a-f]{2}|tap[0-9a-f]{8}-[0-9a-f]{2}|\br-[0-9a-z]{8}\b|\b(new_pass|rescue_password|admin_password)=\S+|` +
	`[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}|[0-9a-f]*[0-9][0-9a-f]*`)

// documents are those of the stand-ins for other services, each as a line.
func (s *Stack) documents() []string {
	s.t.Helper()
	var dump struct {
		Services map[string][]json.RawMessage `json:"services"`
	}
	answer := httptest.NewRecorder() // the application may have ended
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

// removed are the lines that are in before and not in after.
func removed(before, after []string, sign string) []string {
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
