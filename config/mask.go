package config

import (
	"regexp"
	"strings"
)

// The passwords that an option may have in its value without being secret as a
// whole: those of URLs, of several hosts too, and of parameters.
var (
	userInfo   = regexp.MustCompile(`(://|,)([^\s/:@,]*):[^\s@,]+@`)
	parameters = regexp.MustCompile(`(?i)((?:password|passwd|secret|token|api_?key)=)[^&\s,]+`)
)

// Masked is the value as it may be shown: mask in the place of the values of secret
// options, and of passwords in the others.
func (o Option) Masked(mask string) any {
	if o.Secret {
		if o.Value == nil || o.Value == "" {
			return o.Value
		}
		return mask
	}
	text := func(s string) string {
		if strings.Contains(s, "://") {
			s = userInfo.ReplaceAllString(s, "${1}${2}:"+mask+"@")
		}
		return parameters.ReplaceAllString(s, "${1}"+mask)
	}
	switch v := o.Value.(type) {
	case string:
		return text(v)
	case []string:
		out := make([]string, len(v))
		for i := range v {
			out[i] = text(v[i])
		}
		return out
	case map[string]string:
		out := make(map[string]string, len(v))
		for k := range v {
			out[k] = text(v[k])
		}
		return out
	}
	return o.Value
}
