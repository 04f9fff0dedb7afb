package config

import (
	"regexp"
	"strings"
)

// These expressions match passwords inside values of options that are not secret: in URLs, also
// with several hosts, and in parameters.
var (
	urlPasswords       = regexp.MustCompile(`(://|,)([^\s/:@,]*):[^\s@,]+@`)
	passwordParameters = regexp.MustCompile(`(?i)((?:password|passwd|secret|token|api_?key)=)[^&\s,]+`)
)

// Masked returns the value for display: mask replaces the values of secret options, and the
// passwords inside other values.
func (o Option) Masked(mask string) any {
	if o.Secret {
		if o.Value == nil || o.Value == "" {
			return o.Value
		}
		return mask
	}
	text := func(s string) string {
		if strings.Contains(s, "://") {
			s = urlPasswords.ReplaceAllString(s, "${1}${2}:"+mask+"@")
		}
		return passwordParameters.ReplaceAllString(s, "${1}"+mask)
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
