package quotas

import (
	"regexp"
	"strconv"
	"time"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pyjson"
	"github.com/nova-go/nova/internal/pytext"
)

// pythonNumber is a sum as Python computes it: an int until a float is added, which is then shown
// with a fraction.
type pythonNumber struct {
	value    float64
	fraction bool
}

func (a pythonNumber) plus(n float64, fraction bool) pythonNumber {
	return pythonNumber{a.value + n, a.fraction || fraction}
}

// AppendJSON writes the integer 0 as 0 and the float 0 as 0.0.
func (a pythonNumber) AppendJSON(b []byte) []byte {
	if !a.fraction {
		return strconv.AppendInt(b, int64(a.value), 10)
	}
	return pyjson.Append(b, a.value)
}

// summary is the usage of a project.
type summary struct {
	project                string
	disk, cpus, ram, hours pythonNumber
	servers                []serverUsage
}

type serverUsage struct {
	*objects.Instance
	hours pythonNumber
}

func (s *summary) add(u serverUsage) {
	f, h := u.Flavor, u.hours
	s.disk = s.disk.plus(float64(f.RootGB+f.EphemeralGB)*h.value, h.fraction)
	s.cpus = s.cpus.plus(float64(f.VCPUs)*h.value, h.fraction)
	s.ram = s.ram.plus(float64(f.MemoryMB)*h.value, h.fraction)
	s.hours = s.hours.plus(h.value, h.fraction)
	s.servers = append(s.servers, u)
}

// hours returns the time that a server existed within a period, in hours.
func hours(i *objects.Instance, start, stop time.Time) pythonNumber {
	launched, terminated := i.LaunchedAt, i.TerminatedAt
	if launched == nil || launched.After(stop) || terminated != nil && terminated.Before(start) {
		return pythonNumber{}
	}
	if launched.After(start) {
		start = *launched
	}
	if terminated != nil && terminated.Before(stop) {
		stop = *terminated
	}
	return pythonNumber{float64(stop.Sub(start).Microseconds()) / 1e6 / 3600, true}
}

// period is the period in the query of a usage.
type period struct {
	start, stop time.Time
	detailed    bool
}

// The parts of times that Python's strptime accepts, with digits of any script.
const (
	datePattern     = `(\p{Nd}{4})-(1[0-2]|0[1-9]|[1-9])-(3[01]|[12]\p{Nd}|0[1-9]|[1-9]| [1-9])`
	clockPattern    = `(2[0-3]|[01]\p{Nd}|\p{Nd}):([0-5]\p{Nd}|\p{Nd}):([0-5]\p{Nd}|\p{Nd})`
	fractionPattern = `(\.[0-9]{1,6})`
	blankPattern    = `[\s\v\x1c-\x1f\x85\p{Z}]+`
)

// usageTime matches a time in one of the three formats of the usage API.
var usageTime = regexp.MustCompile(`^` + datePattern +
	`(?:[Tt]` + clockPattern + fractionPattern + `?|` + blankPattern + clockPattern + fractionPattern + `)$`)

// moment parses a time of the query; the default is now.
func (a *API) moment(r *api.Request, key string) (time.Time, error) {
	text := ""
	for _, v := range r.Query()[key] {
		if v != "" {
			text = v
			break
		}
	}
	if text == "" {
		return a.Now().UTC().Truncate(time.Microsecond), nil
	}
	t, ok := parseStamp(usageTime, text)
	if !ok {
		return t, api.BadRequest("Invalid datetime string: Datetime is in invalid format")
	}
	return t, nil
}

// parseStamp parses a time with an expression whose groups are the numbers of a date and of a
// time of day.
func parseStamp(form *regexp.Regexp, text string) (time.Time, bool) {
	m := form.FindStringSubmatch(text)
	if m == nil {
		return time.Time{}, false
	}
	if m[4] == "" {
		copy(m[4:8], m[8:])
	}
	var n [6]int
	for i := range n {
		v, _ := pytext.Int(m[i+1])
		n[i] = int(v.Int64())
	}
	var micros int
	if m[7] != "" {
		micros, _ = strconv.Atoi((m[7] + "000000")[1:7])
	}
	t := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], micros*1000, time.UTC)
	return t, t.Day() == n[2] && n[0] > 0
}

func (a *API) period(r *api.Request) (p period, err error) {
	if p.start, err = a.moment(r, "start"); err != nil {
		return p, err
	}
	if p.stop, err = a.moment(r, "end"); err != nil {
		return p, err
	}
	now := a.Now().UTC().Truncate(time.Microsecond)
	if !p.start.Before(p.stop) {
		// If start and end are both absent, the end must be after the start even with a coarse
		// clock.
		if _, given := r.Query().Get("start"); given || p.start.Sub(p.stop) > 0 {
			return p, api.BadRequest("Invalid start time. The start time cannot occur after the end time.")
		}
		p.stop = p.start.Add(time.Microsecond)
	} else if p.stop.After(now) {
		p.stop = now
	}
	for _, v := range r.Query()["detailed"] {
		if v != "" {
			p.detailed = v == "1"
			break
		}
	}
	return p, nil
}

