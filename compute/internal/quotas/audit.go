package quotas

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/objects"
)

func (a *API) auditIndex(r *api.Request) (any, error) {
	return a.audit(r, "instance_usage_audit_logs", a.Now().UTC())
}

// auditTime matches a time in the path of an audit, with or without fractions of a second.
var auditTime = regexp.MustCompile(`^` + datePattern + blankPattern + clockPattern + fractionPattern + `?$`)

func (a *API) auditShow(r *api.Request) (any, error) {
	id := r.Var("id")
	before, ok := parseStamp(auditTime, id)
	if !ok {
		return nil, api.BadRequest("Invalid timestamp for date %s", id)
	}
	return a.audit(r, "instance_usage_audit_log", before)
}

// audit summarises the audit reports of computes for the last complete period before a time.
func (a *API) audit(r *api.Request, member string, before time.Time) (any, error) {
	begin, end, err := objects.LastPeriod(a.AuditPeriod, before)
	if err != nil {
		return nil, err
	}
	tasks, err := a.Audits.AuditTasks(r.Context(), begin, end)
	if err != nil {
		return nil, err
	}
	hosts, err := a.Audits.ComputeHosts(r.Context())
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
			o.Obj("log", func(o *api.Object) { writeTaskLog(o, tasks) })
		})
	}), nil
}

func writeTaskLog(o *api.Object, tasks []objects.AuditTask) {
	for _, t := range tasks {
		o.Obj(t.Host, func(o *api.Object) {
			o.Str("state", t.State)
			o.Int("instances", t.Items)
			o.Int("errors", t.Errors)
			o.Str("message", t.Message)
		})
	}
}
