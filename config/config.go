package config

import (
	"fmt"
	"reflect"
	"slices"
)

// Config is a loaded configuration: a field per option group. It is immutable after Load and
// safe for concurrent use.
type Config struct {
	Default                    Default                    `group:"DEFAULT"`
	API                        API                        `group:"api"`
	APIDatabase                Database                   `group:"api_database"`
	Database                   Database                   `group:"database"`
	Cache                      Cache                      `group:"cache"`
	Compute                    Compute                    `group:"compute"`
	Cinder                     Cinder                     `group:"cinder"`
	Consoleauth                Consoleauth                `group:"consoleauth"`
	CORS                       CORS                       `group:"cors"`
	Glance                     Glance                     `group:"glance"`
	Ironic                     Ironic                     `group:"ironic"`
	Keystone                   Keystone                   `group:"keystone"`
	KeystoneAuthtoken          KeystoneAuthtoken          `group:"keystone_authtoken"`
	Cyborg                     Cyborg                     `group:"cyborg"`
	Manila                     Manila                     `group:"manila"`
	Neutron                    Neutron                    `group:"neutron"`
	Notifications              Notifications              `group:"notifications"`
	OsloConcurrency            OsloConcurrency            `group:"oslo_concurrency"`
	OsloMessagingRabbit        OsloMessagingRabbit        `group:"oslo_messaging_rabbit"`
	OsloMessagingNotifications OsloMessagingNotifications `group:"oslo_messaging_notifications"`
	OsloMiddleware             OsloMiddleware             `group:"oslo_middleware"`
	OsloPolicy                 OsloPolicy                 `group:"oslo_policy"`
	OsloLimit                  OsloLimit                  `group:"oslo_limit"`
	OsloReports                OsloReports                `group:"oslo_reports"`
	PCI                        PCI                        `group:"pci"`
	Placement                  Placement                  `group:"placement"`
	Profiler                   Profiler                   `group:"profiler"`
	Quota                      Quota                      `group:"quota"`
	Scheduler                  Scheduler                  `group:"scheduler"`
	FilterScheduler            FilterScheduler            `group:"filter_scheduler"`
	ServiceUser                ServiceUser                `group:"service_user"`
	UpgradeLevels              UpgradeLevels              `group:"upgrade_levels"`
	VendordataDynamicAuth      VendordataDynamicAuth      `group:"vendordata_dynamic_auth"`
	VNC                        VNC                        `group:"vnc"`
	SPICE                      SPICE                      `group:"spice"`
	Serial                     Serial                     `group:"serial_console"`
	MKS                        MKS                        `group:"mks"`
	Workarounds                Workarounds                `group:"workarounds"`
	WSGI                       WSGI                       `group:"wsgi"`
	Healthcheck                Healthcheck                `group:"healthcheck"`
	Audit                      Audit                      `group:"audit_middleware_notifications"`
	ImageCache                 ImageCache                 `group:"image_cache"`
	EphemeralStorageEncryption EphemeralStorageEncryption `group:"ephemeral_storage_encryption"`
	Libvirt                    Libvirt                    `group:"libvirt"`
	KeyManager                 KeyManager                 `group:"key_manager"`
	Barbican                   Barbican                   `group:"barbican"`
	BarbicanServiceUser        BarbicanServiceUser        `group:"barbican_service_user"`
	s                          loaded
}

// loaded is the state that a Config keeps from its sources.
type loaded struct {
	st       *store
	known    *knownNames
	specs    []*spec
	byRef    map[ref]*spec
	done     map[ref]*resolvedValue
	warnings []Problem
	obsolete []Deprecation
}

// Load reads the configuration that s names. It fails for a file that is missing or unreadable,
// a line that is not in oslo.config's dialect (*[SyntaxError]), and values that do not fit
// their options ([Errors]). oslo.config checks a value when it is first used; Load checks all
// options that the two services read.
func Load(s Sources) (*Config, error) {
	st, err := s.read()
	if err != nil {
		return nil, err
	}
	c := &Config{s: loaded{st: st, known: &knownNames{}}}
	v := reflect.ValueOf(c).Elem()
	starts := make([]int, 0, v.NumField())
	fields := make([]int, 0, v.NumField())
	for i := range v.NumField() {
		f := v.Type().Field(i)
		group, ok := f.Tag.Lookup("group")
		if !ok {
			continue
		}
		starts, fields = append(starts, len(c.s.specs)), append(fields, i)
		specs, err := specsOf(f.Type, group)
		if err != nil {
			return nil, err
		}
		c.s.specs = append(c.s.specs, specs...)
	}
	c.s.byRef = index(c.s.specs)
	r := c.s.resolver()
	r.done = make(map[ref]*resolvedValue, len(c.s.specs))
	r.warn = func(p Problem) { c.s.warnings = append(c.s.warnings, p) }
	c.s.done = r.done
	r.deprecated = func(d Deprecation) {
		c.s.warnings, c.s.obsolete = append(c.s.warnings, d.Problem), append(c.s.obsolete, d)
	}
	var bad Errors
	for i, start := range starts {
		end := len(c.s.specs)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		bad = append(bad, r.fill(v.Field(fields[i]), c.s.specs[start:end])...)
	}
	if len(bad) > 0 {
		return nil, bad
	}
	return c, nil
}

// resolver returns a resolver that uses the results of Load without changing them. Load itself
// uses one, too.
func (l *loaded) resolver() *resolver {
	return &resolver{st: l.st, known: l.known, specs: l.byRef, before: l.done,
		done: map[ref]*resolvedValue{}, active: map[ref]bool{}, warn: func(Problem) {}, deprecated: func(Deprecation) {}}
}

