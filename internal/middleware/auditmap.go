package middleware

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// auditMap is the content of audit_map_file.
type auditMap struct {
	endpointType string            // [DEFAULT] target_endpoint_type
	actions      map[string]string // [custom_actions]
	keywords     map[string]string // [path_keywords]
	services     map[string]string // [service_endpoints]
}

func readAuditMap(path string) (*auditMap, error) {
	if path == "" {
		return &auditMap{}, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("audit_map_file: %w", err)
	}
	sections, err := parseAuditMap(string(text))
	if err != nil {
		return nil, fmt.Errorf("audit_map_file: %s:%w", path, err)
	}
	// As in Python's ConfigParser, every section contains the options of [DEFAULT].
	get := func(name string) map[string]string {
		own, ok := sections[name]
		if !ok {
			return nil
		}
		for k, v := range sections["DEFAULT"] {
			if _, ok := own[k]; !ok {
				own[k] = v
			}
		}
		return own
	}
	return &auditMap{endpointType: sections["DEFAULT"]["target_endpoint_type"], actions: get("custom_actions"),
		keywords: get("path_keywords"), services: get("service_endpoints")}, nil
}

// parseAuditMap parses the file by the rules of Python's ConfigParser: option names in lower
// case, "=" and ":", values that continue on indented lines, no duplicates. The only supported
// interpolation is "%%". Errors begin with the line number.
func parseAuditMap(text string) (map[string]map[string]string, error) {
	sections := map[string]map[string]string{}
	var section map[string]string
	var option string
	indent := 0
	fail := func(i int, err string) error { return fmt.Errorf("%d: %w", i+1, errors.New(err)) }
	for i, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		value := strings.TrimSpace(line)
		if value == "" || value[0] == '#' || value[0] == ';' {
			continue
		}
		at := len(line) - len(strings.TrimLeft(line, " \t"))
		if option != "" && at > indent {
			section[option] += "\n" + unpercent(value)
			continue
		}
		indent = at
		if end := strings.LastIndexByte(value, ']'); value[0] == '[' && end > 1 {
			name := value[1:end]
			if _, ok := sections[name]; ok && name != "DEFAULT" {
				return nil, fail(i, "section ["+name+"] is given twice")
			}
			if sections[name] == nil {
				sections[name] = map[string]string{}
			}
			section, option = sections[name], ""
			continue
		}
		if section == nil {
			return nil, fail(i, "an option stands before the first section header")
		}
		sep := strings.IndexAny(value, "=:")
		if sep <= 0 {
			return nil, fail(i, fmt.Sprintf("%q is neither a section header nor an option", value))
		}
		option = strings.ToLower(strings.TrimSpace(value[:sep]))
		if _, ok := section[option]; ok {
			return nil, fail(i, fmt.Sprintf("option %q is given twice", option))
		}
		section[option] = unpercent(strings.TrimSpace(value[sep+1:]))
	}
	return sections, nil
}

func unpercent(s string) string { return strings.ReplaceAll(s, "%%", "%") }
