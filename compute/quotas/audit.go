package quotas

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nova-go/nova/compute/api"
	"github.com/nova-go/nova/internal/objects"
)

func (a *API) auditIndex(r *api.Request) (any, error) {
	return a.audit(r, "instance_usage_audit_logs", a.Now().UTC())
}

// day is a time as the path of an audit has it, with fractions of seconds or without.
var day = regexp.MustCompile(`^\d{4}-(?:1[0-2]|0[1-9]|[1-9])-(?:3[01]|[12]\d|0[1-9]|[1-9])\s+(?:2[0-3]|[01]\d|\d):(?:[0-5]\d|\d):(?:[0-5]\d|\d)(?:\.\d{1,6})?$`)

func (a *API) auditShow(r *api.Request) (any, error) {
	id := r.Var("id")
	text := id
	if !strings.Contains(id, ".") {
		text += ".0" // parseStamp wants a fraction behind a blank
	}
	before, ok := parseStamp(text)
	if !ok || !day.MatchString(id) {
		return nil, api.BadRequest("Invalid timestamp for date %s", id)
	}
	return a.audit(r, "instance_usage_audit_log", before)
}

// audit sums up what computes reported of the last period before a moment.
func (a *API) audit(r *api.Request, member string, before time.Time) (any, error) {
	begin, end, err := lastPeriod(a.AuditPeriod, before)
	if err != nil {
		return nil, err
	}
	tasks, err := a.Audits.AuditTasks(r.Ctx(), begin, end)
	if err != nil {
		return nil, err
	}
	hosts, err := a.Audits.ComputeHosts(r.Ctx())
	if err != nil {
		return nil, err
	}
	var items, errors int64
	states := map[string]string{}
	done, running := map[string]bool{}, map[string]bool{}
	for _, t := range tasks {
		states[t.Host] = t.State
		switch t.State {
		case "DONE":
			done[t.Host] = true
		case "RUNNING":
			running[t.Host] = true
		}
		items += t.Items
		errors += t.Errors
	}
	all := len(hosts)
	missing := slices.DeleteFunc(hosts, func(h string) bool { _, seen := states[h]; return seen })
	status := fmt.Sprintf("%d of %d hosts done. %d errors.", len(done), all, errors)
	if len(done) == all {
		status = fmt.Sprintf("ALL hosts done. %d errors.", errors)
	}
	return api.Doc(func(o *api.Object) {
		o.Obj(member, func(o *api.Object) {
			o.Str("period_beginning", begin.Format(time.DateTime))
			o.Str("period_ending", end.Format(time.DateTime))
			o.Int("num_hosts", int64(all))
			o.Int("num_hosts_done", int64(len(done)))
			o.Int("num_hosts_running", int64(len(running)))
			o.Int("num_hosts_not_run", int64(len(missing)))
			o.Strs("hosts_not_run", missing)
			o.Int("total_instances", items)
			o.Int("total_errors", errors)
			o.Str("overall_status", status)
			o.Obj("log", func(o *api.Object) { log(o, tasks) })
		})
	}), nil
}

func log(o *api.Object, tasks []objects.AuditTask) {
	for _, t := range tasks {
		o.Obj(t.Host, func(o *api.Object) {
			o.Str("state", t.State)
			o.Int("instances", t.Items)
			o.Int("errors", t.Errors)
			o.Str("message", t.Message)
		})
	}
}

// lastPeriod is the last period that had ended before a moment. unit is
// "hour", "day", "month" or "year", with "@" and the minute, hour, day or month
// that periods begin with. One that the calendar does not have is an error.
func lastPeriod(unit string, before time.Time) (begin, end time.Time, err error) {
	unit, at, _ := strings.Cut(unit, "@")
	offset, _ := strconv.Atoi(at)
	year, month, date := before.Date()
	ago := func(n int) time.Time { // the beginning of a period, n periods before the one of this moment
		switch unit {
		case "month":
			return time.Date(year, month-time.Month(n), max(offset, 1), 0, 0, 0, 0, time.UTC)
		case "year":
			return time.Date(year-n, time.Month(max(offset, 1)), 1, 0, 0, 0, 0, time.UTC)
		case "day":
			return time.Date(year, month, date-n, offset, 0, 0, 0, time.UTC)
		}
		return time.Date(year, month, date, before.Hour()-n, offset, 0, 0, time.UTC)
	}
	n := 0
	if !ago(0).Before(before) {
		n = 1
	}
	for _, t := range []time.Time{ago(0), ago(n), ago(n + 1)} {
		has := map[string]int{"month": t.Day(), "year": int(t.Month()), "day": t.Hour()}
		if part, ok := has[unit]; !ok && t.Minute() != offset || ok && offset != 0 && part != offset {
			return begin, end, fmt.Errorf("instance_usage_audit_period: no %s has %d", unit, offset)
		}
	}
	return ago(n + 1), ago(n), nil
}
