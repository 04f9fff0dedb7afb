//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// soaked are the processes that a soak measures.
var soaked = []string{"ours-1", "ours-2", "ours-metadata-1", "ours-metadata-2"}

const (
	soakWarm  = 5 * time.Minute // before the first measurement and the first fault, and after the last fault
	soakTries = 30              // values of which a measurement is the median, one a second
)

// metricsSocket returns the socket of the metrics of a process of this repository.
func (l *Lab) metricsSocket(name string) string {
	return filepath.Join(l.Dir, "state", name+".metrics")
}

// usage is what a process holds.
type usage struct{ memory, goroutines, files int } // memory in bytes

// usage reads what a process of this repository holds, from its metrics.
func (l *Lab) usage(ctx context.Context, name string) (usage, error) {
	var u usage
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", l.metricsSocket(name))
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: dial}}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+name+"/metrics", nil)
	if err != nil {
		return u, err
	}
	resp, err := client.Do(r)
	if err != nil {
		return u, err
	}
	defer resp.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(resp.Body)
	if err != nil {
		return u, fmt.Errorf("metrics of %s: %w", name, err)
	}
	gauge := func(metric string) int {
		if f := families[metric]; len(f.GetMetric()) > 0 {
			return int(f.GetMetric()[0].GetGauge().GetValue())
		}
		return 0
	}
	return usage{gauge("process_resident_memory_bytes"), gauge("go_goroutines"), gauge("process_open_fds")}, nil
}

// measure describes what the soaked processes hold, the connections of the database nodes and the
// queues of the broker. Processes are measured under load: each value is a median.
func (l *Lab) measure(ctx context.Context) (string, error) {
	values := make([][]usage, len(soaked))
	for range soakTries {
		for n, name := range soaked {
			u, err := l.usage(ctx, name)
			if err != nil {
				return "", err
			}
			values[n] = append(values[n], u)
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	var parts []string
	for n, name := range soaked {
		median := func(of func(usage) int) int {
			var list []int
			for _, u := range values[n] {
				list = append(list, of(u))
			}
			slices.Sort(list)
			return list[len(list)/2]
		}
		parts = append(parts, fmt.Sprintf("%s %.1f MiB, %d goroutines, %d descriptors", name,
			float64(median(func(u usage) int { return u.memory }))/(1<<20),
			median(func(u usage) int { return u.goroutines }), median(func(u usage) int { return u.files })))
	}
	connections := 0
	for _, name := range l.DatabaseNodes() {
		n, err := l.connections(ctx, name)
		if err != nil {
			return "", err
		}
		connections += n
	}
	queues, err := l.queues(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s; databases %d connections; broker %d queues", strings.Join(parts, "; "), connections, queues), nil
}

// connections counts the connections of a database node.
func (l *Lab) connections(ctx context.Context, node string) (int, error) {
	db, err := l.openNode(node)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	var count int
	err = db.QueryRowContext(ctx, "SELECT COUNT(*) FROM information_schema.processlist"+
		" WHERE user NOT IN ('system user', 'event_scheduler')").Scan(&count)
	return count, err
}

// queues counts the queues of the broker.
func (l *Lab) queues(ctx context.Context) (int, error) {
	name := l.Brokers()[0]
	cmd := exec.CommandContext(ctx, filepath.Join(filepath.Dir(rabbitmqServer()), "rabbitmqctl"),
		"-n", l.BrokerNode(name), "--quiet", "list_queues", "--no-table-headers", "name")
	cmd.Env = l.environment(name, l.brokerEnvironment(name)...)
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("rabbitmqctl list_queues: %w", err)
	}
	return len(strings.Fields(string(out))), nil
}

// soak does the steps of other scenarios, chosen at random, during the load of a scenario, and
// prints what the processes hold after soakWarm and at the end, with no fault around these times.
func (l *Lab) soak(ctx context.Context, progress io.Writer, s scenario, began time.Time) error {
	list, err := l.scenarios()
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(of scenario) bool { return len(of.Steps) == 0 || of.Only != "" || l.stops(of, soaked) })
	random := rand.New(rand.NewPCG(1, 2))
	until := func(at time.Duration) error {
		select {
		case <-time.After(time.Until(began.Add(at))):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	measured := func() error {
		text, err := l.measure(ctx)
		fmt.Fprintf(progress, "lab:   %5.0f s: %s\n", time.Since(began).Seconds(), text)
		return err
	}
	if err := until(soakWarm); err != nil {
		return err
	}
	if err := measured(); err != nil {
		return err
	}
	for at := soakWarm + s.Random; at < s.Length-2*soakWarm; at += s.Random {
		if err := until(at); err != nil {
			return err
		}
		fault := list[random.IntN(len(list))]
		fmt.Fprintf(progress, "lab:   %5.0f s: %s\n", time.Since(began).Seconds(), fault.Name)
		if _, err := l.runSteps(ctx, io.Discard, fault, time.Now()); err != nil {
			return err
		}
		if err := l.repair(ctx, fault.After, l.touched(fault)); err != nil {
			return err
		}
	}
	if err := until(s.Length - soakWarm); err != nil {
		return err
	}
	return measured()
}

// stops tells whether steps of a scenario are about one of the processes.
func (l *Lab) stops(of scenario, processes []string) bool {
	return slices.ContainsFunc(l.touched(of), func(s service) bool { return slices.Contains(processes, s.name) })
}
