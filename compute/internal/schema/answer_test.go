package schema_test

import (
	"testing"

	"github.com/nova-go/nova/compute/internal/schema"
)

// TestFormatsOfAnswers: Nova checks these formats of answers, and passes values of others.
func TestFormatsOfAnswers(t *testing.T) {
	for format, values := range map[string]map[string]bool{
		"uri":         {"http://h:80/p?q": true, "ws://h": true, "/p": false, "not a uri": false},
		"cidr":        {"10.0.0.0/24": true, "fd00::/8": true, "10.0.0.0": false, "x/8": false},
		"mac-address": {"x": true},
	} {
		s, err := schema.ParseAnswer("answer", `{"type": "object", "properties": {"v": {"type": "string", "format": "`+format+`"}}}`)
		if err != nil {
			t.Fatal(err)
		}
		for value, right := range values {
			body, err := schema.Decode([]byte(`{"v": "` + value + `"}`))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.CheckBody(body, schema.Strict); (err == nil) != right {
				t.Errorf("%s %q: %v", format, value, err)
			}
		}
	}
}