func index(specs []*spec) map[ref]*spec {
	m := make(map[ref]*spec, len(specs))
	for _, s := range specs {
		m[s.ref] = s
	}
	return m
}

// fill sets the fields of a group's struct.
func (r *resolver) fill(v reflect.Value, specs []*spec) Errors {
	var bad Errors
	for _, s := range specs {
		res := r.resolve(s)
		if res.err != nil {
			bad = append(bad, res.err)
			continue
		}
		if res.value == nil {
			continue
		}
		f := v.FieldByIndex(s.index)
		if f.Kind() == reflect.Pointer {
			f.Set(reflect.New(f.Type().Elem()))
			f = f.Elem()
		}
		f.Set(reflect.ValueOf(res.value).Convert(f.Type()))
	}
	return bad
}

// WithEarlierNames returns the configuration as Nova before 2025.2 reads it: options of [api] may
// also be set by their former names in [DEFAULT]. The error is [Errors] for values that do not fit.
func (c *Config) WithEarlierNames() (*Config, error) {
	specs, err := specsOf(reflect.TypeFor[API](), "api")
	if err != nil {
		return nil, err
	}
	for _, s := range specs {
		s.old = append(s.old, s.earlier...)
	}
	with := *c
	with.API = API{}
	r := c.s.resolver()
	r.extra = index(specs)
	if bad := r.fill(reflect.ValueOf(&with.API).Elem(), specs); len(bad) > 0 {
		return nil, bad
	}
	return &with, nil
}

// Decode reads a group into a struct whose fields have opt tags, like the groups of Config. It
// serves groups whose names are not known in advance, and programs with their own options. into
// is a pointer to a struct; the error is [Errors] for values that do not fit.
func (c *Config) Decode(group string, into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("config: Decode into %T, want a pointer to a struct", into)
	}
	v = v.Elem()
	specs, err := specsOf(v.Type(), foldGroup(group))
	if err != nil {
		return err
	}
	r := c.s.resolver()
	r.extra = index(specs)
	if bad := r.fill(v, specs); len(bad) > 0 {
		return bad
	}
	return nil
}

// Auth reads the keystoneauth options of a group and follows auth_section: if that names
// another group, auth_type and all options of the plugin come from there.
func (c *Config) Auth(group string) (Auth, error) {
	var a Auth
	if err := c.Decode(group, &a); err != nil {
		return Auth{}, err
	}
	if a.AuthSection == "" {
		return a, nil
	}
	section := a.AuthSection
	a = Auth{}
	if err := c.Decode(section, &a); err != nil {
		return Auth{}, err
	}
	return a, nil
}

// Files returns the files that were read, in order.
func (c *Config) Files() []string { return slices.Clone(c.s.st.files) }

// Raw returns the text of an option after substitution, and whether any source sets it. The
// option need not be declared; former names of declared options are used, too. A text with
// invalid references is returned unchanged.
func (c *Config) Raw(group, option string) (value string, ok bool) {
	all := c.RawAll(group, option)
	if len(all) == 0 {
		return "", false
	}
	return all[len(all)-1], true
}

// RawAll is Raw for an option that may be repeated.
func (c *Config) RawAll(group, option string) []string {
	r := ref{foldGroup(group), option}
	var old []ref
	if s := c.s.byRef[r]; s != nil {
		old = s.old
	}
	f, ok := c.s.st.lookup(r, old, true)
	if !ok {
		return nil
	}
	res := c.s.resolver()
	out := slices.Clone(f.texts)
	for i, t := range out {
		if sub, err := res.substitute(t, r.group); err == nil {
			out[i] = sub
		}
	}
	return out
}

// Names lists the options that the files set in a group, sorted.
func (c *Config) Names(group string) []string {
	opts := c.s.st.groups[foldGroup(group)]
	out := make([]string, 0, len(opts))
	for n := range opts {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// Where returns the source of an option's value, for messages about it.
func (c *Config) Where(group, option string) Origin {
	r := ref{foldGroup(group), option}
	if res := c.s.done[r]; res != nil {
		return res.origin
	}
	f, _ := c.s.st.lookup(r, nil, false)
	return f.origin
}

// Option is a declared option with its value.
type Option struct {
	Group  string `json:"group"`
	Name   string `json:"name"`
	Value  any    `json:"value"`  // nil is None; otherwise string, bool, int, float64, []string, []int, map[string]string, []map[string]string
	Source string `json:"source"` // "default", "FILE:LINE", "env NAME", "flag"
	Secret bool   `json:"secret"` // the value must not be shown
}

// Set reports whether a file, the environment or the command line sets the option.
func (o Option) Set() bool { return o.Source != Origin{}.String() }

// Options lists all declared options, group by group. The list contains the values of secret
// options; a caller that prints them has to mask them.
func (c *Config) Options() []Option {
	out := make([]Option, len(c.s.specs))
	for i, s := range c.s.specs {
		res := c.s.done[s.ref]
		out[i] = Option{Group: s.group, Name: s.name, Value: res.value, Source: res.origin.String(), Secret: s.secret}
	}
	return out
}

// Warnings lists former names in use, deprecated options, and numbers with an empty value.
func (c *Config) Warnings() []Problem { return slices.Clone(c.s.warnings) }

// Deprecations lists those of Warnings that are about former names and deprecated options.
func (c *Config) Deprecations() []Deprecation { return slices.Clone(c.s.obsolete) }
