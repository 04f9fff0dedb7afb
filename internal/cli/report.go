package cli

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/version"
)

// report returns a Guru Meditation Report in the format of oslo.reports: the state of the
// process, for the analysis of a process that hangs.
func (h *hosting) report(c *config.Config) []byte {
	var b bytes.Buffer
	rule := strings.Repeat("=", 72)
	fmt.Fprintf(&b, "%s\n====%s====\n%s\n", rule, centered("Guru Meditation", 64), rule)
	section := func(title string) {
		fmt.Fprintf(&b, "\n%s\n====%s====\n%s\n", rule, centered(title, 64), rule)
	}
	section("Package")
	fmt.Fprintf(&b, "product = OpenStack Nova\nservice = %s\npackage = %s\n", h.program.Name, release.Newest().Version)
	for _, line := range version.Read().Lines() {
		fmt.Fprintln(&b, strings.Replace(line, ": ", " = ", 1))
	}
	section("Process")
	fmt.Fprintf(&b, "pid = %d\ntime = %s\nrunning = %s\ngoroutines = %d\nprocs = %d\n",
		os.Getpid(), time.Now().UTC().Format(time.RFC3339), time.Since(h.began).Round(time.Second), runtime.NumGoroutine(), runtime.GOMAXPROCS(0))
	section("Databases, cells, caches, messages")
	writeSeries(&b, h.metrics)
	section("Callers with the most requests, by project and user agent")
	writeCallers(&b, h.metrics, time.Now())
	section("Goroutines")
	_ = pprof.Lookup("goroutine").WriteTo(&b, 1)
	section("Configuration")
	writeOptions(&b, c)
	return b.Bytes()
}

func centered(text string, width int) string {
	left := (width - len(text)) / 2
	return strings.Repeat(" ", left) + text + strings.Repeat(" ", width-left-len(text))
}

// writeSeries writes the counters and gauges that are not zero, and the count and mean of
// histograms.
func writeSeries(w io.Writer, g prometheus.Gatherer) {
	families, err := g.Gather()
	if err != nil {
		fmt.Fprintln(w, err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName() + seriesLabels(m)
			switch hist := m.GetHistogram(); {
			case hist.GetSampleCount() > 0:
				fmt.Fprintf(w, "%s count=%d mean=%.6f\n", name, hist.GetSampleCount(), hist.GetSampleSum()/float64(hist.GetSampleCount()))
			case hist != nil:
			case m.GetGauge() != nil:
				fmt.Fprintf(w, "%s %v\n", name, m.GetGauge().GetValue())
			case m.GetCounter().GetValue() != 0:
				fmt.Fprintf(w, "%s %v\n", name, m.GetCounter().GetValue())
			}
		}
	}
}

func seriesLabels(m *dto.Metric) string {
	var pairs []string
	for _, l := range m.GetLabel() {
		if l.GetValue() != "" {
			pairs = append(pairs, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
		}
	}
	if len(pairs) == 0 {
		return ""
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

// reportedCallers is the number of callers in each list of a report.
const reportedCallers = 20

// writeCallers writes who has sent the most requests recently, and since the process began.
func writeCallers(w io.Writer, r prometheus.Registerer, now time.Time) {
	callers, err := metrics.CallersOf(r)
	if err != nil {
		fmt.Fprintln(w, err)
		return
	}
	list := func(title string, all []metrics.CallerRequests) {
		fmt.Fprintf(w, "%s:\n", title)
		for _, c := range all {
			fmt.Fprintf(w, "  requests=%d project=%s user_agent=%q", c.Requests, cmp.Or(c.Project, "-"), c.UserAgent)
			if c.Excess > 0 {
				fmt.Fprintf(w, " at_most_too_high_by=%d", c.Excess)
			}
			fmt.Fprintln(w)
		}
	}
	if recent, since := callers.Recent(reportedCallers, now); !since.IsZero() {
		list("since "+since.UTC().Format(time.RFC3339), recent)
	}
	list("since the process began", callers.Total(reportedCallers))
}

// writeOptions writes all options with their values, except for secrets.
func writeOptions(w io.Writer, c *config.Config) {
	group := ""
	for _, o := range c.Options() {
		if o.Group != group {
			group = o.Group
			fmt.Fprintf(w, "\n%s:\n", group)
		}
		value := fmt.Sprint(o.Masked("***"))
		if o.Value == nil {
			value = "None"
		}
		fmt.Fprintf(w, "  %s = %s\n", o.Name, value)
	}
}

// writeReport writes a report into [oslo_reports] log_dir, with the file name of oslo.reports,
// or to standard error.
func (h *hosting) writeReport(c *config.Config) {
	b := h.report(c)
	dir := c.OsloReports.LogDir
	if dir == "" {
		_, _ = os.Stderr.Write(b)
		return
	}
	file := filepath.Join(dir, h.program.Name+"_gurumeditation_"+time.Now().UTC().Format("20060102150405"))
	if err := os.WriteFile(file, b, 0o600); err != nil {
		h.log.Error().Err(err).Msg("The report cannot be written")
		_, _ = os.Stderr.Write(b)
		return
	}
	h.log.Info().Msg("The state of the process is in " + file)
}

// watchTrigger sends to asked whenever the modification time of [oslo_reports]
// file_event_handler changes.
func watchTrigger(ctx context.Context, c *config.Config, asked chan<- struct{}) {
	if path := c.OsloReports.FileEventHandler; path != "" {
		watchFile(ctx, path, time.Duration(max(c.OsloReports.FileEventHandlerInterval, 1))*time.Second, asked)
	}
}

// watchFile sends to touched whenever the modification time of a file has changed, which it looks
// at in an interval.
func watchFile(ctx context.Context, path string, interval time.Duration, touched chan<- struct{}) {
	modified := func() time.Time {
		i, err := os.Stat(path)
		if err != nil {
			return time.Time{}
		}
		return i.ModTime()
	}
	last := modified()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if now := modified(); now.After(last) {
			last = now
			select {
			case touched <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
	}
}
