package config

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// spec is the declaration of one option, read from a struct field:
//
//	opt:"name"             the option's name; makes the field an option
//	default:"text"         its default, in the syntax of the file; without it, None
//	computed:"hostname"    a default that depends on the host (also my_ip, prog)
//	choices:"a,b"          the values allowed; fold:"true" to ignore case
//	min:"1" max:"9"        bounds of a number
//	regex:"^x$"            what a string must match
//	schemes:"http,https"   what a URI may begin with
//	type:"host"            a string of that type: host, hostdomain, uri, port (int), resource
//	multi:"true"           a MultiOpt ([]string) or MultiOpt of dicts ([]map[string]string)
//	deprecated:"g/n,/n"    former names; without group, of the same group
//	earlier:"g/n"          names that are read only by WithEarlierNames
//	secret:"true"          not to be shown
//	removal:"true"         deprecated altogether: a warning if it is set
//
// The Go type of the field determines the shape: string, bool, int, float64, []string
// and []int (ListOpt), map[string]string (DictOpt), and pointers to numbers and
// booleans where None differs from zero. An embedded struct contributes its
// options; its tags defaults:"name=text;..." and aliases:"name=g/n,g/n;..."
// set defaults and former names that differ from group to group.
type spec struct {
	ref
	rule
	def      string
	hasDef   bool
	computed string
	old      []ref
	earlier  []ref
	secret   bool
	removal  bool
	index    []int
}

// override contains the changes that an embedding group makes to an embedded option.
type override struct{ defaults, aliases map[string]string }

// specsOf lists the options that a struct type declares for a group.
func specsOf(t reflect.Type, group string) ([]*spec, error) {
	return appendSpecs(nil, t, group, nil, nil)
}

func appendSpecs(out []*spec, t reflect.Type, group string, index []int, over *override) ([]*spec, error) {
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(index[:len(index):len(index)], i)
		if f.Anonymous {
			inner := &override{}
			eachTag(f.Tag, func(k, v string) {
				switch k {
				case "defaults":
					inner.defaults = parsePairs(v)
				case "aliases":
					inner.aliases = parsePairs(v)
				}
			})
			var err error
			if out, err = appendSpecs(out, f.Type, group, at, inner); err != nil {
				return nil, err
			}
			continue
		}
		s, err := newSpec(f, group, over)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t.Name(), f.Name, err)
		}
		if s != nil {
			s.index = at
			out = append(out, s)
		}
	}
	return out, nil
}

func parsePairs(s string) map[string]string {
	out := map[string]string{}
	for p := range strings.SplitSeq(s, ";") {
		k, v, _ := strings.Cut(p, "=")
		out[k] = v
	}
	return out
}

// eachTag calls f for every key:"value" of a struct tag, in one pass. A lookup per key would
// scan each of the five hundred tags a dozen times.
func eachTag(tag reflect.StructTag, f func(key, value string)) {
	rest := string(tag)
	for {
		rest = strings.TrimLeft(rest, " ")
		colon := strings.IndexByte(rest, ':')
		if colon <= 0 || colon+1 >= len(rest) || rest[colon+1] != '"' {
			return
		}
		key := rest[:colon]
		quoted, err := strconv.QuotedPrefix(rest[colon+1:])
		if err != nil {
			return
		}
		rest = rest[colon+1+len(quoted):]
		value := quoted[1 : len(quoted)-1]
		if strings.IndexByte(value, '\\') >= 0 {
			value, _ = strconv.Unquote(quoted)
		}
		f(key, value)
	}
}

// newSpec reads the declaration of an option from a field; nil if the field is no option.
func newSpec(f reflect.StructField, group string, over *override) (*spec, error) {
	if !f.IsExported() || f.Tag == "" {
		return nil, nil
	}
	s := &spec{}
	s.group = group
	err := s.setType(f.Type)
	eachTag(f.Tag, func(k, v string) {
		if e := s.setTag(k, v); e != nil && err == nil {
			err = fmt.Errorf("tag %s: %w", k, e)
		}
	})
	if s.name == "" {
		return nil, nil
	}
	if over != nil {
		if d, ok := over.defaults[s.name]; ok {
			s.def, s.hasDef = d, true
		}
		s.old = s.refs(s.old, over.aliases[s.name])
	}
	return s, err
}

func (s *spec) setType(t reflect.Type) error {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
	case reflect.Bool:
		s.kind = kindBool
	case reflect.Int:
		s.kind = kindInt
	case reflect.Float64:
		s.kind = kindFloat
	case reflect.Map:
		s.shape = dict
	case reflect.Slice:
		s.shape = list
		switch t.Elem().Kind() {
		case reflect.Int:
			s.kind = kindInt
		case reflect.Map:
			s.shape = multiDict
		}
	default:
		return fmt.Errorf("no option can have type %s", t)
	}
	return nil
}

func (s *spec) setTag(key, v string) error {
	switch key {
	case "opt":
		s.name = v
	case "default":
		s.def, s.hasDef = v, true
	case "computed":
		s.computed = v
	case "choices":
		s.choices = strings.Split(v, ",")
	case "fold":
		s.ignoreCase = true
	case "min", "max":
		n, err := strconv.ParseFloat(v, 64)
		if err != nil {
			return err
		}
		if key == "min" {
			s.min = &n
		} else {
			s.max = &n
		}
	case "regex":
		re, err := regexp.Compile(v)
		if err != nil {
			return err
		}
		s.regex = re
	case "schemes":
		s.schemes = strings.Split(v, ",")
	case "type":
		return s.setNamedType(v)
	case "multi":
		if s.shape == list {
			s.shape = multi
		}
	case "deprecated":
		s.old = s.refs(s.old, v)
	case "earlier":
		s.earlier = s.refs(s.earlier, v)
	case "secret":
		s.secret = true
	case "removal":
		s.removal = true
	default:
		return fmt.Errorf("unknown tag")
	}
	return nil
}

func (s *spec) setNamedType(name string) error {
	switch name {
	case "host":
		s.kind = kindHost
	case "hostdomain":
		s.kind = kindHostDomain
	case "uri":
		s.kind = kindURI
	case "resource":
		s.kind = kindResource
	case "port":
		lo, hi := 0.0, 65535.0
		s.min, s.max = &lo, &hi
	default:
		return fmt.Errorf("unknown type %s", name)
	}
	return nil
}

// refs appends the options that a tag names to a list. A name without group is in the group of the
// option.
func (s *spec) refs(list []ref, names string) []ref {
	if names == "" {
		return list
	}
	for n := range strings.SplitSeq(names, ",") {
		group, name, _ := strings.Cut(n, "/")
		if group == "" {
			group = s.group
		}
		list = append(list, ref{group, name})
	}
	return list
}
