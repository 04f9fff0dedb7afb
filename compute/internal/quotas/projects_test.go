package quotas_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/novatest/testproc"
)

// projectsOfKeystone stands in for the part of Keystone that shows projects.
type projectsOfKeystone struct {
	mu          sync.Mutex
	status      map[string]int // by project; default 404
	asked       map[string]int
	connections int
}

func (k *projectsOfKeystone) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	project := strings.TrimPrefix(r.URL.Path, "/v3/projects/")
	k.asked[project]++
	status := k.status[project]
	if status == 0 {
		status = http.StatusNotFound
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`{"project": {"id": "` + project + `", "description": "` + strings.Repeat("long ", 1000) + `"}}`))
}

func (k *projectsOfKeystone) set(project string, status int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.status[project] = status
}

// requests returns how often a project has been requested since the last call.
func (k *projectsOfKeystone) requests(project string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := k.asked[project]
	k.asked[project] = 0
	return n
}

func withProjects(t *testing.T) (*novatest.Stack, *projectsOfKeystone) {
	t.Helper()
	k := &projectsOfKeystone{status: map[string]int{}, asked: map[string]int{}}
	server := httptest.NewUnstartedServer(k)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			k.mu.Lock()
			k.connections++
			k.mu.Unlock()
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return novatest.New(t, novatest.Conf("[keystone]\nendpoint_override = "+server.URL)), k
}

// TestKnownProjects: reads do not verify a project again that has been found a moment ago; changes
// do. What is no proof of a project's existence is never reused.
func TestKnownProjects(t *testing.T) {
	t.Parallel()
	s, k := withProjects(t)
	admin := s.As("admin")
	k.set("p", 200)
	for _, path := range []string{"/os-quota-sets/p", "/os-quota-sets/p/detail", "/os-quota-sets/p/defaults", "/os-quota-sets/p?user_id=u"} {
		admin.Do("GET " + path).Expect(200)
	}
	if n := k.requests("p"); n != 1 {
		t.Errorf("4 reads verify the project %d times", n)
	}
	admin.Do("PUT /os-quota-sets/p", `{"quota_set": {"cores": 5}}`).Expect(200)
	if n := k.requests("p"); n != 1 {
		t.Errorf("a change verifies the project %d times", n)
	}
	k.set("p", 404)
	admin.Do("GET /os-quota-sets/p").Expect(200).Has(`{"quota_set": {"cores": 5}}`)
	s.Changes(func() {
		admin.Do("PUT /os-quota-sets/p", `{"quota_set": {"cores": 6}}`).Expect(400).Fault("badRequest", "Project ID p is not a valid project.")
	}).Expect()
	admin.Do("GET /os-quota-sets/p").Expect(400).Fault("badRequest", "Project ID p is not a valid project.")
	for project, c := range map[string]struct{ keystone, want int }{
		"gone": {404, 400}, "hidden": {403, 200}, "broken": {500, 200},
	} {
		k.set(project, c.keystone)
		for range 3 {
			admin.Do("GET /os-quota-sets/" + project).Expect(c.want)
		}
		if n := k.requests(project); n != 3 {
			t.Errorf("after the status %d, 3 reads verify the project %d times", c.keystone, n)
		}
	}
}

// TestKnownProjectsAreForgotten: a deleted project is valid for some seconds, not longer.
func TestKnownProjectsAreForgotten(t *testing.T) {
	t.Parallel()
	s, k := withProjects(t)
	admin := s.As("admin")
	k.set("p", 200)
	admin.Do("GET /os-quota-sets/p").Expect(200)
	k.set("p", 404)
	testproc.Eventually(t, "the project is not valid", func() bool { return admin.Do("GET /os-quota-sets/p").Status == 400 })
}

// TestVerificationsShareAConnection: the answers of Keystone are read to their end.
func TestVerificationsShareAConnection(t *testing.T) {
	t.Parallel()
	s, k := withProjects(t)
	for _, project := range []string{"a", "b", "c", "d"} {
		k.set(project, 200)
		s.As("admin").Do("GET /os-quota-sets/" + project).Expect(200)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.connections != 1 {
		t.Errorf("4 verifications use %d connections", k.connections)
	}
}
