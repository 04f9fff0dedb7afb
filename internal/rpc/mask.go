package rpc

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

// secretKey matches the keys whose values oslo.utils masks. It matches a part of the key, in
// lower case.
var secretKey = regexp.MustCompile(`adminpass|admin_pass|password|secret|token|sslkey|passphrase|private_key|encryption_key|fernetkey` +
	`|accesskey|access_key|client_key`)

// maskPasswords replaces the values of secret keys in a JSON text with "***".
func maskPasswords(body []byte) []byte {
	if !secretKey.Match(bytes.ToLower(body)) {
		return body
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return body
	}
	out, err := json.Marshal(maskValue(v))
	if err != nil {
		return body
	}
	return out
}

func maskValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if _, text := value.(string); text && secretKey.MatchString(strings.ToLower(key)) {
				v[key] = "***"
			} else {
				v[key] = maskValue(value)
			}
		}
	case []any:
		for i := range v {
			v[i] = maskValue(v[i])
		}
	}
	return v
}
