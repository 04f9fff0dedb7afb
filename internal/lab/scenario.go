//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"go.yaml.in/yaml/v3"
)

// scenario is a row of scenarios.yaml: faults at given times under a load.
type scenario struct {
	Name   string
	About  string         // what happens, for the table of results
	Probe  string         // a listener whose answers tell when the neighbour is back; "": the last step with back
	Length time.Duration  // of the load; 0: 20 s
	Rate   float64        // requests per second on each side; 0: 3
	Mix    map[string]int // weights of the operations; empty: that of mix
	Fresh  bool           // each request has a token of its own, which Keystone has to validate
	Few    bool           // all writes are to one server
	Only   string         // the only side with a load; "": both
	Steps  []fault
	Every  time.Duration // the steps begin again after this time, until the load ends; 0: they do not
	Random time.Duration // instead of steps, those of another scenario at random each time; see soak
	After  []string      // commands that end the faults, if the steps do not
}

// fault is a command at a time after the start of the load.
type fault struct {
	At   time.Duration
	Do   string
	Back bool // the neighbour is back with it
}

// mix is the load of production: polls, lists and writes of metadata. The other operations of side.run are only
// in some scenarios.
var mix = map[string]int{"poll": 70, "list": 15, "metadata": 15}

// scenarios reads scenarios.yaml.
func (l *Lab) scenarios() ([]scenario, error) {
	text, err := l.render("ha/scenarios.yaml", nil)
	if err != nil {
		return nil, err
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	var list []scenario
	if err := d.Decode(&list); err != nil {
		return nil, fmt.Errorf("scenarios.yaml: %w", err)
	}
	for n := range list {
		s := &list[n]
		if s.Length == 0 {
			s.Length = 30 * time.Second
		}
		if s.Rate == 0 {
			s.Rate = 2
		}
		if len(s.Mix) == 0 {
			s.Mix = mix
		}
		for _, one := range s.Steps {
			if _, err := l.command(one.Do); err != nil {
				return nil, fmt.Errorf("scenario %s: %w", s.Name, err)
			}
		}
	}
	return list, nil
}

// command returns the function of a step: "kill SERVICE", "freeze SERVICE", "thaw SERVICE", "reload SERVICE",
// "stop SERVICE", "start SERVICE", "link LISTENER mode=hang&pause=1s", "sql NODE STATEMENT",
// "rabbitmqctl NODE ARGUMENTS".
func (l *Lab) command(text string) (func(context.Context) error, error) {
	verb, rest, _ := strings.Cut(text, " ")
	name, argument, _ := strings.Cut(rest, " ")
	services := l.services()
	n := slices.IndexFunc(services, func(s service) bool { return s.name == name })
	signal := func(s syscall.Signal) func(context.Context) error {
		return func(context.Context) error {
			pid := l.running(name)
			if pid == 0 { // a signal to the process group 0 is one to this program's own
				return fmt.Errorf("%s does not run", name)
			}
			return syscall.Kill(-pid, s)
		}
	}
	switch {
	case verb == "link":
		q, err := url.ParseQuery(argument)
		if err == nil {
			_, err = l.parseFault(q)
		}
		return func(ctx context.Context) error { return l.setFault(ctx, name, q) }, err
	case n < 0:
		return nil, fmt.Errorf("%q: the lab has no service %q", text, name)
	}
	switch verb {
	case "kill":
		return signal(syscall.SIGKILL), nil
	case "freeze":
		return signal(syscall.SIGSTOP), nil
	case "reload":
		return signal(syscall.SIGHUP), nil
	case "thaw":
		return signal(syscall.SIGCONT), nil
	case "stop":
		return func(context.Context) error { return l.stop(name) }, nil
	case "start":
		return func(context.Context) error { return l.start(services[n]) }, nil
	case "sql":
		return func(ctx context.Context) error {
			db, err := l.openNode(name)
			if err != nil {
				return err
			}
			defer db.Close()
			_, err = db.ExecContext(ctx, argument)
			return err
		}, nil
	case "rabbitmqctl":
		return func(ctx context.Context) error { return l.rabbitmqctl(ctx, name, strings.Fields(argument)...) }, nil
	}
	return nil, fmt.Errorf("%q: there is no command %q", text, verb)
}

// rabbitmqctl runs a command of a node of RabbitMQ.
func (l *Lab) rabbitmqctl(ctx context.Context, name string, args ...string) error {
	program := filepath.Join(filepath.Dir(rabbitmqServer()), "rabbitmqctl")
	cmd := exec.CommandContext(ctx, program, append([]string{"-n", l.BrokerNode(name)}, args...)...)
	cmd.Env = l.environment(name, l.brokerEnvironment(name)...)
	return l.logged(cmd, "rabbitmqctl")
}

// printScenarios runs the named scenarios, or all, and writes a Markdown table.
func (l *Lab) printScenarios(ctx context.Context, out, progress io.Writer, names []string) error {
	fmt.Fprintln(out, "| Scenario | Side | Requests | Failed | Longest without an answer | Slowest | Away | Recovery"+
		" | Writes lost / twice | States left |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|---|---|---|")
	return l.runScenarios(ctx, progress, names, func(of scenario, side string, r row) {
		fmt.Fprintf(out, "| %s | %s | %s |\n", of.Name, side, r)
	})
}

// runScenarios runs the named scenarios, or all, and passes the results of the sides ours and python
// to result.
func (l *Lab) runScenarios(ctx context.Context, progress io.Writer, names []string, result func(of scenario, side string, r row)) error {
	list, err := l.scenarios()
	if err != nil {
		return err
	}
	for _, name := range names {
		if !slices.ContainsFunc(list, func(s scenario) bool { return s.Name == name }) {
			return fmt.Errorf("there is no scenario %q in internal/lab/etc/ha/scenarios.yaml", name)
		}
	}
	services := l.services()
	if err := l.repair(ctx, nil, services); err != nil {
		return err
	}
	sides, err := l.sides(ctx)
	if err != nil {
		return err
	}
	for _, s := range list {
		if len(names) > 0 && !slices.Contains(names, s.Name) {
			continue
		}
		if err := l.runScenario(ctx, progress, s, sides, result); err != nil {
			return fmt.Errorf("scenario %s: %w", s.Name, err)
		}
	}
	return nil
}

// runScenario runs a scenario on both sides at the same time, and repairs the lab.
func (l *Lab) runScenario(
	ctx context.Context, progress io.Writer, s scenario, sides []*side, result func(of scenario, side string, r row),
) error {
	if s.Only != "" {
		sides = slices.DeleteFunc(slices.Clone(sides), func(one *side) bool { return one.name != s.Only })
	}
	for _, one := range sides {
		if err := one.reset(ctx, s); err != nil {
			return err
		}
	}
	fmt.Fprintf(progress, "lab: %s\n", s.Name)
	began := time.Now()
	loading, over := context.WithDeadline(ctx, began.Add(s.Length))
	defer over()
	watched := l.watch(loading, s.Probe)
	for _, one := range sides {
		one.begin(loading, s)
	}
	o, err := l.runSteps(ctx, progress, s, began)
	if err == nil && s.Random > 0 {
		err = l.soak(ctx, progress, s, began)
	}
	if err != nil {
		return err
	}
	if seen := <-watched; !seen.away.IsZero() {
		o = seen
	}
	for _, one := range sides {
		one.wait()
	}
	if err := l.repair(ctx, s.After, l.touched(s)); err != nil {
		return err
	}
	for _, one := range sides {
		r, err := one.result(ctx, o)
		if err != nil {
			return err
		}
		result(s, one.name, r)
		for _, line := range one.failures(began) {
			fmt.Fprintf(progress, "lab:   %s: %s\n", one.name, line)
		}
	}
	return nil
}

// runSteps does the steps of a scenario whose load began at a time, and returns when the first fault began and
// the last step with back, or else the first step, was done.
func (l *Lab) runSteps(ctx context.Context, progress io.Writer, s scenario, began time.Time) (o outage, err error) {
	for round := time.Duration(0); ; round += s.Every {
		for _, one := range s.Steps {
			do, err := l.command(one.Do)
			if err != nil {
				return o, err
			}
			at := round + one.At
			if s.Every > 0 && at >= s.Length {
				return o, nil
			}
			select {
			case <-time.After(time.Until(began.Add(at))):
			case <-ctx.Done():
				return o, ctx.Err()
			}
			fmt.Fprintf(progress, "lab:   %5.1f s: %s\n", time.Since(began).Seconds(), one.Do)
			if o.away.IsZero() {
				o.away = time.Now()
			}
			if err := do(ctx); err != nil {
				return o, fmt.Errorf("%s: %w", one.Do, err)
			}
			if one.Back || o.back.IsZero() {
				o.back = time.Now()
			}
		}
		if s.Every == 0 {
			return o, nil
		}
	}
}

// outage is the time without a neighbour.
type outage struct{ away, back time.Time }

// touched returns the services that the commands of a scenario name.
func (l *Lab) touched(s scenario) []service {
	commands := slices.Clone(s.After)
	for _, one := range s.Steps {
		commands = append(commands, one.Do)
	}
	words := strings.Fields(strings.Join(commands, " "))
	return slices.DeleteFunc(l.services(), func(of service) bool { return !slices.Contains(words, of.name) })
}

// repair ends all faults: links forward, all services run, and the given ones answer.
func (l *Lab) repair(ctx context.Context, after []string, touched []service) error {
	for _, text := range after {
		do, err := l.command(text)
		if err != nil {
			return err
		}
		if err := do(ctx); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	services := l.services()
	for _, s := range services {
		if pid := l.running(s.name); pid != 0 {
			_ = syscall.Kill(-pid, syscall.SIGCONT)
		}
	}
	for _, name := range l.Links() {
		if err := l.setFault(ctx, name, url.Values{"mode": {"pass"}, "to": {name}}); err != nil {
			return err
		}
	}
	for at := infrastructure; at <= otherServices; at++ {
		for _, s := range services {
			if s.stage != at {
				continue
			}
			if err := l.start(s); err != nil {
				return err
			}
		}
		if err := l.await(ctx, slices.DeleteFunc(slices.Clone(touched), func(s service) bool { return s.stage != at })); err != nil {
			return err
		}
	}
	return nil
}