// usages returns the usage in a period by project, in the order of the servers.
func (a *API) usages(r *api.Request, p period, project string) ([]*summary, []*objects.Instance, error) {
	w := objects.UsageWindow{Begin: p.start.Truncate(time.Second), End: p.stop.Truncate(time.Second), Project: project, Limit: r.MaxLimit()}
	if r.Since(mv.V40UsagePaging) {
		var err error
		if w.Limit, w.Marker, err = r.Page(); err != nil {
			return nil, nil, err
		}
		if r.EmptyMarker() {
			return nil, nil, objects.ErrMarkerNotFound.Errorf(objects.KindInvalid, "Marker  could not be found.")
		}
	}
	if p.start.Year() < 1000 { // Python formats such a year without zeros, and cannot parse it again
		return nil, nil, api.Raised("ValueError", "the period begins in the year %d", p.start.Year())
	}
	servers, err := a.Usages.ActiveBetween(r.Context(), w)
	if err != nil {
		return nil, nil, err
	}
	var list []*summary
	of := map[string]*summary{}
	for _, i := range servers {
		if i.Flavor == nil {
			continue // without a flavor the usage is unknown
		}
		s := of[i.ProjectID]
		if s == nil {
			s = &summary{project: i.ProjectID}
			of[i.ProjectID] = s
			list = append(list, s)
		}
		s.add(serverUsage{i, hours(i, p.start, p.stop)})
	}
	return list, servers, nil
}

func (a *API) usageIndex(r *api.Request) (any, error) {
	p, err := a.period(r)
	if err != nil {
		return nil, err
	}
	list, servers, err := a.usages(r, p, "")
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.List("tenant_usages", len(list), func(n int, arr *api.Array) {
			arr.Obj(func(o *api.Object) { a.summary(o, p, list[n]) })
		})
		writeNextLink(r, o, "tenant_usages_links", "os-simple-tenant-usage", servers)
	}), nil
}

func (a *API) usageShow(r *api.Request) (any, error) {
	project := r.Var("id")
	p, err := a.period(r)
	if err != nil {
		return nil, err
	}
	p.detailed = true
	list, servers, err := a.usages(r, p, project)
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("tenant_usage", func(o *api.Object) {
			if len(list) > 0 {
				a.summary(o, p, list[0])
			}
		})
		writeNextLink(r, o, "tenant_usage_links", "os-simple-tenant-usage/"+project, servers)
	}), nil
}

func writeNextLink(r *api.Request, o *api.Object, member, path string, servers []*objects.Instance) {
	if n := len(servers); n > 0 && r.Since(mv.V40UsagePaging) {
		r.NextUnder(member, r.Links(), o, path, n, servers[n-1].UUID)
	}
}

// pythonTime is the layout of times in usages, without a zone.
const pythonTime = "2006-01-02T15:04:05.000000"

func (a *API) summary(o *api.Object, p period, s *summary) {
	o.Str("tenant_id", s.project)
	if p.detailed {
		o.List("server_usages", len(s.servers), func(n int, arr *api.Array) {
			arr.Obj(func(o *api.Object) { a.serverUsage(o, &s.servers[n]) })
		})
	}
	o.Any("total_local_gb_usage", s.disk)
	o.Any("total_vcpus_usage", s.cpus)
	o.Any("total_memory_mb_usage", s.ram)
	o.Any("total_hours", s.hours)
	o.Time("start", &p.start, pythonTime)
	o.Time("stop", &p.stop, pythonTime)
}

func (a *API) serverUsage(o *api.Object, u *serverUsage) {
	o.Any("hours", u.hours)
	o.Str("flavor", u.Flavor.Name)
	o.Str("instance_id", u.UUID)
	o.Opt("name", u.DisplayName)
	o.Str("tenant_id", u.ProjectID)
	o.Int("memory_mb", u.Flavor.MemoryMB)
	o.Int("local_gb", u.Flavor.RootGB+u.Flavor.EphemeralGB)
	o.Int("vcpus", u.Flavor.VCPUs)
	o.Time("started_at", u.LaunchedAt, pythonTime)
	o.Time("ended_at", u.TerminatedAt, pythonTime)
	end := a.Now()
	if u.TerminatedAt != nil {
		end = *u.TerminatedAt
		o.Str("state", "terminated")
	} else {
		o.Opt("state", u.VMState)
	}
	o.Int("uptime", int64(end.Sub(*u.LaunchedAt)/time.Second))
}
