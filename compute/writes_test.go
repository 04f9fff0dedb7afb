package compute_test

import (
	"cmp"
	"flag"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/novatest"
)

// cuts is at how many random moments each operation is cut off.
var cuts = flag.Int("cuts", 0, "at how many random moments each operation that writes is cut off; 0: 5 by clients, 1 by the end of the process")

// clientCuts is at how many moments clients go away unless -cuts says so: few where the race
// detector makes each one dear (-short, which takes a fifth of the rows).
func clientCuts() int {
	if testing.Short() {
		return 2
	}
	return 5
}

// TestWritesAreDoneOrNotBegun cuts each operation that writes off at random moments: its
// client goes away, or the process ends, which closes all connections. Whatever the moment,
// the operation has all of its effects or none: in the databases, in messages, and in other
// services.
func TestWritesAreDoneOrNotBegun(t *testing.T) {
	t.Parallel()
	eachWrite(t, func(t *testing.T, e writeExample, row *api.Route) {
		s, n := e.stack(t), cmp.Or(*cuts, clientCuts())
		var took time.Duration
		first := e.effects(t, s, row, e.whole(t), 1) // fills caches, and makes what there is once
		done := e.effects(t, s, row, timed(&took, e.whole(t)), 1)
		e.check(t, n, done, e.effects(t, s, row, func(c *novatest.Client, request string, body ...any) {
			c.HangUp(rand.N(took), request, body...)
		}, n))
		e.check(t, 1, done, e.effects(t, s, row, ended(s, took), 1))
		for range *cuts - 1 { // each end needs a process of its own
			s := e.stack(t)
			e.check(t, 1, first, e.effects(t, s, row, ended(s, 2*took), 1))
		}
	})
}

// ended is to send a request and to end the process at a random moment of the time that
// the operation takes.
func ended(s *novatest.Stack, took time.Duration) send {
	return func(c *novatest.Client, request string, body ...any) {
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			c.HangUp(time.Minute, request, body...)
		}()
		<-time.After(rand.N(took))
		s.Terminate()
		<-answered
	}
}

// eachWrite runs f as a subtest for each example of each row that writes.
func eachWrite(t *testing.T, f func(*testing.T, writeExample, *api.Route)) {
	for n, row := range compute.Routes() {
		if !row.Writes() || testing.Short() && n%5 != 0 {
			continue
		}
		key := row.Key() + " " + max(row.From, mv.Min).String()
		names := examplesOf(key)
		if len(names) == 0 {
			t.Errorf("writeExamples has no %q", key)
		}
		for _, name := range names {
			t.Run(strings.ReplaceAll(name, "/", "_"), func(t *testing.T) {
				t.Parallel()
				f(t, writeExamples[name], &row)
			})
		}
	}
}

// send is Client.Do, or a way to do that and not to wait for the answer.
type send func(c *novatest.Client, request string, body ...any)

// whole waits for the answer, which must be a success.
func (e writeExample) whole(t *testing.T) send {
	return func(c *novatest.Client, request string, body ...any) {
		if r := c.Do(request, body...); (r.Status/100 == 2) == e.refused {
			t.Fatalf("%s answers %d %s", request, r.Status, r.Body)
		}
	}
}

func timed(took *time.Duration, s send) send {
	return func(c *novatest.Client, request string, body ...any) {
		began := time.Now()
		s(c, request, body...)
		*took = time.Since(began)
	}
}

// effects sends n requests, each about something of its own, and answers what they
// change.
func (e writeExample) effects(t *testing.T, s *novatest.Stack, row *api.Route, send send, n int) []string {
	c := s.As(cmp.Or(e.role, "demo")).MV(cmp.Or(e.version, "2.1"))
	paths, bodies := make([]string, n), make([][]any, n)
	for i := range paths {
		var body string
		if paths[i], body = e.request(t, s); body != "" {
			bodies[i] = []any{body}
		}
	}
	return s.Effects(func() {
		for i, path := range paths {
			send(c, row.Method+" "+path, bodies[i]...)
		}
	})
}

// check wants left, the effects of n requests that were cut off, to be those of done, as
// often as requests have begun.
func (e writeExample) check(t *testing.T, n int, done, left []string) {
	t.Helper()
	if (len(done) == 0) != e.refused {
		t.Fatalf("the whole operation changes\n\t%s", strings.Join(done, "\n\t"))
	}
	once, times := counted(done), counted(left)
	begun := 0
	for line := range once {
		begun = max(begun, times[line]/once[line])
	}
	for line := range once {
		times[line] -= begun * once[line]
	}
	for line, surplus := range times {
		if surplus != 0 {
			t.Errorf("of %d requests that were cut off %d have begun; %+d times there is\n\t%s", n, begun, surplus, line)
		}
	}
}

// counted is how often each line is there.
func counted(lines []string) map[string]int {
	n := map[string]int{}
	for _, line := range lines {
		n[line]++
	}
	return n
}
