package db

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// fillTemplate replaces the {fields} in the URL of a cell mapping by the parts of a default URL, as
// Nova does: {scheme}, {username}, {password}, {hostname}, {port}, {path}, {query} and {fragment},
// as they are written in the default URL; and {username1}, {password1}, {hostname1}, {port1} and so
// on for URLs with several hosts, beginning with the first. A missing part is the text "None". If
// the template has other fields, or the default URL cannot be parsed, the result is the template.
func fillTemplate(template, base string) string {
	if base == "" {
		return template
	}
	fields, err := templateFields(base)
	if err != nil {
		return template
	}
	filled, err := formatTemplate(template, fields)
	if err != nil {
		return template
	}
	return filled
}

// templateFields splits a URL as Python's urlparse does.
func templateFields(base string) (map[string]string, error) {
	fields := map[string]string{"scheme": "", "query": "", "fragment": ""}
	rest := base
	if scheme, after, ok := strings.Cut(base, ":"); ok && scheme != "" && strings.Trim(scheme, schemeCharacters) == "" {
		fields["scheme"], rest = strings.ToLower(scheme), after
	}
	netloc := ""
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		end := before(after, strings.IndexAny(after, "/?#"))
		netloc, rest = after[:end], after[end:]
	}
	rest, fields["fragment"], _ = strings.Cut(rest, "#")
	rest, fields["query"], _ = strings.Cut(rest, "?")
	fields["path"] = strings.TrimLeft(rest, "/")
	user, hostPort := "", netloc
	at := strings.LastIndexByte(netloc, '@')
	if at >= 0 {
		user, hostPort = netloc[:at], netloc[at+1:]
	}
	fields["username"], fields["password"] = "None", "None"
	if at >= 0 {
		name, password, ok := strings.Cut(user, ":")
		fields["username"] = name
		if ok {
			fields["password"] = password
		}
	}
	host, port, hasPort := strings.Cut(hostPort, ":")
	if _, bracketed, ok := strings.Cut(hostPort, "["); ok {
		host, port, _ = strings.Cut(bracketed, "]")
		_, port, hasPort = strings.Cut(port, ":")
	}
	fields["hostname"], fields["port"] = "None", "None"
	if host != "" {
		fields["hostname"] = strings.ToLower(host)
	}
	if hasPort && port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return nil, err
		}
		fields["port"] = strconv.FormatUint(n, 10)
	}
	if strings.Contains(netloc, ",") {
		for i, one := range strings.Split(netloc, ",") {
			if err := addNetloc(fields, one, strconv.Itoa(i+1)); err != nil {
				return nil, err
			}
		}
	}
	return fields, nil
}

const schemeCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-."

// addNetloc adds the fields of one of several hosts.
func addNetloc(fields map[string]string, netloc, index string) error {
	user, hostPort, ok := strings.Cut(netloc, "@")
	if !ok {
		user, hostPort = "", netloc
	}
	host, port := hostPort, ""
	switch {
	case hostPort == "":
		return errors.New("a host is empty")
	case hostPort[0] == '[':
		var after string
		if host, after, ok = strings.Cut(hostPort[1:], "]"); !ok || strings.Contains(after, "]") {
			return errors.New("a bracket is missing")
		}
		_, port, _ = strings.Cut(after, ":")
	case strings.Count(hostPort, ":") == 1:
		host, port, _ = strings.Cut(hostPort, ":")
	}
	fields["hostname"+index], fields["port"+index] = host, "None"
	if port != "" {
		n, ok := pythonInt(port)
		if !ok {
			return errors.New("a port is not a number")
		}
		fields["port"+index] = strconv.Itoa(n)
	}
	name, password, ok := strings.Cut(user, ":")
	fields["username"+index], fields["password"+index] = name, "None"
	if ok {
		fields["password"+index] = password
	}
	return nil
}

// formatTemplate is Python's str.format with names only.
func formatTemplate(template string, fields map[string]string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(template); i++ {
		c := template[i]
		switch {
		case c != '{' && c != '}':
			b.WriteByte(c)
		case i+1 < len(template) && template[i+1] == c:
			b.WriteByte(c)
			i++
		case c == '}':
			return "", errors.New("a } stands alone")
		default:
			name, _, ok := strings.Cut(template[i+1:], "}")
			value, known := fields[name]
			if !ok || !known {
				return "", fmt.Errorf("%q is not known", name)
			}
			b.WriteString(value)
			i += len(name) + 1
		}
	}
	return b.String(), nil
}
