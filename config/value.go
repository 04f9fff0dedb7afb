package config

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// kind is the type of an option's value, or of the items of a list.
type kind uint8

const (
	kindString kind = iota
	kindBool
	kindInt
	kindFloat
	kindHost       // oslo.config's HostAddress
	kindHostDomain // HostDomain: underscores allowed
	kindURI
	kindResource // a name that [quota] unified_limits_resource_list takes
)

// shape is the number and structure of an option's values.
type shape uint8

const (
	scalar    shape = iota
	list            // ListOpt: one value, separated by commas
	dict            // DictOpt: key:value pairs separated by commas
	multi           // MultiOpt: all assignments are used
	multiDict       // MultiOpt of dicts
)

// rule is the type of an option: it converts text to a value.
type rule struct {
	kind       kind
	shape      shape
	min, max   *float64
	choices    []string
	ignoreCase bool
	regex      *regexp.Regexp
	schemes    []string
}

// errEmpty is returned for a number whose text is blank, which oslo.config reads as None.
var errEmpty = errors.New("empty value")

// convert converts the texts of an option (one text, or several for a MultiOpt) to its value:
// string, bool, int, float64, []string, []int, map[string]string, []map[string]string.
func (r *rule) convert(texts []string) (any, error) {
	switch r.shape {
	case list:
		if r.kind == kindInt {
			return splitList(texts[0], r.integer)
		}
		return splitList(texts[0], r.text)
	case dict:
		return splitDict(texts[0], r.text)
	case multi:
		out := make([]string, 0, len(texts))
		for _, t := range texts {
			v, err := r.text(t)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	case multiDict:
		out := make([]map[string]string, 0, len(texts))
		for _, t := range texts {
			v, err := splitDict(t, r.text)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	}
	switch r.kind {
	case kindBool:
		return ParseBool(texts[0])
	case kindInt:
		return r.integer(texts[0])
	case kindFloat:
		return r.float(texts[0])
	}
	return r.text(texts[0])
}

func (r *rule) text(s string) (string, error) {
	switch r.kind {
	case kindHost:
		return parseHost(s, false)
	case kindHostDomain:
		return parseHost(s, true)
	case kindURI:
		return s, checkURI(s, r.schemes)
	case kindResource:
		return s, checkLimitResource(s)
	}
	if r.regex != nil && !r.regex.MatchString(s) {
		return "", fmt.Errorf("value %q does not match %s", s, r.regex)
	}
	if r.choices == nil {
		return s, nil
	}
	for _, c := range r.choices {
		if c == s || r.ignoreCase && strings.EqualFold(c, s) {
			return s, nil
		}
	}
	return "", fmt.Errorf("valid values are [%s], but found %q", strings.Join(r.choices, ", "), s)
}

// ParseBool reads a boolean as oslo.config does: true, 1, on, yes, false, 0, off or no, in any
// case. It does not accept surrounding blanks.
func ParseBool(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "true", "1", "on", "yes":
		return true, nil
	case "false", "0", "off", "no":
		return false, nil
	}
	return false, fmt.Errorf("%q is not a boolean (true, false, 1, 0, yes, no, on, off)", s)
}

func (r *rule) integer(s string) (int, error) {
	t := strings.TrimFunc(s, isPySpace)
	if t == "" {
		return 0, errEmpty
	}
	digits, ok := pyDigits(t)
	if !ok {
		return 0, fmt.Errorf("%q is not an integer", s)
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		if errors.Is(err, strconv.ErrRange) {
			return 0, fmt.Errorf("%q is out of range", s)
		}
		return 0, fmt.Errorf("%q is not an integer", s)
	}
	return int(n), r.inBounds(float64(n))
}

func (r *rule) float(s string) (float64, error) {
	t := strings.TrimFunc(s, isPySpace)
	if t == "" {
		return 0, errEmpty
	}
	bad := fmt.Errorf("%q is not a number", s)
	body := strings.ToLower(strings.TrimLeft(t, "+-"))
	if len(t)-len(body) > 1 {
		return 0, bad
	}
	if body == "nan" { // ParseFloat accepts nan only without a sign
		return math.NaN(), nil
	}
	if strings.ContainsAny(body, "xp") { // hexadecimal floats, which Python rejects
		return 0, bad
	}
	digits, ok := pyDigits(t)
	if !ok {
		return 0, bad
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) { // a number out of range is inf, as in Python
		return 0, bad
	}
	return f, r.inBounds(f)
}

// pyDigits converts a number to the form that strconv reads: ASCII digits, where Python accepts
// those of every script, and without the underscores that Python allows between two digits. It
// returns false if an underscore is elsewhere.
func pyDigits(s string) (string, bool) {
	if strings.Trim(s, "0123456789+-.eE") == "" {
		return s, true
	}
	s = strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII && unicode.IsDigit(r) {
			return '0' + digitValue(r)
		}
		return r
	}, s)
	digit := func(i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }
	for i := range len(s) {
		if s[i] == '_' && (!digit(i-1) || !digit(i+1)) {
			return "", false
		}
	}
	return strings.ReplaceAll(s, "_", ""), true
}

// digitValue returns the value of a decimal digit. Unicode orders the ten digits of a script
// consecutively, so that the value is the distance to the beginning of its range.
func digitValue(r rune) rune {
	for _, x := range unicode.Nd.R16 {
		if lo, hi := rune(x.Lo), rune(x.Hi); lo <= r && r <= hi {
			return (r - lo) % 10
		}
	}
	for _, x := range unicode.Nd.R32 {
		if lo, hi := rune(x.Lo), rune(x.Hi); lo <= r && r <= hi {
			return (r - lo) % 10
		}
	}
	return 0
}

func (r *rule) inBounds(f float64) error {
	if r.min != nil && f < *r.min {
		return fmt.Errorf("should be greater than or equal to %g", *r.min)
	}
	if r.max != nil && f > *r.max {
		return fmt.Errorf("should be less than or equal to %g", *r.max)
	}
	return nil
}

// splitList reads oslo.config's List: items separated by commas, without surrounding blanks and
// commas at the end. An item that its type rejects is joined with the next one and tried again,
// so that an item may contain commas if its type allows them.
func splitList[T any](s string, item func(string) (T, error)) ([]T, error) {
	s = strings.TrimRight(strings.TrimFunc(s, isPySpace), ",")
	out := []T{}
	if s == "" {
		return out, nil
	}
	parts := strings.Split(s, ",")
	for len(parts) > 0 {
		part := parts[0]
		parts = parts[1:]
		for {
			v, err := item(strings.TrimFunc(part, isPySpace))
			if err == nil {
				out = append(out, v)
				break
			}
			if errors.Is(err, errEmpty) {
				// Python would put None into the list, which no option can use.
				return nil, errors.New("empty item in the list")
			}
			if len(parts) == 0 {
				return nil, err
			}
			part += "," + parts[0]
			parts = parts[1:]
		}
	}
	return out, nil
}

// splitDict reads oslo.config's Dict: key:value pairs separated by commas. A part without a
// colon is joined with the next one, so that a key may contain a comma.
func splitDict(s string, value func(string) (string, error)) (map[string]string, error) {
	out := map[string]string{}
	s = strings.TrimFunc(s, isPySpace)
	if s == "" {
		return out, nil
	}
	parts := strings.Split(s, ",")
	for len(parts) > 0 {
		pair := parts[0]
		parts = parts[1:]
		var key, val string
		for {
			k, v, ok := strings.Cut(pair, ":")
			err := error(nil)
			if !ok {
				err = errors.New(`should be NAME:VALUE pairs separated by ","`)
			} else {
				key = strings.TrimFunc(k, isPySpace)
				val, err = value(strings.TrimFunc(v, isPySpace))
			}
			if err == nil {
				break
			}
			if len(parts) == 0 {
				return nil, err
			}
			pair += "," + parts[0]
			parts = parts[1:]
		}
		if key == "" {
			return nil, errors.New("key name should not be empty")
		}
		if _, dup := out[key]; dup {
			return nil, fmt.Errorf("duplicate key %s", key)
		}
		out[key] = val
	}
	return out, nil
}

// resourceClasses are Placement's standard resource classes, for
// [quota] unified_limits_resource_list.
const resourceClasses = "VCPU MEMORY_MB DISK_GB PCI_DEVICE SRIOV_NET_VF NUMA_SOCKET NUMA_CORE NUMA_THREAD NUMA_MEMORY_MB IPV4_ADDRESS " +
	"VGPU VGPU_DISPLAY_HEAD NET_BW_EGR_KILOBIT_PER_SEC NET_BW_IGR_KILOBIT_PER_SEC PCPU MEM_ENCRYPTION_CONTEXT FPGA PGPU " +
	"NET_PACKET_RATE_KILOPACKET_PER_SEC NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC"

const limitResources = "server_metadata_items server_injected_files server_injected_file_content_bytes " +
	"server_injected_file_path_bytes server_key_pairs server_groups server_group_members servers"

func checkLimitResource(s string) error {
	class, isClass := strings.CutPrefix(s, "class:")
	custom, isCustom := strings.CutPrefix(class, "CUSTOM_")
	switch {
	case isClass && isCustom && custom != "" && strings.Trim(custom, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == "":
		return nil
	case isClass && slices.Contains(strings.Fields(resourceClasses), class):
		return nil
	case slices.Contains(strings.Fields(limitResources), s):
		return nil
	}
	return fmt.Errorf("%q is not a resource with a limit: one of %s, or class:NAME with a resource class", s, limitResources)
}
